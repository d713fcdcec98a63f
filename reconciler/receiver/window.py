"""How long answers took in, the share of slow ones in the last ten minutes out, as Graph reckons it (facts 5.2).

Ten minutes are sixty slots of ten seconds: the window is exact to ten seconds, and of one size for few answers and for
many. Times are seconds of a monotonic clock.
"""

import dataclasses
from collections import deque

__all__ = ["SLOTS", "SLOT_SECONDS", "Shares", "Window"]

SLOT_SECONDS = 10
SLOTS = 60
FIRST_TRY = 3.0
"""Seconds that Graph waits for the answer to a first attempt (facts 5.1)."""

LATER_TRY = 10.0
"""Seconds that it waits for the answer to a later one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shares:
    """Of ``answers``, the parts from 0 to 1 that took too long; 0 where there are no answers."""

    answers: int
    over_3s: float
    over_10s: float


@dataclasses.dataclass(slots=True)
class Slot:
    number: int
    """Its place in time: slot 7 is from second 70 up to 80."""

    answers: int = 0
    over_3s: int = 0
    over_10s: int = 0


class Window:
    """Only slots with answers are kept: no sixty of them can reach further back than the window does."""

    def __init__(self) -> None:
        self._slots: deque[Slot] = deque([Slot(0)], maxlen=SLOTS)

    def count(self, seconds: float, now: float) -> None:
        """Count an answer that was given at ``now``."""
        slot = self._slots[-1]
        number = int(now // SLOT_SECONDS)
        if number != slot.number:
            slot = self._turn(number)
        slot.answers += 1
        if seconds > FIRST_TRY:
            slot.over_3s += 1
            slot.over_10s += seconds > LATER_TRY

    def shares(self, now: float) -> Shares:
        """Of the answers that were given in the ten minutes up to ``now``."""
        number = int(now // SLOT_SECONDS)
        slots = [slot for slot in tuple(self._slots) if abs(number - slot.number) < SLOTS]
        answers = sum(slot.answers for slot in slots)
        return Shares(
            answers,
            sum(slot.over_3s for slot in slots) / max(answers, 1),
            sum(slot.over_10s for slot in slots) / max(answers, 1),
        )

    def _turn(self, number: int) -> Slot:
        """A clock that steps back a little goes on with the newest slot; one that steps back a lot begins anew."""
        newest = self._slots[-1]
        if newest.number - SLOTS < number < newest.number:
            return newest
        if number < newest.number:
            self._slots.clear()
        slot = Slot(number)
        self._slots.append(slot)
        return slot
