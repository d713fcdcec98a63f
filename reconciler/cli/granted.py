"""What tokens say that they may do, held against what the manifests need: before anything is written.

Graph's decision counts, not this: a token may be opaque, and what is granted for one team or chat is in no token.
"""

import asyncio
import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from reconciler.cli.permissions import Asked
from reconciler.cli.permissions_text import listed, one_of, unless_specific
from reconciler.cli.wiring import Opened
from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.permissions import Need, compare, needed
from reconciler.core.source import Problem, Severity
from reconciler.graph.client import TenantClient

__all__ = ["missing_permissions", "with_roles"]


async def missing_permissions(opened: Iterable[Opened], desired: Sequence[Desired]) -> list[Problem]:
    """A warning for each resource whose subscriptions the tenant's token seems not to be enough for.

    Of a tenant without a token nothing is said: that it cannot be read is said elsewhere.
    """
    found = await asyncio.gather(*(missing_in(each, desired) for each in opened))
    return sorted(problem for problems in found for problem in problems)


async def missing_in(opened: Opened, desired: Sequence[Desired]) -> list[Problem]:
    wanted = needed((each for each in desired if each.tenant == opened.name), reads=False)
    if not wanted.grants:
        return []
    try:
        roles = await opened.client.roles()
    except ReconcilerError:
        return []
    return list(problems(opened, compare(wanted, roles).missing))


def problems(opened: Opened, missing: Iterable[Need]) -> Iterator[Problem]:
    for each in missing:
        message = (
            f"the token has no permission to subscribe to {each.path}, which {listed(each.names)} needs: grant the"
            f" application {one_of(each.least)}, with admin consent{unless_specific(each)}"
        )
        yield Problem(opened.item.source, "permission-missing", message, Severity.WARNING, opened.name)


async def with_roles(asked: Asked, way: TenantClient | ReconcilerError) -> Asked:
    """The same, with what its token says, or why there is none."""
    try:
        if isinstance(way, ReconcilerError):
            raise way
        roles = await way.roles()
    except ReconcilerError as error:
        return dataclasses.replace(asked, refused=str(error))
    return dataclasses.replace(asked, roles=roles, comparison=compare(asked.needed, roles) if roles else None)
