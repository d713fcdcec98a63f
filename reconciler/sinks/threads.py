"""A call that may block in, its result out, without the event loop waiting for it, or the process that ends."""

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

__all__ = ["on_own_thread"]

MOST_WAITING = 16

T = TypeVar("T")


async def on_own_thread(work: Callable[[], T]) -> T:
    """Call ``work`` on a thread that nobody waits for in the end.

    The threads of ``asyncio.to_thread`` are few, shared by all, and joined when the process ends: a terminal that is
    held, a disk that hangs or a function that never returns would keep it. Those that have come back are used again: a
    new one costs 0.1 ms.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(work)
        except BaseException as error:  # noqa: BLE001  it is for whoever waits
            report(future.set_exception, passable(error))
        else:
            report(future.set_result, result)

    def report(settle: Callable[[Any], None], outcome: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else settle(outcome))

    Worker.idle().jobs.put(run)
    return await future


class Worker(threading.Thread):
    """Does one job at a time, and waits for the next one."""

    waiting: ClassVar["deque[Worker]"] = deque()

    def __init__(self) -> None:
        super().__init__(name="sink", daemon=True)
        self.jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.start()

    @classmethod
    def idle(cls) -> "Worker":
        try:
            return cls.waiting.pop()
        except IndexError:
            return cls()

    def run(self) -> None:
        while True:
            self.jobs.get()()
            if len(self.waiting) >= MOST_WAITING:
                return
            self.waiting.append(self)


def passable(error: BaseException) -> Exception:
    """What a future takes, and what does not end the loop that it is raised in, as SystemExit would."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"{type(error).__name__} on a thread")
