"""Outcomes in, few commits out. A store that fails is asked again until it takes them: they are facts by now."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import Inbox, Settled
from reconciler.receiver.complaints import Complaints

__all__ = ["Settler"]

MOST = 1000
GATHER = 0.05
"""Seconds in which outcomes gather: nobody waits for them, and a commit costs the same for one and for hundreds."""

ENOUGH = 3
PAUSE = 1.0
LAST = 3.0
"""Seconds for what is not written down yet when the process ends."""

OnSettled = Callable[[Settled], None]
Waiting = tuple[Settled, OnSettled]

logger = logging.getLogger(__name__)


class Settler:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.waiting: list[Waiting] = []
        self.news, self.idle = asyncio.Event(), asyncio.Event()
        self.idle.set()
        self.complaints = Complaints(logger)

    def add(self, settled: Settled, on_settled: OnSettled) -> None:
        """``on_settled`` is called once it is committed."""
        self.waiting.append((settled, on_settled))
        self.idle.clear()
        self.news.set()

    async def run(self) -> None:
        """Until it is cancelled; then once more, for what was done last."""
        try:
            while True:
                await self.news.wait()
                await asyncio.sleep(GATHER)
                self.news.clear()
                await self.flush()
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await self.flush()
            raise

    async def flush(self) -> None:
        """All together; where that fails one by one, as one of them may be at fault, and what is left again."""
        while batch := self.waiting[:MOST]:
            failed = () if await self.attempt(batch) else await self.one_by_one(batch)
            self.waiting = [*self.waiting[len(batch) :], *failed]
            if len(failed) == len(batch):
                await asyncio.sleep(PAUSE)
        self.idle.set()

    async def one_by_one(self, batch: Sequence[Waiting]) -> Sequence[Waiting]:
        """Those that have failed; where the first few do, the store is at fault, and the others are not tried."""
        failed: list[Waiting] = []
        for position, each in enumerate(batch, start=1):
            if not await self.attempt([each]):
                failed.append(each)
            if len(failed) == position == ENOUGH:
                return [*failed, *batch[position:]]
        return failed

    async def empty(self) -> None:
        """Return once all is written down."""
        await self.idle.wait()

    async def attempt(self, portion: Sequence[Waiting]) -> bool:
        try:
            await self.inbox.settle([settled for settled, _ in portion])
        except StoreError as error:
            self.complaints.add(f"What was forwarded cannot be written down, so it is not forgotten: {error}")
            return False
        except Exception:
            logger.exception("What was forwarded cannot be written down, by a mistake of ours")
            return False
        for settled, on_settled in portion:
            on_settled(settled)
        return True
