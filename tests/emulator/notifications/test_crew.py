"""So many jobs at once and no more."""

import asyncio
import functools
import logging

import pytest

from reconciler.emulator.notifications.crew import Crew


class Jobs:
    """They run until they are let go."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.done: list[str] = []
        self._end = asyncio.Event()

    async def job(self, name: str) -> None:
        self.running.append(name)
        try:
            await self._end.wait()
        finally:
            self.running.remove(name)
        self.done.append(name)

    def let_go(self) -> None:
        self._end.set()


async def settle(crew: Crew) -> None:
    async with asyncio.timeout(5):
        while not crew.idle:  # noqa: ASYNC110 (it tells nobody)
            await asyncio.sleep(0)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_at_once_than_allowed() -> None:
    """Neither in all, nor in one line; lines take turns."""
    crew, jobs = Crew(3, each=2), Jobs()
    for name in ("a1", "a2", "a3", "b1", "b2"):
        crew.do(name[0], functools.partial(jobs.job, name))
    await turns()
    assert jobs.running == ["a1", "a2", "b1"]
    jobs.let_go()
    await settle(crew)
    assert sorted(jobs.done) == ["a1", "a2", "a3", "b1", "b2"]


async def test_a_line_that_hangs_leaves_places_for_others() -> None:
    crew, hanging, quick = Crew(3, each=2), Jobs(), Jobs()
    quick.let_go()
    for number in range(10):
        crew.do("hanging", functools.partial(hanging.job, str(number)))
    for number in range(3):
        crew.do("quick", functools.partial(quick.job, str(number)))
    await turns()
    await turns()
    assert quick.done == ["0", "1", "2"]
    await crew.aclose()
    assert crew.idle
    assert hanging.done == []


async def test_cleared_ones_are_forgotten_and_new_ones_done() -> None:
    crew, jobs = Crew(1, each=1), Jobs()
    for name in ("under way", "waiting"):
        crew.do("line", functools.partial(jobs.job, name))
    await turns()
    crew.clear()
    crew.do("line", functools.partial(jobs.job, "new"))
    jobs.let_go()
    await settle(crew)
    assert jobs.done == ["new"]


async def test_once_closed_nothing_is_begun() -> None:
    """Also not by what is broken off and would go on with the next."""
    crew, jobs = Crew(1, each=1), Jobs()

    async def go_on() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            crew.do("line", functools.partial(jobs.job, "next"))

    crew.do("line", go_on)
    await turns()
    await crew.aclose()
    jobs.let_go()
    await turns()
    assert jobs.done == []
    assert crew.idle


async def test_one_that_fails_is_logged_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    crew, jobs = Crew(1, each=1), Jobs()
    jobs.let_go()

    async def fail() -> None:
        raise ValueError("no")

    crew.do("line", fail)
    crew.do("line", functools.partial(jobs.job, "next"))
    with caplog.at_level(logging.ERROR):
        await settle(crew)
    assert jobs.done == ["next"]
    assert "failed by its own mistake" in caplog.text
