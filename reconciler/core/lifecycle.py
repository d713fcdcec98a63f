"""A lifecycle notification in, the wish out that it is (facts 6): a reason to look at a subscription soon."""

import dataclasses
import enum

from reconciler.core.catalog import LifecycleEvent

__all__ = ["Kind", "Wish", "wish_of"]


class Kind(enum.StrEnum):
    """What the pass that it leads to should see to; it looks for itself all the same."""

    LOOK = "look"
    """At a subscription that is not known, or for a reason that is not."""

    RECREATE = "recreate"
    RENEW = "renew"
    RESYNC = "resync"


KINDS = {
    LifecycleEvent.REAUTHORIZATION_REQUIRED: Kind.RENEW,
    LifecycleEvent.SUBSCRIPTION_REMOVED: Kind.RECREATE,
    LifecycleEvent.MISSED: Kind.RESYNC,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """A lost or doubled one does no harm: the pass reads the world anew."""

    kind: Kind
    tenant_id: str
    subscription_id: str


def wish_of(event: str | None, *, tenant_id: str, subscription_id: str) -> Wish:
    """``event`` in the catalog's spelling; one that it does not know is a reason to look."""
    known = {each.value: kind for each, kind in KINDS.items()}
    return Wish(known.get(event or "", Kind.LOOK), tenant_id, subscription_id)
