"""Calls on threads that nobody waits for."""

import asyncio
import contextvars
import threading

import pytest

from reconciler.sinks.threads import on_own_thread

VARIABLE: contextvars.ContextVar[int] = contextvars.ContextVar("VARIABLE")


async def test_its_result_and_its_context():
    VARIABLE.set(5)
    assert await on_own_thread(lambda: (VARIABLE.get(), threading.current_thread().daemon)) == (5, True)


async def test_its_error():
    with pytest.raises(ZeroDivisionError):
        await on_own_thread(lambda: 1 / 0)


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_an_error_that_would_end_the_loop(error):
    def work():
        raise error

    with pytest.raises(RuntimeError, match=f"{type(error).__name__} on a thread"):
        await asyncio.wait_for(on_own_thread(work), 10)


def test_a_loop_that_ends_is_not_kept_and_the_late_result_is_no_trouble():
    held, ended = threading.Event(), threading.Event()

    def work():
        held.wait(20)
        ended.set()

    async def main():
        waiting = asyncio.create_task(on_own_thread(work))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(main())
    assert not ended.is_set()
    held.set()
    assert ended.wait(20)
