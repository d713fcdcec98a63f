"""What is to be done when: in order, at the emulator's time, whatever happens to the others."""

import asyncio
import contextlib
import datetime as dt
import functools
import logging
import math
from collections.abc import AsyncIterator

import pytest

from reconciler.emulator import agenda as agendas
from reconciler.emulator.agenda import Agenda
from reconciler.emulator.clock import Clock

HOUR = dt.timedelta(hours=1)


@contextlib.asynccontextmanager
async def running(agenda: Agenda) -> AsyncIterator[None]:
    task = asyncio.create_task(agenda.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def agenda(clock: Clock) -> Agenda:
    return Agenda(clock)


def test_in_the_order_of_the_due_times(agenda: Agenda, clock: Clock) -> None:
    """Equal ones in the order in which they were made."""
    done: list[str] = []
    now = clock.now()
    for name, due in (("c", now + HOUR), ("a", now), ("d", now + HOUR), ("b", now), ("later", now + 3 * HOUR)):
        agenda.at(due, functools.partial(done.append, name))
    clock.advance(2 * HOUR)
    agenda.do_due()
    assert done == ["a", "b", "c", "d"]
    assert len(agenda) == 1


def test_cancelled_ones_are_left_out(agenda: Agenda, clock: Clock) -> None:
    done: list[int] = []
    first, _ = (agenda.at(clock.now(), functools.partial(done.append, number)) for number in range(2))
    first.cancel()
    agenda.do_due()
    assert done == [1]


def test_cancelled_ones_do_not_pile_up(agenda: Agenda, clock: Clock) -> None:
    """A renewal cancels an appointment that is days away, and there are many renewals."""
    kept = agenda.at(clock.now() + HOUR, lambda: None)
    for _ in range(10 * agendas.FEW):
        agenda.at(clock.now() + 100 * HOUR, lambda: None).cancel()
    assert len(agenda) <= agendas.FEW
    assert kept.do is not None


def test_one_that_fails_takes_nobody_along(agenda: Agenda, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("no")

    agenda.at(clock.now(), fail)
    agenda.at(clock.now(), lambda: done.append("done"))
    with caplog.at_level(logging.ERROR):
        agenda.do_due()
    assert done == ["done"]
    assert "an appointment of the emulator failed" in caplog.text


async def test_a_clock_that_is_moved_makes_things_due(agenda: Agenda, clock: Clock) -> None:
    done = asyncio.Event()
    async with running(agenda):
        agenda.at(clock.now() + HOUR, done.set)
        await turns()
        assert not done.is_set()
        clock.advance(HOUR)
        agenda.wake()
        await asyncio.wait_for(done.wait(), 5)


async def test_an_earlier_one_comes_earlier(agenda: Agenda, clock: Clock) -> None:
    """Though the agenda sleeps until a later one."""
    done = asyncio.Event()
    async with running(agenda):
        agenda.at(clock.now() + HOUR, lambda: None)
        await turns()
        agenda.at(clock.now() + dt.timedelta(milliseconds=20), done.set)
        await asyncio.wait_for(done.wait(), 5)


async def test_at_the_pace_of_the_clock() -> None:
    """An hour in a tenth of a second."""
    clock = Clock(scale=36_000)
    agenda, done = Agenda(clock), asyncio.Event()
    async with running(agenda):
        agenda.at(clock.now() + HOUR, done.set)
        await asyncio.wait_for(done.wait(), 5)


async def test_one_that_is_always_due_starves_nobody(agenda: Agenda, clock: Clock) -> None:
    def again() -> None:
        agenda.at(clock.now(), again)

    async with running(agenda):
        agenda.at(clock.now(), again)
        await asyncio.wait_for(turns(5), 5)


async def test_cleared_ones_are_not_done(agenda: Agenda, clock: Clock) -> None:
    done: list[int] = []
    async with running(agenda):
        agenda.at(clock.now() + HOUR, lambda: done.append(1))
        agenda.clear()
        clock.advance(2 * HOUR)
        agenda.wake()
        await turns()
    assert done == []
    assert not agenda.is_due


async def test_time_that_stands_still_is_waited_for() -> None:
    """Nothing is due before the clock was moved, and the agenda does not turn round and round meanwhile."""
    clock = Clock(scale=0)
    agenda, done, now = Agenda(clock), list[str](), clock.now()
    agenda.at(now + HOUR, lambda: done.append("later"))
    assert agenda.next_due == now + HOUR
    async with running(agenda):
        await turns()
        assert (clock.now(), clock.seconds_until(now + HOUR), clock.seconds_until(now)) == (now, math.inf, 0)
        assert done == []
        clock.advance(HOUR)
        agenda.wake()
        await turns()
        assert done == ["later"]
    assert agenda.next_due is None
