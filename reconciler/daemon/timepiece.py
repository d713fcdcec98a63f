"""The daemon's clock: steady, and right by Graph's.

The machine's wall clock is read once. From then on time passes by a clock that no correction moves and that goes on
while the machine sleeps; what Graph's answers say of the time (their ``Date``) corrects it. A wall clock that jumps
changes nothing.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable

from reconciler.core.skew import ENOUGH, Sample, Skew
from reconciler.core.times import spell_duration
from reconciler.graph.client import Observed

__all__ = ["Timepiece"]

BETWEEN_SAMPLES = dt.timedelta(seconds=5)
WORTH_A_WORD = dt.timedelta(seconds=30)
"""A wall clock that is off by more is warned of: other programs on this machine go by it."""

logger = logging.getLogger(__name__)


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
        self.measured = Skew()
        self.warned = False

    def now(self) -> dt.datetime:
        return self.uncorrected + self.correction

    @property
    def uncorrected(self) -> dt.datetime:
        return self.begin + dt.timedelta(seconds=self.steady() - self.began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @property
    def skew(self) -> float:
        """How many seconds the machine's wall clock is ahead of Graph's; 0 before Graph has answered."""
        offset = self.measured.offset
        return 0.0 if offset is None else (self.wall() - (self.uncorrected + offset)).total_seconds()

    def observe(self, observed: Observed) -> None:
        """What an answer of Graph says of the time. Times in it are by this clock."""
        samples = self.measured.samples
        sent_at, received_at = observed.sent_at - self.correction, observed.received_at - self.correction
        recent = len(samples) >= ENOUGH and received_at - samples[-1].received_at < BETWEEN_SAMPLES
        if observed.date is None or recent:
            return
        self.measured = self.measured.seen(Sample(observed.date, sent_at, received_at))
        correction = self.measured.correction
        if correction != self.correction:
            self.correct(correction)
        self.warn()

    def correct(self, correction: dt.timedelta) -> None:
        by = (correction - self.correction).total_seconds()
        logger.info("The time is corrected by %+.1f s: it goes by Graph's clock", by)
        self.correction = correction

    def warn(self) -> None:
        off = abs(self.skew) > WORTH_A_WORD.total_seconds()
        if off and not self.warned:
            ahead = "ahead of" if self.skew > 0 else "behind"
            span = spell_duration(dt.timedelta(seconds=abs(self.skew)))
            logger.warning(
                "This machine's clock is %s %s Graph's, which is corrected for here: set it right", span, ahead
            )
        self.warned = off
