"""A month in minutes: an emulator and our own program share a time that moves on only when nothing is going on.

    behaviours = {"challenges": "rarely", "validate-on-patch": "never"}
    with RunningEmulator(home, time_scale=0, behaviours=behaviours) as emulator:
        async with VirtualClock(emulator) as clock, Graph(clock=clock) as graph:
            task = asyncio.create_task(daemon(clock, graph))  # its store: Store.open(place, now=clock.now)
            await run_until(clock, clock.time + dt.timedelta(days=30), idle=alive(task))
            task.cancel()

How it works. The emulator stands still (``time_scale=0``), and ``now()`` is its time, so the two never differ. Whoever
calls ``sleep`` waits until ``run_until`` has moved the time to there. It moves on to the earliest sleeper only when

- the event loop has nothing to do, no answer of Graph is awaited, and no thread's work (store, msal, ``to_thread``),
- the emulator has nothing due and nothing under way.

``clock.watch(SomeSink, "send")`` adds what else is waited for: a method whose calls are counted while they run. Time
does not wait for what waits in the machine's own time (``asyncio.sleep``, a watched folder, a thread of which asyncio
does not know); ``idle`` is the place to wait for such things, and to raise when a task has ended (``alive``).

How to make it fast. A step costs the processor about 0.2 ms, a renewal with its row in the store about 3 ms.

- ``clock.grain`` lets time move by so much at least, so that who is due within it is woken together: then renewals
  share their commits. A minute is nothing to subscriptions of an hour, but the pauses of the pacer and of retries
  become as long: turn it down to nought while many are to come back at once.
- The behaviours ``validate-on-patch: never`` and ``challenges: rarely`` (or ``never``): two requests for each renewal
  and a challenge every 45 minutes for each subscription would be most of the work. ``throttling`` may be on.
- ``gc.collect(); gc.freeze()`` once ten thousand are created: looking at them again and again is a quarter of the time.
- Put the store and the emulator's home on /dev/shm: a commit is a flush of the disk.
- ``clock.follow_agenda = False`` where it does not matter that what the emulator has to do (challenges, retries)
  happens at our next sleeper's time instead of its own.

``clock.ahead`` sets our clock wrong against the emulator's, for clocks that jump or are off: it counts for ``now()``
and not for ``sleep``. Faults can be set in between (``emulator.faults``, which blocks the event loop for a moment).
"""

import asyncio
import collections
import contextlib
import dataclasses
import datetime as dt
import enum
import functools
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from unittest import mock

from reconciler.emulator.parts import Parts
from reconciler.emulator.running import RunningEmulator
from reconciler.graph.transport import Transport

CALM = 2
"""Turns of the event loop in a row in which nothing else was ready: what has arrived meanwhile shows in the second."""
GLANCE = 0.001
"""The machine's seconds between two looks at who does not tell."""
PATIENCE = 60.0
"""The machine's seconds after which something that does not end is a mistake."""


