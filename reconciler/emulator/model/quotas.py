"""How many subscriptions there may be: the catalog's quotas in, what each subscription counts towards out (facts 2)."""

from collections.abc import Callable, Iterator, Mapping

from reconciler.core.catalog import Quota
from reconciler.emulator.model.resources import Resource
from reconciler.emulator.model.subscription import Owner

Key = tuple[str, ...]
"""What counts together: the resources, the kind of the quota, and whose it is."""
Scope = Callable[[Owner, Resource], tuple[str, ...]]

SCOPES: Mapping[str, Scope] = {
    "app": lambda owner, _: owner[1:],
    "app and tenant": lambda owner, _: owner,
    "mailbox": lambda owner, resource: (owner[0], resource.ids[0]),
    "organization": lambda owner, _: owner[:1],
    "tenant": lambda owner, _: owner[:1],
    "user": lambda owner, resource: (owner[0], resource.ids[0]),
    "user and path": lambda owner, resource: (owner[0], resource.path),
}
"""``Quota.per`` as the catalog writes it → whose subscriptions count; a mailbox or user is the first id in a path.

Who has signed in is in no owner, so ``user and path`` counts those of all users."""


def keys(resource: Resource, owner: Owner) -> Iterator[Key]:
    """One for each quota of the resource, in their order."""
    return (key(quota, resource, owner) for quota in resource.entry.quotas)


def key(quota: Quota, resource: Resource, owner: Owner) -> Key:
    return (quota.shared or resource.entry.id, quota.per, *SCOPES[quota.per](owner, resource))
