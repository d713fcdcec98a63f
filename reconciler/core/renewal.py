"""How long to ask for, and when to ask again. Arithmetic only, repeatable."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping

from reconciler.core.catalog import Entry

__all__ = ["FALLBACK", "SHORTEST", "Kind", "asked_lifetime", "margin", "renewal_time"]

SHORTEST = dt.timedelta(minutes=45)
"""Graph silently raises anything less (facts 1.1)."""

MARGIN = dt.timedelta(minutes=5)
"""Asking for exactly the ceiling is refused (facts 1.3)."""

JITTER = 0.05
"""Subscriptions that were made together are not all renewed together."""

FALLBACK = dt.timedelta(hours=1)
"""For a resource of which nothing is known: none has a shorter ceiling."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What decides how long a subscription may live."""

    entry: Entry | None
    resource: str
    rich: bool

    @property
    def key(self) -> str:
        """What a learned ceiling is remembered by."""
        return f"{self.entry.id if self.entry else self.resource}{' rich' if self.rich else ''}"

    def longest(self, learned: Mapping[str, dt.timedelta]) -> dt.timedelta | None:
        """The ceiling that Graph has taught us, or the catalog's, whichever is lower; None where neither is known."""
        known = self.entry.longest(rich=self.rich) if self.entry else None
        return min(filter(None, (known, learned.get(self.key))), default=None)


def asked_lifetime(ceiling: dt.timedelta | None, wanted: dt.timedelta | None) -> dt.timedelta:
    """What to ask for: as wanted, else the ceiling less a margin, and never what is known to be refused."""
    if ceiling is None:
        return wanted or FALLBACK
    longest = max(ceiling - MARGIN, SHORTEST)
    if wanted is None:
        return longest
    return wanted if wanted <= ceiling else longest


def renewal_time(
    name: str, expires_at: dt.datetime, *, lifetime: dt.timedelta, renew_before: dt.timedelta | None = None
) -> dt.datetime:
    """Two thirds of the way through the lifetime, or as asked.

    ``lifetime`` is what Graph really granted. ``renew_before`` is capped at half of it: a server that grants less than
    asked must not put us inside the margin for ever. The jitter is drawn from the name, so a plan made twice is the
    same plan.
    """
    return expires_at - margin(lifetime, renew_before) - lifetime * JITTER * spread(name)


def margin(lifetime: dt.timedelta, renew_before: dt.timedelta | None) -> dt.timedelta:
    """How long before its end a subscription is renewed at the latest."""
    return min(renew_before, lifetime / 2) if renew_before else lifetime / 3


def spread(name: str) -> float:
    """A number from 0 to 1 that looks drawn by chance and is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32
