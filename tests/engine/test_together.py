"""Calls that share a call: who waits for which, and what becomes of errors and of cancellations."""

import asyncio
import contextlib

import pytest

from reconciler.engine.together import Together


class Work:
    """Keeps what it was called with, and returns from each call only when it is let."""

    def __init__(self):
        self.calls = []
        self.at_a_time = self.most_at_a_time = 0
        self.errors = {}
        self.began = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)

    async def __call__(self, items):
        self.calls.append(list(items))
        number = len(self.calls)
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        self.began.release()
        try:
            await self.may_end.acquire()
            if number in self.errors:
                raise self.errors[number]
        finally:
            self.at_a_time -= 1


@pytest.fixture
async def work():
    return Work()


@pytest.fixture
async def together(work):
    return Together(work, most=3)


@pytest.fixture
async def added(together):
    """Start adding, and return the tasks once all of them wait."""

    async def add(*items):
        tasks = [asyncio.create_task(together.add(item)) for item in items]
        await asyncio.sleep(0)
        return tasks

    return add


async def outcomes(*tasks):
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)


async def test_those_that_come_meanwhile_share_the_next_call(work, added):
    first = await added("a")
    await work.began.acquire()
    rest = await added("b", "c")
    assert work.calls == [["a"]]
    work.may_end.release()
    await outcomes(*first)
    await work.began.acquire()
    assert not any(task.done() for task in rest)
    work.may_end.release()
    assert await outcomes(*rest) == [None, None]
    assert work.calls == [["a"], ["b", "c"]]


async def test_a_call_has_so_many_at_the_most_in_their_order(work, added):
    tasks = await added(*"abcdefg")
    for _ in range(3):
        work.may_end.release()
    await outcomes(*tasks)
    assert work.calls == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert work.most_at_a_time == 1


async def test_an_error_is_for_all_of_its_call_and_for_nobody_else(work, added):
    work.errors[1] = OSError("the disk is full")
    tasks = await added(*"abcde")
    work.may_end.release()
    work.may_end.release()
    found = await outcomes(*tasks)
    assert list(map(str, found)) == ["the disk is full"] * 3 + ["None"] * 2
    work.may_end.release()
    assert await outcomes(*await added("f")) == [None]


async def test_one_that_is_cancelled_before_its_call_is_no_part_of_it(work, added):
    first = await added("a")
    await work.began.acquire()
    b, c = await added("b", "c")
    b.cancel()
    work.may_end.release()
    work.may_end.release()
    found = await outcomes(*first, b, c)
    assert [found[0], found[2]] == [None, None]
    assert isinstance(found[1], asyncio.CancelledError)
    assert work.calls == [["a"], ["c"]]


async def test_one_that_is_cancelled_during_its_call_does_not_end_it_for_the_others(work, added):
    a, b = await added("a", "b")
    await work.began.acquire()
    a.cancel()
    work.may_end.release()
    found = await outcomes(a, b)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1] is None
    assert work.calls == [["a", "b"]]


async def test_no_call_is_made_where_all_were_cancelled(work, added, together):
    first = await added("a")
    await work.began.acquire()
    (b,) = await added("b")
    b.cancel()
    work.may_end.release()
    await outcomes(*first, b)
    await asyncio.wait_for(together.idle(), 5)
    assert work.calls == [["a"]]


@pytest.mark.parametrize("has_begun", [True, False])
async def test_a_worker_that_is_cancelled_lets_everybody_go_and_the_next_one_works(work, added, has_begun, together):
    tasks = await added(*"abcde")
    if has_begun:
        await work.began.acquire()
    together.worker.cancel()
    found = await outcomes(*tasks)
    assert all(isinstance(each, asyncio.CancelledError) for each in found)
    work.may_end.release()
    assert await outcomes(*await added("f")) == [None]
    assert work.calls[-1] == ["f"]


async def test_idle_waits_for_the_last_call(work, added, together):
    tasks = await added(*"abcd")
    idle = asyncio.create_task(together.idle())
    await work.began.acquire()
    work.may_end.release()
    await work.began.acquire()
    assert not idle.done()
    work.may_end.release()
    await asyncio.wait_for(idle, 5)
    assert all(task.done() for task in tasks) or await outcomes(*tasks) == [None] * 4


async def test_idle_is_at_once_where_nothing_was_ever_added(added, together):
    await asyncio.wait_for(together.idle(), 5)


def test_a_loop_that_ends_is_not_kept():
    """``asyncio.run`` cancels whatever still runs, the worker among it."""

    async def main():
        work = Work()
        together = Together(work)
        waiting = asyncio.create_task(together.add("a"))
        await work.began.acquire()
        return waiting

    assert asyncio.run(main()).cancelled()


async def test_an_error_that_nobody_waits_for_is_no_noise(work, added, caplog, together):
    work.errors[1] = OSError("the disk is full")
    (task,) = await added("a")
    await work.began.acquire()
    task.cancel()
    work.may_end.release()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await asyncio.wait_for(together.idle(), 5)
    assert caplog.records == []
