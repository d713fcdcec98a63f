"""A live subscription and the time in, whether its renewal is due out, and when it will be."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.renewal import FALLBACK, MARGIN, asked_lifetime, renewal_time

__all__ = ["Clockwork", "due", "lifetime_of", "renews_at", "urgent"]


@dataclasses.dataclass(frozen=True, slots=True)
class Clockwork:
    """What decides whether a renewal is due."""

    now: dt.datetime
    within: dt.timedelta | None = None
    """Renew whatever ends within this time as well."""

    learned: Mapping[str, dt.timedelta] = dataclasses.field(default_factory=dict)
    """Ceilings that Graph has taught us."""

    rotate_keys: bool = False
    """Move what was signed with an older key of its endpoint's ring to the first one."""

    replace: frozenset[str] = frozenset()
    """Names of those that are to be replaced although nothing differs."""


def urgent(live: Live, clockwork: Clockwork, desired: Desired | None) -> bool:
    """Whether so little of its life is left that its renewal waits for nothing any more."""
    return live.expires_at - clockwork.now <= lifetime_of(live, clockwork, desired) / 20


def due(live: Live, name: str, clockwork: Clockwork, desired: Desired | None) -> bool:
    """Whether it is to be renewed now, and that would gain anything: it may live longer than we would ask for."""
    left = live.expires_at - clockwork.now
    soon = clockwork.within is not None and left <= clockwork.within
    if not soon and clockwork.now < renews_at(live, name, clockwork, desired):
        return False
    return asked_lifetime(live.kind.longest(clockwork.learned), desired.lifetime if desired else None) > left


def renews_at(live: Live, name: str, clockwork: Clockwork, desired: Desired | None) -> dt.datetime:
    """When its renewal is due. What Graph granted is unknown where we did not ask for it: then it is the ceiling."""
    renew_before = desired.renew_before if desired else None
    return renewal_time(
        name, live.expires_at, lifetime=lifetime_of(live, clockwork, desired), renew_before=renew_before
    )


def lifetime_of(live: Live, clockwork: Clockwork, desired: Desired | None) -> dt.timedelta:
    """What a renewal counts from: what Graph granted, or what would be asked for now, if that is less.

    One that was granted three days and is to live four hours from now on has nothing to gain before its last four.
    """
    wanted, ceiling = desired.lifetime if desired else None, live.kind.longest(clockwork.learned)
    return min(live.granted or wanted or ceiling or FALLBACK, asked_lifetime(ceiling, wanted) + MARGIN)