class Work:
    """What is under way, by name; ``none`` waits until nothing is. For one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.under_way: collections.Counter[str] = collections.Counter()
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __bool__(self) -> bool:
        return self._count > 0

    def began(self, name: str) -> None:
        self._count += 1
        self.under_way[name] += 1
        self._none.clear()

    def ended(self, name: str) -> None:
        self._count -= 1
        self.under_way[name] -= 1
        if not self._count:
            self._none.set()

    async def none(self) -> None:
        """Raises ``TimeoutError`` with the names of what does not end."""
        if not self._count:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._none.wait()
        except TimeoutError as error:
            raise TimeoutError(f"still under way after {PATIENCE:g} seconds: {dict(+self.under_way)}") from error

    def counted(self, name: str, call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(call)
        async def counting(*arguments: Any, **named: Any) -> Any:
            if asyncio.get_running_loop() is not self._loop:
                return await call(*arguments, **named)
            self.began(name)
            try:
                return await call(*arguments, **named)
            finally:
                self.ended(name)

        return counting

    def awaited(self, wrap: Callable[..., "asyncio.Future[Any]"]) -> Callable[..., "asyncio.Future[Any]"]:
        """For ``asyncio.wrap_future``: every thread's work that is awaited comes by there.

        It has ended when the awaiting task is woken, not when the thread is done: in between nobody would be busy.
        """

        @functools.wraps(wrap)
        def counting(*arguments: Any, **named: Any) -> "asyncio.Future[Any]":
            future = wrap(*arguments, **named)
            if future.get_loop() is self._loop:
                self.began("thread")
                future.add_done_callback(lambda _: self.ended("thread"))
            return future

        return counting


@dataclasses.dataclass(order=True, slots=True)
class Sleeper:
    due: dt.datetime
    serial: int
    woken: "asyncio.Future[None]" = dataclasses.field(compare=False)


class VirtualClock:
    """Satisfies ``engine.ports.Clock``. To be entered in the event loop whose work is to be waited for."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.grain = dt.timedelta()
        self.ahead = dt.timedelta()
        self.follow_agenda = True
        self.steps = 0
        self._turned = emulator.inside(lambda parts: parts.clock).result(PATIENCE)
        if self._turned.scale:
            raise ValueError("the emulator's time goes on by itself: start it with time_scale=0")
        self._sleepers: list[Sleeper] = []
        self._serials = itertools.count()
        self._patches = contextlib.ExitStack()
        self._work: Work | None = None

    async def __aenter__(self) -> Self:
        self._work = Work()
        wrap = self._work.awaited(asyncio.wrap_future)
        for module in (asyncio, asyncio.futures):
            self._patches.enter_context(mock.patch.object(module, "wrap_future", wrap))
        self.watch(Transport, "send")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patches.close()

    @property
    def work(self) -> Work:
        if self._work is None:
            raise RuntimeError("the clock does not see what is going on yet: enter it with 'async with'")
        return self._work

    def watch(self, owner: Any, name: str) -> None:
        """Time waits for the calls of this coroutine function, until the clock is left."""
        counting = self.work.counted(f"{owner.__name__}.{name}", getattr(owner, name))
        self._patches.enter_context(mock.patch.object(owner, name, counting))

    # The port

    def now(self) -> dt.datetime:
        return self.time + self.ahead

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, Sleeper(self.time + dt.timedelta(seconds=seconds), next(self._serials), woken))
        await woken

    # What moves it

    @property
    def time(self) -> dt.datetime:
        """The emulator's, which is the true one."""
        return self._turned.now()

    @property
    def next_due(self) -> dt.datetime | None:
        """When the earliest sleeper wants to be woken."""
        while self._sleepers and self._sleepers[0].woken.done():
            heapq.heappop(self._sleepers)  # it was cancelled
        return self._sleepers[0].due if self._sleepers else None

    async def quiet(self) -> None:
        """Wait until this program has nothing to do. Raises ``TimeoutError`` if it always has."""
        ready = vars(asyncio.get_running_loop()).get("_ready")
        if ready is None:
            raise RuntimeError("this event loop does not tell whether it is idle: use asyncio's own")
        calm, end = 0, time.monotonic() + PATIENCE
        while calm < CALM:
            await self.work.none()
            await asyncio.sleep(0)
            calm = 0 if ready or self.work else calm + 1
            if not calm and time.monotonic() > end:
                raise TimeoutError(f"something is always ready to run, for {PATIENCE:g} seconds by now")

    async def step(self, moment: dt.datetime) -> "Step":
        """Move on to the next sleeper, not past ``moment``, and wake who is due."""
        target = min(moment, max(self.next_due or moment, self.time + self.grain))
        moved = await asyncio.wrap_future(self.emulator.inside(functools.partial(self._move, target)))
        if moved is None:
            return Step.HELD
        self.steps += bool(moved)
        woken = self._wake()
        return Step.DONE if moved or woken else Step.THERE

    def _move(self, to: dt.datetime, parts: Parts) -> dt.timedelta | None:
        """In the emulator's thread: by how much time moved, None where the emulator is not done with what was due."""
        agenda, now = parts.agenda, parts.clock.now()
        if agenda.is_due or not parts.outbox.idle:
            return None
        if self.follow_agenda and agenda.next_due is not None:
            to = min(to, max(agenda.next_due, now + self.grain))
        by = max(dt.timedelta(), to - now)
        parts.clock.advance(by)
        agenda.wake()
        return by

    def _wake(self) -> int:
        now, count = self.time, 0
        while self._sleepers and self._sleepers[0].due <= now:
            woken = heapq.heappop(self._sleepers).woken
            if not woken.done():
                woken.set_result(None)
                count += 1
        return count


class Step(enum.Enum):
    DONE = "done"
    """Time moved, or somebody was woken."""
    HELD = "held"
    """Not yet: the emulator is busy."""
    THERE = "there"
    """There is nothing more to do until the moment, and it has come."""


async def run_until(clock: VirtualClock, moment: dt.datetime, *, idle: Callable[[], bool] | None = None) -> None:
    """Let time go on until ``moment``, by the emulator's clock, and return when what happens then is done.

    ``idle`` is asked before each step, when nothing is going on: False holds the time, what it raises ends the run.
    Raises ``TimeoutError`` where time is held for long.
    """
    moved = time.monotonic()
    while True:
        await clock.quiet()
        step = await clock.step(moment) if idle is None or idle() else Step.HELD
        if step is Step.THERE:
            return
        if step is Step.DONE:
            moved = time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            raise TimeoutError(f"time is held at {clock.time:%Y-%m-%d %H:%M:%S} for {PATIENCE:g} seconds by now")
        else:
            await asyncio.sleep(GLANCE)


def alive(*tasks: "asyncio.Task[Any]") -> Callable[[], bool]:
    """For ``idle``: whoever should go on for ever has not ended. Raises what it has ended with."""

    def check() -> bool:
        for task in tasks:
            if task.done():
                raise RuntimeError(f"{task.get_name()} has ended: {task.result()!r}")
        return True

    return check
