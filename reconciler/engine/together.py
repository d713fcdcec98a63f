"""Many calls at a time in, few calls with all of them out: those that come while one runs share the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Together"]

T = TypeVar("T")

Waiting = tuple[T, asyncio.Future[None]]


class Together(Generic[T]):
    """For one event loop. What a disk flush costs is paid once for all that wait for it, and nobody waits for more.

    lines = Together(write_and_flush)
    await lines.add(line)
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[None]], *, most: int = 1000) -> None:
        self.work, self.most = work, most
        self.waiting: list[Waiting[T]] = []
        self.worker: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Return once ``item`` was part of a call; raises what that call raised.

        An item whose ``add`` is cancelled may have been part of one; of a call that has not begun it is not.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((item, future))
        if self.worker is None:
            self.worker = asyncio.create_task(self.run())
            self.worker.add_done_callback(self.ended)
        await future

    async def run(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting[: self.most], self.waiting[self.most :]
            await self.carry_out([each for each in batch if not each[1].done()])
        self.worker = None

    async def carry_out(self, batch: Sequence[Waiting[T]]) -> None:
        if not batch:
            return
        try:
            await self.work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  each of those who wait gets it
            settle(batch, error)
        except BaseException:  # the worker is cancelled, or the process ends: nobody is kept waiting
            let_go(batch)
            raise
        else:
            settle(batch, None)

    def ended(self, worker: asyncio.Task[None]) -> None:
        """Also of a worker that was cancelled before it began, as when its loop ends: those that wait are let go."""
        if self.worker is worker:
            self.worker = None
            let_go(self.waiting)
            self.waiting = []

    async def idle(self) -> None:
        """Return once nothing waits."""
        while self.worker is not None:
            await asyncio.wait([self.worker])


def settle(batch: Sequence[Waiting[T]], error: Exception | None) -> None:
    for _, future in batch:
        if future.done():
            continue  # who waited was cancelled meanwhile
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def let_go(batch: Sequence[Waiting[T]]) -> None:
    for _, future in batch:
        future.cancel()
