"""The emulator's time: the machine's, moved forward on request and run faster if asked, so that nobody need wait."""

import datetime as dt


class Clock:
    """``scale`` 60 runs an hour in a minute, counted from the start."""

    def __init__(self, *, scale: float = 1.0) -> None:
        self.scale = scale
        self.offset = dt.timedelta()
        self._start = dt.datetime.now(dt.UTC)

    def now(self) -> dt.datetime:
        passed = dt.datetime.now(dt.UTC) - self._start
        return self._start + passed * self.scale + self.offset

    def advance(self, by: dt.timedelta) -> None:
        """OverflowError if that leaves the calendar; then nothing has changed."""
        _ = self.now() + by
        self.offset += by

    def seconds_until(self, instant: dt.datetime) -> float:
        """How many of the machine's seconds that takes; none for what is past."""
        return max(0.0, (instant - self.now()).total_seconds() / self.scale)

    def reset(self) -> None:
        self._start = dt.datetime.now(dt.UTC)
        self.offset = dt.timedelta()
