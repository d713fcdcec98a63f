"""The emulator's time: the machine's, moved forward on request and run faster if asked, so that nobody need wait."""

import datetime as dt
import math

from reconciler.emulator.errors import EmulatorError


class Clock:
    """``scale`` 60 runs an hour in a minute, counted from the start; 0 stands still, but for being moved."""

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
        ahead = max(0.0, (instant - self.now()).total_seconds())
        if self.scale == 0:
            return math.inf if ahead else 0.0
        return ahead / self.scale

    def reset(self) -> None:
        self._start = dt.datetime.now(dt.UTC)
        self.offset = dt.timedelta()

    def as_json(self) -> dict[str, float]:
        """How far it is ahead of the machine's, in seconds; also what a scale has made of it."""
        return {"ahead": (self.now() - dt.datetime.now(dt.UTC)).total_seconds()}

    def load(self, data: object) -> None:
        """From then on it ran as fast as the machine's. Raises ``EmulatorError`` for what ``as_json`` did not give."""
        match data:
            case {"ahead": int() | float() as ahead}:
                self.reset()
                try:
                    self.advance(dt.timedelta(seconds=ahead))
                except (OverflowError, ValueError) as error:
                    raise EmulatorError(f"clock: it cannot be {ahead} seconds ahead: {error}") from error
            case _:
                raise EmulatorError('clock: {"ahead": seconds} is needed')
