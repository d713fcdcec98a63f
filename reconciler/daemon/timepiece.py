"""The daemon's clock: steady, and right by Graph's.

The machine's wall clock is read once. From then on time passes by a clock that no correction moves and that goes on
while the machine sleeps; what Graph's answers say of the time (their ``Date``) corrects it. A wall clock that jumps
changes nothing.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable

__all__ = ["Timepiece"]


def since_boot() -> float:
    """Seconds; those that the machine was asleep count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def wall_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Timepiece:
    """Satisfies ``Clock``."""

    def __init__(
        self, *, wall: Callable[[], dt.datetime] = wall_clock, steady: Callable[[], float] = since_boot
    ) -> None:
        self.wall, self.steady = wall, steady
        self.begin, self.began = wall(), steady()
        self.correction = dt.timedelta()

    def now(self) -> dt.datetime:
        return self.uncorrected + self.correction

    @property
    def uncorrected(self) -> dt.datetime:
        return self.begin + dt.timedelta(seconds=self.steady() - self.began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @property
    def skew(self) -> float:
        """How many seconds the machine's wall clock is ahead of this one, which goes by Graph's."""
        return (self.wall() - self.now()).total_seconds()

    def observe(self, observed: object) -> None:
        del observed
