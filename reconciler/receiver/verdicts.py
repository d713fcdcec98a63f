"""What was found out about one item of a delivery: that Graph sent it for us, or why it is set aside."""

import dataclasses
import enum

from reconciler.receiver.delivery import Item, Notification

__all__ = ["Doubt", "Reason", "Rejected", "Verdict", "Verified"]


class Reason(enum.Enum):
    """Why an item is set aside."""

    CLIENT_STATE = "client-state"
    """Its ``clientState`` is missing or wrong."""

    FAILED = "failed"
    """A mistake of ours."""

    KEYS_UNAVAILABLE = "keys-unavailable"
    """Nobody knows yet: the authority's keys could not be had. The only reason that passes by waiting."""

    MALFORMED = "malformed"
    NO_TOKEN = "no-token"  # noqa: S105  the name of a reason
    """It is encrypted, and no validation token speaks for its tenant."""

    TENANT = "tenant"
    """Its tenant is none of the endpoint's."""

    TOKEN = "token"  # noqa: S105
    """It is encrypted, and a validation token of the delivery is bad, be it this item's or another's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """Graph sent it: its ``clientState`` is one of ours and, where it is encrypted, a token vouches for the sender."""

    notification: Notification
    tenant_id: str
    """Proven, also where the item names none. In lower case."""

    name: str | None
    """The manifest's, from the delivery's mark; None where the mark is not what proved the item."""

    birth: str | None
    """What its ``clientState`` is derived from; None only for a fixed one of an unknown subscription."""

    key: str
    """The id of the key that its ``clientState`` was made with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """Not to be forwarded; ``message`` is a sentence that repeats nothing of the item."""

    item: Item
    reason: Reason
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Doubt:
    """Why an encrypted item is not believed, though its ``clientState`` is right."""

    reason: Reason
    message: str

    @property
    def for_good(self) -> bool:
        """Whether verifying it again would end the same way."""
        return self.reason is not Reason.KEYS_UNAVAILABLE


Verdict = Verified | Rejected
