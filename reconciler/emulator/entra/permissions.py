"""Whether a token is enough for a resource (facts 1.6)."""

from reconciler.core.catalog import Entry
from reconciler.emulator.entra.tokens import Caller


def permitted(entry: Entry, caller: Caller) -> bool:
    """Where no source says what it takes, any token will do."""
    permissions = entry.permissions
    if not permissions.documented:
        return True
    if caller.delegated:
        return not caller.permissions.isdisjoint(permissions.delegated)
    return not caller.permissions.isdisjoint((*permissions.application, *permissions.resource_specific))
