"""What has to be done now and then: old entries removed, the inbox measured, what is known read anew.

Each of it on its own: one that fails is said, and tried again the next time.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import Depth, Inbox, State
from reconciler.engine.ports import Clock
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.taking import SetAsideRoom

__all__ = ["Housekeeping", "Keep"]

BATCH = 500
"""Entries that are removed in one commit, which deliveries wait for."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Keep:
    """For how long what is done with, and what was set aside, stays in the inbox."""

    done: dt.timedelta = dt.timedelta(hours=4)
    """As long as Graph tries again (facts 5.1): meanwhile a second copy is recognized."""

    set_aside: dt.timedelta = dt.timedelta(days=7)


OnDepths = Callable[[Mapping[tuple[str, State], Depth]], None]


@dataclasses.dataclass(slots=True)
class Housekeeping:
    inbox: Inbox
    known: KnownSubscriptions
    room: SetAsideRoom
    keep: Keep
    on_depths: OnDepths
    flush: Callable[[], Awaitable[None]]
    """Writes down when subscriptions were last heard of."""

    clock: Clock
    complaints: Complaints = dataclasses.field(default_factory=lambda: Complaints(logger))

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for work, seconds in (
                (self.purge, 5.0),
                (self.measure, 5.0),
                (self.measure_room, 15.0),
                (self.known.refresh, 60.0),
                (self.flush, 15.0),
            ):
                group.create_task(self.repeat(work, seconds))

    async def repeat(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            await self.attempt(work)
            await asyncio.sleep(seconds)

    async def attempt(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except StoreError as error:
            self.complaints.add(f"The inbox is not kept in order: {error}")

    async def purge(self) -> None:
        now, removed = self.clock.now(), BATCH
        while removed == BATCH:
            removed = await self.inbox.purge(
                done_before=now - self.keep.done, set_aside_before=now - self.keep.set_aside, most=BATCH
            )

    async def measure(self) -> None:
        self.on_depths(await self.inbox.depths())

    async def measure_room(self) -> None:
        self.room.used = await self.inbox.size(State.SET_ASIDE)
