"""What is to be done when: an instant of the emulator's clock and a function in, the function called then.

Challenges, retries and pauses all wait here, so that they follow at once when the clock is moved.
"""

import asyncio
import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Callable

from reconciler.emulator.clock import Clock

IDLE = 3600.0
"""Seconds to wait at most: whoever adds something or moves the clock wakes us anyway."""

Do = Callable[[], None]


@dataclasses.dataclass(order=True, slots=True)
class Appointment:
    due: dt.datetime
    serial: int
    do: Do = dataclasses.field(compare=False)
    cancelled: bool = dataclasses.field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Agenda:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._serials = itertools.count()
        self._appointments: list[Appointment] = []
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._appointments)

    def at(self, due: dt.datetime, do: Do) -> Appointment:
        """``do`` is called in the order of the due times and must neither wait nor fail."""
        appointment = Appointment(due, next(self._serials), do)
        heapq.heappush(self._appointments, appointment)
        if self._appointments[0] is appointment:
            self._wake.set()
        return appointment

    def wake(self) -> None:
        """After the clock was moved."""
        self._wake.set()

    def clear(self) -> None:
        self._appointments.clear()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._wake.clear()
            self.do_due()
            try:
                async with asyncio.timeout(self._seconds_to_next()):
                    await self._wake.wait()
            except TimeoutError:
                pass  # something is due, or nothing was for a long time

    def do_due(self) -> None:
        while self._appointments and self._appointments[0].due <= self._clock.now():
            appointment = heapq.heappop(self._appointments)
            if not appointment.cancelled:
                appointment.do()

    def _seconds_to_next(self) -> float:
        if not self._appointments:
            return IDLE
        return min(IDLE, self._clock.seconds_until(self._appointments[0].due))
