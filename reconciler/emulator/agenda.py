"""What is to be done when: an instant of the emulator's clock and a function in, the function called then.

Challenges, retries and pauses all wait here, so that they follow at once when the clock is moved.
"""

import asyncio
import dataclasses
import datetime as dt
import heapq
import itertools
import logging
import time
from collections.abc import Callable

from reconciler.emulator.clock import Clock

IDLE = 3600.0
"""Seconds to wait at most: whoever adds something or moves the clock wakes us anyway."""
SLICE = 0.02
"""Seconds after which others have their turn, when the clock was moved and much is due at once."""
FEW = 1000
"""Up to so many appointments, cancelled ones are not cleared away."""

LOG = logging.getLogger(__name__)

Do = Callable[[], None]


@dataclasses.dataclass(order=True, slots=True)
class Appointment:
    due: dt.datetime
    serial: int
    do: Do | None = dataclasses.field(compare=False)
    """None when it was cancelled."""

    def cancel(self) -> None:
        self.do = None


class Agenda:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._serials = itertools.count()
        self._appointments: list[Appointment] = []
        self._clear_away_over = FEW
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._appointments)

    @property
    def is_due(self) -> bool:
        return bool(self._appointments) and self._appointments[0].due <= self._clock.now()

    @property
    def next_due(self) -> dt.datetime | None:
        return self._appointments[0].due if self._appointments else None

    def at(self, due: dt.datetime, do: Do) -> Appointment:
        """``do`` is called in the order of the due times, equal ones in the order of these calls; it must not wait."""
        self._clear_away()
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
            await asyncio.sleep(0)  # an event that is set already is not waited for, so others would never have a turn
            try:
                async with asyncio.timeout(self._seconds_to_next()):
                    await self._wake.wait()
            except TimeoutError:
                pass  # something is due, perhaps still, or nothing was for a long time

    def do_due(self) -> None:
        """Do what is due, for a short while; the rest has its turn after the others'."""
        end = time.monotonic() + SLICE
        while self.is_due and time.monotonic() < end:
            keep(heapq.heappop(self._appointments))

    def _seconds_to_next(self) -> float:
        if not self._appointments:
            return IDLE
        return min(IDLE, self._clock.seconds_until(self._appointments[0].due))

    def _clear_away(self) -> None:
        """Cancelled ones would otherwise stay until they are due. Only now and then: it takes a look at all."""
        if len(self._appointments) < self._clear_away_over:
            return
        self._appointments = [each for each in self._appointments if each.do is not None]
        heapq.heapify(self._appointments)
        self._clear_away_over = max(FEW, 2 * len(self._appointments))


def keep(appointment: Appointment) -> None:
    """One that fails must not take the others with it."""
    if appointment.do is None:
        return
    try:
        appointment.do()
    except Exception:
        LOG.exception("an appointment of the emulator failed; the others go on")
