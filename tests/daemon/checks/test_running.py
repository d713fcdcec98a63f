"""Checks that wait for one another, take too long, or raise."""

import asyncio

import pytest

from reconciler.daemon.checks.finding import Level, Verdict, failed, fine, skipped
from reconciler.daemon.checks.running import Check, Once, run, said

BAD = failed("it is broken", cause="somebody broke it", remedy="mend it")


def check(name, verdict=None, *needs, ask=None, seconds=30.0):
    return Check(id=name, subject="it", ask=ask or said(verdict or fine("good")), needs=needs, seconds=seconds)


async def levels(*checks):
    return [(each.check, each.level) for each in await run(checks)]


async def test_in_their_order_whatever_takes_long():
    gate = asyncio.Event()

    async def wait() -> Verdict:
        await gate.wait()
        return fine("at last")

    async def open_it() -> Verdict:
        gate.set()
        return fine("opened")

    found = await run([check("first", ask=wait), check("second", ask=open_it)])
    assert [(each.check, each.verdict.found) for each in found] == [("first", "at last"), ("second", "opened")]


async def test_what_needs_a_failed_one_is_skipped_and_so_on():
    first = check("first", BAD)
    second = check("second", None, first)
    third = check("third", None, second)
    found = await run([first, second, third, check("fourth")])
    assert [each.level for each in found] == [Level.FAILURE, Level.SKIPPED, Level.SKIPPED, Level.OK]
    assert found[1].verdict.found == "not checked: first of it failed"
    assert found[2].verdict.found == "not checked: second of it was not checked either"


async def test_what_needs_one_that_does_not_apply_is_checked_all_the_same():
    first = check("first", skipped("there is a proxy"))
    assert await levels(first, check("second", None, first)) == [("first", Level.SKIPPED), ("second", Level.OK)]


async def test_time_is_up():
    (found,) = await run([check("slow", ask=lambda: asyncio.sleep(3600), seconds=0.05)])
    assert found.level is Level.FAILURE
    assert found.verdict.found == "there was no result within 0.05 s"


async def test_a_mistake_of_one_is_a_failure_of_its_own_and_shows_no_secret():
    async def broken() -> Verdict:
        raise KeyError("https://hooks.contoso.com/n?code=hunter2")

    found = await run([check("broken", ask=broken), check("whole")])
    assert [each.level for each in found] == [Level.FAILURE, Level.OK]
    assert "the check itself failed: KeyError" in found[0].verdict.found
    assert "hunter2" not in found[0].verdict.found


async def test_what_several_want_to_know_is_asked_once():
    asked = []

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return 7

    once = Once(ask)
    assert set(await asyncio.gather(once(), once())) == {7}
    assert await once() == 7
    assert len(asked) == 1


async def test_one_that_gives_up_does_not_take_the_answer_from_the_others():
    gate = asyncio.Event()

    async def ask() -> str:
        await gate.wait()
        return "known"

    once = Once(ask)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await once()
    gate.set()
    assert await once() == "known"
