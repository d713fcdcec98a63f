"""How an error is sorted and how often it has come in, when to try again out (decision 5 of the design)."""

import dataclasses
import datetime as dt

from reconciler.core.errors import (
    Denied,
    EndpointRefused,
    Full,
    GraphError,
    Invalid,
    LifetimeRefused,
    ReconcilerError,
    SecretError,
    Throttled,
)
from reconciler.core.renewal import spread

__all__ = ["FIRST", "LONGEST", "pause", "waits_for_a_person"]

SECOND, MINUTE, HOUR = (dt.timedelta(seconds=count) for count in (1, 60, 3600))

FIRST = 5 * SECOND
LONGEST = dt.timedelta(hours=6)
"""Where nothing is known of the lifetime that a tenth would be of."""

JITTER = 0.1
"""Those that failed together are not all tried again together."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    first: dt.timedelta
    longest: dt.timedelta


BOUNDS: tuple[tuple[type[ReconcilerError], Bounds], ...] = (
    (EndpointRefused, Bounds(30 * SECOND, 15 * MINUTE)),
    (SecretError, Bounds(FIRST, 5 * MINUTE)),  # the file may be back any moment
    (Full, Bounds(HOUR, HOUR)),
    (Denied, Bounds(5 * MINUTE, HOUR)),
    (LifetimeRefused, Bounds(FIRST, 15 * MINUTE)),  # the next try asks for less
    (Invalid, Bounds(24 * HOUR, 24 * HOUR)),
)
"""The first that fits; what else Graph says is tried from ``FIRST`` on, up to a tenth of the lifetime."""


OURS = Bounds(FIRST, 5 * MINUTE)
"""For what has failed on our side, as a store that is full: nobody tells when it is well again."""


def longest(lifetime: dt.timedelta | None) -> dt.timedelta:
    return max(FIRST, lifetime / 10) if lifetime else LONGEST


def pause(error: ReconcilerError, *, attempts: int, lifetime: dt.timedelta | None, key: str) -> dt.timedelta:
    """How long to wait after the ``attempts``-th failure in a row; ``key`` draws the jitter, always the same."""
    bounds = next((found for kind, found in BOUNDS if isinstance(error, kind)), None)
    bounds = bounds or (Bounds(FIRST, longest(lifetime)) if isinstance(error, GraphError) else OURS)
    grown: dt.timedelta = bounds.first * 2 ** min(attempts - 1, 20)
    wait = min(grown, bounds.longest) * (1 - JITTER * spread(f"{key} {attempts}"))
    told = dt.timedelta(seconds=error.retry_after or 0) if isinstance(error, Throttled) else dt.timedelta()
    return max(wait, told)


def waits_for_a_person(error: ReconcilerError) -> bool:
    """Nothing else helps, so one word about it is enough."""
    return isinstance(error, Denied)
