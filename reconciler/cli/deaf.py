"""Names of endpoints in, those that are ours and do not answer out: Graph would refuse whatever is created there.

A run of the command asks from wherever it runs; the daemon, which is what answers, only goes by what answers wrongly
(``daemon.opening``).
"""

import argparse
import asyncio
from collections.abc import Collection, Iterator

from reconciler.cli.remarks import Work
from reconciler.core.errors import Denied
from reconciler.core.manifest.kinds import Endpoint
from reconciler.core.manifest.read import Item
from reconciler.core.mark import takes_query

__all__ = ["deaf_endpoints"]


async def deaf_endpoints(names: Collection[str], work: Work, options: argparse.Namespace) -> frozenset[str]:
    """Ask each URL of these endpoints as Graph would. Of a dry run nobody is asked."""
    from reconciler.daemon.asking import handshake  # slow to import

    asked = [(item.name, url, ca_file(item, work, options)) for item in own(work, names) for url in urls(item)]
    answers = await asyncio.gather(*(handshake(url, ca_file=trusted) for _, url, trusted in asked))
    return frozenset(name for (name, _, _), answer in zip(asked, answers, strict=True) if answer.problem)


def own(work: Work, names: Collection[str]) -> Iterator[Item[Endpoint]]:
    for item in work.loaded.wanted.manifests.endpoints:
        if item.name in names and item.manifest.spec.receiver == "self":
            yield item


def urls(item: Item[Endpoint]) -> list[str]:
    spec = item.manifest.spec
    return [url for url in dict.fromkeys((spec.notification_url, spec.lifecycle)) if takes_query(url)]


def ca_file(item: Item[Endpoint], work: Work, options: argparse.Namespace) -> str | None:
    """The emulator's own authority where only its tenants use the endpoint: a real Graph would not take that."""
    from reconciler.cli.access import Keeper
    from reconciler.cli.wiring import allowed_hosts

    users = {each.tenant for each in work.desired if each.endpoint == item.name}
    tenants = [tenant for tenant in work.loaded.wanted.tenants if tenant.name in users]
    if not all(tenant.manifest.spec.cloud == "emulator" for tenant in tenants):
        return None
    try:
        return Keeper(work.loaded.referenced, allowed_hosts(options)).cloud(tenants[0]).ca_file
    except Denied:
        return None  # there is no way to it, and that is said of the tenant
