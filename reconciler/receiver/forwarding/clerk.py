"""What waits without a sink: lifecycle notifications become wishes; what was set aside or has lost its sink, its turn.

Rarely more than a few at a time, so it goes one by one.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Collection

from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Wish, wish_of
from reconciler.engine.inbox import UNROUTED, Entry, Inbox, Settled, State
from reconciler.engine.ports import Clock
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.entries import Admission
from reconciler.receiver.observing import Observer, Told

__all__ = ["Clerk", "OnLifecycle"]

PAGE = 100
POLL = 1.0

OnLifecycle = Callable[[Wish], Awaitable[None]]
"""Raises StoreError."""

logger = logging.getLogger(__name__)


class Clerk:
    def __init__(
        self,
        inbox: Inbox,
        admission: Admission,
        *,
        sinks: Collection[str],
        observer: Observer,
        on_wish: OnLifecycle,
        on_readmitted: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """``on_wish`` returns once the wish is as safe as its notification was: only then is that settled.

        ``on_readmitted`` is told the sink of what was put back into the inbox."""
        self.inbox, self.admission, self.sinks, self.clock = inbox, admission, sinks, clock
        self.observer, self.on_wish, self.on_readmitted = observer, on_wish, on_readmitted
        self.news = asyncio.Event()
        self.complaints = Complaints(logger)

    def wake(self) -> None:
        self.news.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self.news.clear()
            try:
                busy = await self.page()
            except StoreError as error:
                busy = False
                self.complaints.add(f"The inbox cannot be read or written, lifecycle notifications wait: {error}")
            if not busy:
                await self.wait_for_news()

    async def wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self.news.wait()
        except TimeoutError:
            return

    async def route_lost(self) -> None:
        """Before anything is forwarded: what waits for a sink that is declared no more goes to another, in its order.

        Raises StoreError.
        """
        for sink, state in await self.inbox.depths():
            if state is State.WAITING and sink not in {UNROUTED, *self.sinks}:
                logger.warning("Notifications for the sink %a, which is declared no more, go elsewhere", sink)
                while page := await self.inbox.page(sink, after=0, limit=PAGE):
                    await self.inbox.reroute({entry.id: self.admission.sink(entry) for entry in page})

    async def page(self) -> bool:
        """Whether there was anything. Raises StoreError."""
        page = await self.inbox.page(UNROUTED, after=0, limit=PAGE)
        for entry in page:
            try:
                await self.see_to(entry)
            except StoreError:
                raise
            except Exception:
                logger.exception("A notification could not be seen to; it is entry %d of the inbox", entry.id)
                await self.dead(entry, "failed", "reconcile could not cope with it: the log tells more")
        return bool(page)

    async def see_to(self, entry: Entry) -> None:
        if entry.tenant_id is None:
            await self.judge_again(entry)
        elif entry.lifecycle:
            await self.wish(entry)
        elif (sink := self.admission.sink(entry)) != UNROUTED:
            await self.readmit(entry, dataclasses.replace(entry, sink=sink))
        else:
            message = "no manifest says where it belongs: name a sink in its Subscription, or give one default: true"
            await self.dead(entry, "no-sink", message)

    async def dead(self, entry: Entry, reason: str, message: str) -> None:
        await self.inbox.settle([Settled(entry.id, State.DEAD, self.clock.now(), reason, message)])
        self.observer.told(Told.DEAD_LETTER, dataclasses.replace(entry, reason=reason, message=message))

    async def wish(self, entry: Entry) -> None:
        await self.on_wish(
            wish_of(entry.change, tenant_id=entry.tenant_id or "", subscription_id=entry.subscription_id)
        )
        await self.inbox.settle([Settled(entry.id, State.DONE, self.clock.now(), "lifecycle")])
        self.observer.told(Told.LIFECYCLE, entry)

    async def judge_again(self, entry: Entry) -> None:
        """One that a person wants to be tried once more."""
        judged = self.admission.again(entry)
        if judged.state is State.SET_ASIDE:
            settled = Settled(entry.id, State.SET_ASIDE, self.clock.now(), judged.reason or "", judged.message)
            await self.inbox.settle([settled])
            self.observer.told(Told.SET_ASIDE, judged)
            return
        await self.readmit(entry, judged)
        self.observer.told(Told.ACCEPTED, judged)

    async def readmit(self, entry: Entry, again: Entry) -> None:
        await self.inbox.readmit(entry.id, again)
        self.on_readmitted(again.sink)
