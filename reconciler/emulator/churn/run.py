"""The pace: an order in, writes in good time out. Who is slow is told of, and does not slow the clock."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.emulator.churn.known import Known
from reconciler.emulator.churn.order import Order
from reconciler.emulator.churn.session import Session
from reconciler.emulator.churn.tally import Tally
from reconciler.emulator.churn.writes import drawn
from reconciler.emulator.outgoing import HTTPError, Response, connect_async
from reconciler.emulator.remote import Refused, unanswered

IN_FLIGHT = 16
"""Writes without an answer; the next one waits, and is behind."""
LATE = 0.1
"""Seconds after which a write that has not begun is behind."""


class Churn:
    def __init__(self, info: Mapping[str, Any], order: Order) -> None:
        """``info`` is the content of ``emulator.json``."""
        self.tally = Tally()
        self._info = info
        self._order = order
        self._begun = 0
        self._started = 0.0

    async def run(self, *, tell: Callable[[Tally], None]) -> None:
        """Until the order is carried out; ``tell`` is called every second. Raises ``EmulatorError``."""
        async with connect_async(self._info["graph"], self._info["caFile"]) as client:
            known = await self._known(Session(client, self._info))
            self._started = asyncio.get_running_loop().time()
            try:
                async with asyncio.TaskGroup() as group:
                    telling = group.create_task(self._tell_each_second(tell))
                    await self._write_all(known)
                    telling.cancel()
            except BaseExceptionGroup as errors:
                raise first(errors) from None  # the end of the emulator: each write says the same
            finally:
                self._read()

    async def _known(self, session: Session) -> Known:
        try:
            return await Known.read(session)
        except HTTPError as error:
            raise unanswered(self._info["graph"], error) from error

    async def _write_all(self, known: Known) -> None:
        slots = asyncio.Semaphore(IN_FLIGHT)
        async with asyncio.TaskGroup() as group:
            for number, due in enumerate(self._order.due_times()):
                await asyncio.sleep(due - self._elapsed())
                await slots.acquire()
                if self._is_over():
                    break
                self._begun += 1
                task = group.create_task(self._write(known, number))
                task.add_done_callback(lambda _: slots.release())

    async def _write(self, known: Known, number: int) -> None:
        try:
            write = await drawn(known, self._order.random(number))
            answered = await known.session.request(write.method, write.path, write.body)
        except Refused as error:
            self.tally.reasons[reason(error.response)] += 1
        except HTTPError:
            self.tally.reasons["no answer"] += 1
        else:
            self.tally.done += 1
            write.answered(answered)

    async def _tell_each_second(self, tell: Callable[[Tally], None]) -> None:
        while True:
            await asyncio.sleep(1 - self._elapsed() % 1)
            self._read()
            tell(self.tally)

    def _read(self) -> None:
        elapsed = self._elapsed()
        due = self._order.due_by(elapsed - LATE) if elapsed > LATE else 0
        self.tally.read(seconds=elapsed, behind=max(0, due - self._begun))

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._started

    def _is_over(self) -> bool:
        """Whoever is behind does not go on for longer."""
        return self._order.seconds is not None and self._elapsed() >= self._order.seconds


def first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Groups of groups, too."""
    error = errors.exceptions[0]
    return first(error) if isinstance(error, BaseExceptionGroup) else error


def reason(response: Response) -> str:
    """Status and Graph's code."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.json()['error']['code']}"
    return str(response.status_code)
