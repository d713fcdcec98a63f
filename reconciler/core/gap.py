"""An interval in which a subscription may have missed notifications, and why."""

import dataclasses
import datetime as dt
import enum

__all__ = ["RETRIES", "Cause", "Gap"]

RETRIES = dt.timedelta(hours=4)
"""How long Graph tries to deliver a notification (facts 5.1)."""


class Cause(enum.StrEnum):
    ENDPOINT = "endpoint"
    """Our answers came so late that Graph drops what it has for us (facts 5.2), by our own record."""

    EXPIRED = "expired"
    """It ended before it was renewed."""

    MISSED = "missed"
    """Graph said so (facts 6)."""

    REMOVED = "removed"
    """Graph, or somebody else, has deleted it."""

    REPLACED = "replaced"
    """It had to be deleted before its successor could be created."""

    @property
    def closes_itself(self) -> bool:
        """Whether it is over as soon as the subscription stands again."""
        return self in {Cause.EXPIRED, Cause.REMOVED, Cause.REPLACED}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One row of the ledger."""

    id: str
    """Also that of the event that tells of it, so that it is recognized however often it is sent."""

    tenant: str
    """The name of its Tenant."""

    tenant_id: str
    name: str
    subscription_id: str
    """Of the subscription that may have missed something; where it was replaced, of the old one."""

    resource: str
    cause: Cause
    since: dt.datetime
    """The last moment at which all was certainly well."""

    until: dt.datetime | None
    """From when on all is well again; None while it is not."""

    noted_at: dt.datetime
    announced_at: dt.datetime | None = None
    """When the event was stored for its sink."""
