"""What a token may do in, whether that is enough for what is wanted out (facts 1.6). Pure."""

from collections.abc import Collection

from reconciler.core.catalog import Entry
from reconciler.core.permissions import by_resource, held
from reconciler.daemon.checks.finding import Verdict, failed, fine, skipped, warned

__all__ = ["by_resource", "permitted"]

SHOWN = 3
LOOK_UP = "look up its permissions in Graph's documentation"


def permitted(entry: Entry | None, names: Collection[str], roles: frozenset[str]) -> Verdict:
    """Any one of the application permissions is enough; those of a single team or chat are in no token."""
    if entry is None:
        return skipped(f"the catalog does not know what {listed(names)} needs", remedy=LOOK_UP)
    if not entry.permissions.documented:
        return skipped(f"it is not documented what {listed(names)} needs", remedy=LOOK_UP)
    needed = entry.permissions
    if role := held(needed, roles):
        return fine(f"the token has {role}, which is enough for {listed(names)}")
    wanted = ", ".join(needed.application) or "its permissions"
    lacking = f"the token has none of {wanted}, one of which {listed(names)} needs"
    if needed.resource_specific:
        return warned(
            lacking,
            cause=f"not granted, or granted for a single team or chat ({', '.join(needed.resource_specific)}),"
            " which is in no token",
            remedy=f"if it is not granted there, {consent(needed.application)}",
        )
    why = "it was not granted, or without an administrator's consent" if roles else NO_ROLES
    return failed(lacking, cause=why, remedy=consent(needed.application))


NO_ROLES = "the token names no permission at all: nothing was granted to the application as an application permission"


def consent(application: Collection[str]) -> str:
    least = next(iter(application), "a permission that `reconcile catalog RESOURCE` names")
    return f"grant the application {least} as an application permission, with admin consent (Entra admin center)"


def listed(names: Collection[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - SHOWN
    return ", ".join(map(repr, ordered[:SHOWN])) + (f" and {more} more" if more > 0 else "")
