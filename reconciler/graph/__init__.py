"""The Graph client: manifests' tenants in, their subscriptions read and changed, every failure a sorted GraphError.

    async with Graph(clock=SystemClock()) as graph:
        tenant = graph.tenant(Access(tenant_id, client_id, CLOUDS["global"], SecretCredential(secret)))
        listing = await tenant.list()

``client`` has Graph and TenantClient, ``credentials`` Access and its kinds, ``pacing`` Limits. Nothing is
imported here, since httpx alone takes longer to import than a dry run without a network should take in all.
"""
