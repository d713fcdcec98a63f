"""Wishes in, from this receiver and those of other replicas; to the steward of their tenant out, and none is lost.

Whoever receives writes a wish down, whoever leads reads them all.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Iterable

from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Kind, Wish
from reconciler.daemon.steward import Steward
from reconciler.engine.chronicle import Chronicle
from reconciler.engine.ports import Clock
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Mailbox"]

LOOKED_FOR = dt.timedelta(minutes=10)
"""For so long an id that nobody here knows is not looked at again."""

MOST_LOOKED_FOR = 10_000

FROM_OTHERS = dt.timedelta(seconds=5)
"""So often it is looked for what other replicas have written down; what was written here is handed out at once."""

logger = logging.getLogger(__name__)


class Mailbox:
    def __init__(
        self,
        chronicle: Chronicle,
        clock: Clock,
        *,
        leads: Callable[[], bool],
        stewards: Callable[[], Iterable[tuple[str, Steward]]],
    ) -> None:
        """``stewards`` come with the ids of their tenants, in lower case."""
        self.chronicle, self.clock, self.leads, self.stewards = chronicle, clock, leads, stewards
        self.news = True
        self.looked_at = clock.now()
        self.looked_for: dict[str, dt.datetime] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.complaints = Complaints(logger, every=NOW_AND_THEN)

    def look(self, wish: Wish) -> None:
        """At a subscription that nobody here has heard of. It may be lost: a full pass finds it as well."""
        if any(steward.knows(wish.subscription_id) for _, steward in self.stewards()):
            return  # just created: the receiver reads only now and then what there is
        now = self.clock.now()
        at = self.looked_for.get(wish.subscription_id)
        if (at and now - at < LOOKED_FOR) or len(self.looked_for) >= MOST_LOOKED_FOR:
            return
        self.looked_for[wish.subscription_id] = now
        task = asyncio.create_task(self.try_keep(wish))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def try_keep(self, wish: Wish) -> None:
        try:
            await self.write(wish)
        except StoreError as error:
            self.complaints.add(f"What a pass should look at is not written down: {error}")

    async def keep(self, wish: Wish) -> None:
        """Of a lifecycle notification. Raises StoreError."""
        if wish.kind is Kind.RENEW and self.leads() and any(self.challenge(wish)):
            return  # a renewal that is lost is asked for again
        await self.write(wish)

    async def write(self, wish: Wish) -> None:
        await self.chronicle.wish(wish, at=self.clock.now())
        self.news = True

    def challenge(self, wish: Wish) -> Iterable[bool]:
        """For each steward that knows the subscription."""
        for tenant_id, steward in self.stewards():
            if tenant_id == wish.tenant_id.lower() and steward.knows(wish.subscription_id):
                steward.challenge(wish)
                yield True

    async def deliver(self) -> None:
        """Hand out what was written down; to be called every second by whoever leads."""
        self.forget()
        now = self.clock.now()
        if not self.leads() or not (self.news or abs(now - self.looked_at) >= FROM_OTHERS):
            return
        self.news, self.looked_at = False, now
        try:
            for wished in await self.chronicle.wishes():
                mine = [steward for tenant_id, steward in self.stewards() if tenant_id == wished.wish.tenant_id.lower()]
                for steward in mine:
                    await steward.grant(wished)
                if not mine:
                    await self.chronicle.granted([wished])
        except StoreError as error:
            self.news = True
            self.complaints.add(f"What was wished for cannot be read: {error}")

    def forget(self) -> None:
        old = self.clock.now() - LOOKED_FOR
        for subscription_id in [each for each, at in self.looked_for.items() if at <= old]:
            del self.looked_for[subscription_id]
