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

PAUSE = 1.0
LAST = 3.0
"""Seconds for what is not written down yet when the process ends."""

OnSettled = Callable[[Settled], None]

logger = logging.getLogger(__name__)


class Settler:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.waiting: list[tuple[Settled, OnSettled]] = []
        self.news = asyncio.Event()
        self.complaints = Complaints(logger)

    def add(self, settled: Settled, on_settled: OnSettled) -> None:
        """``on_settled`` is called once it is committed."""
        self.waiting.append((settled, on_settled))
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
        while batch := self.waiting[:MOST]:
            await self.commit([settled for settled, _ in batch])
            del self.waiting[: len(batch)]
            for settled, on_settled in batch:
                on_settled(settled)

    async def commit(self, batch: Sequence[Settled]) -> None:
        while True:
            try:
                await self.inbox.settle(batch)
            except StoreError as error:
                self.complaints.add(f"What was forwarded cannot be written down, so it is not forgotten: {error}")
                await asyncio.sleep(PAUSE)
            else:
                return
