"""Whether Graph may deliver: a subscription as it is now in, the leave for it out (facts 5.3, 6)."""

import datetime as dt
import enum

from reconciler.emulator.model.subscriptions import Subscription

REVOKED = dt.datetime.min.replace(tzinfo=dt.UTC)
"""``authorized_until`` of a subscription whose permission was taken away, until it is renewed or reauthorized."""


class Leave(enum.Enum):
    GIVEN = "given"
    GONE = "gone"
    """The subscription was deleted or has expired."""
    LAPSED = "lapsed"
    """The access token has lapsed or the permission was taken away: lost."""
    WAITING = "waiting"
    """The same, but it may be renewed or reauthorized in time."""


def leave(subscription: Subscription | None, *, token_lapse: str, now: dt.datetime) -> Leave:
    """``token_lapse`` is the behaviour of that name. A permission that was taken away is never ignored."""
    if subscription is None:
        return Leave.GONE
    revoked = subscription.authorized_until == REVOKED
    if now < subscription.authorized_until or (token_lapse == "ignored" and not revoked):  # noqa: S105 (a behaviour)
        return Leave.GIVEN
    return Leave.WAITING if token_lapse == "retried" else Leave.LAPSED  # noqa: S105 (a behaviour)
