"""All sinks: forwards for as long as this process has the lease, and keeps the inbox in order meanwhile.

office = Office(…)
await office.run()          # until it is cancelled
office.wake("events")       # whoever has put something into the inbox
"""

import asyncio
import logging
from collections.abc import Iterable

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import UNROUTED, Lease
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.entries import Admission
from reconciler.receiver.forwarding.clerk import Clerk, OnLifecycle
from reconciler.receiver.forwarding.destination import Destination
from reconciler.receiver.forwarding.forwarder import Forwarder, Means

__all__ = ["Office"]

RENEWAL = 5.0
"""Seconds between two renewals of the lease, a third of its life."""

KNOWN_WITHIN = 5.0
"""Seconds for the store to say whether the lease is ours: the rest of its life is for us to stop in."""

AGAIN = 5.0
"""Seconds until forwarding begins anew after a mistake of ours has ended it."""

GRACE = 2.0
"""Seconds for what is being forwarded when the process ends."""

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another process forwards now."""


class Office:
    def __init__(
        self,
        destinations: Iterable[Destination],
        means: Means,
        admission: Admission,
        *,
        lease: Lease,
        on_wish: OnLifecycle,
    ) -> None:
        self.destinations = tuple(destinations)
        self.means, self.admission, self.lease, self.on_wish = means, admission, lease, on_wish
        self.forwarders: dict[str, Forwarder] = {}
        self.clerk: Clerk | None = None
        self.ending = False
        """A group of tasks that ends by a mistake swallows that it was cancelled as well."""

        self.complaints = Complaints(logger)

    def wake(self, sink: str) -> None:
        if sink == UNROUTED and self.clerk:
            self.clerk.wake()
        elif forwarder := self.forwarders.get(sink):
            forwarder.wake()

    async def run(self) -> None:
        """Until it is cancelled. Whatever else ends it is said, and it begins anew: what it had in hand is stored."""
        settling, forwarding = asyncio.create_task(self.means.settler.run()), asyncio.create_task(self.go_on())
        try:
            await asyncio.wait([settling, forwarding], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.finish()
            raise
        finally:
            # First who has outcomes, then who writes them down.
            self.ending = True
            for task in (forwarding, settling):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self.release()

    async def finish(self) -> None:
        """What is under way is sent and written down, if that is done soon: else it would be sent twice."""
        try:
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*(forwarder.finish() for forwarder in self.forwarders.values()))
        except TimeoutError:
            logger.info("What was being forwarded is sent again by the next process")

    async def go_on(self) -> None:
        while not self.ending:
            await self.forward_while_leased()

    async def forward_while_leased(self) -> None:
        if not await self.hold():
            self.complaints.add("Another process forwards what is in the inbox; this one stands by")
            await asyncio.sleep(RENEWAL)
            return
        # What was forwarded before is read again until it is written down.
        await self.means.settler.empty()
        try:
            await self.forward()
        except* LeaseLost:
            logger.warning("Another process has taken the forwarding over")
        except* StoreError as errors:
            self.complaints.add(f"The inbox cannot be read, nothing is forwarded: {errors.exceptions[0]}")
            await asyncio.sleep(AGAIN)
        except* Exception:
            logger.exception("Forwarding has ended in a way that it should not, and begins anew")
            await asyncio.sleep(AGAIN)

    async def forward(self) -> None:
        self.forwarders = {each.name: Forwarder(each, self.means) for each in self.destinations}
        self.clerk = Clerk(
            self.means.inbox,
            self.admission,
            sinks=self.forwarders,
            observer=self.means.observer,
            on_wish=self.on_wish,
            on_readmitted=self.wake,
            clock=self.means.clock,
        )
        await self.clerk.route_lost()
        async with asyncio.TaskGroup() as group:
            for forwarder in self.forwarders.values():
                group.create_task(forwarder.run())
            group.create_task(self.clerk.run())
            group.create_task(self.keep_lease())

    async def keep_lease(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            if not await self.hold():
                raise LeaseLost

    async def hold(self) -> bool:
        """False as well where nobody knows: by the time that a store answers, the lease may be another's."""
        try:
            async with asyncio.timeout(KNOWN_WITHIN):
                return await self.lease.hold()
        except (StoreError, TimeoutError) as error:
            self.complaints.add(f"The store does not tell who forwards: {str(error) or 'it takes too long'}")
            return False

    async def release(self) -> None:
        try:
            await self.lease.release()
        except StoreError as error:
            logger.warning("Another process must wait a while before it forwards: %s", error)
