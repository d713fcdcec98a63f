"""Renewals as they become due, the one that ends first goes first; needs no LIST, and waits for no pass."""

import asyncio
import datetime as dt
import heapq
import logging
from collections.abc import Callable

from reconciler.core.backoff import FIRST
from reconciler.core.change import Change
from reconciler.core.due import lifetime_of
from reconciler.core.errors import CredentialRefused, Gone, ReconcilerError, StoreError
from reconciler.core.gap import Cause
from reconciler.daemon.breaker import Breaker
from reconciler.daemon.holdings import Holdings
from reconciler.daemon.troubles import Troubles
from reconciler.engine.amend import renew_alone
from reconciler.engine.gaps import Predecessor, open_gap
from reconciler.engine.hands import Hands
from reconciler.engine.outcome import Outcome, done, failed
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Renewing"]

AT_ONCE = 50
"""Few enough that one which cannot wait is sent out soon, enough for Graph's limit of 25 a second (facts 8.1)."""

URGENT_PARTS = 20
"""What ends soon is tried so many times in the time that is left."""

Told = Callable[[Outcome], None]

logger = logging.getLogger(__name__)


def nobody() -> None:
    """Before it runs, there is nobody to engage."""


class Renewing:
    """Of one tenant. ``told`` hears of each outcome; ``lost`` of each name whose subscription is gone."""

    def __init__(
        self, holdings: Holdings, troubles: Troubles, breaker: Breaker, *, told: Told, lost: Callable[[str], None]
    ) -> None:
        self.holdings, self.troubles, self.breaker = holdings, troubles, breaker
        self.told, self.lost = told, lost
        self.waiting: list[tuple[dt.datetime, str]] = []
        """When it ends, and its id."""

        self.in_hand: set[str] = set()
        """The ids of those that wait, and of those that are being renewed."""

        self.workers = 0
        self.engage: Callable[[], None] = nobody
        self.complaints = Complaints(logger, every=NOW_AND_THEN)

    async def run(self, hands: Hands) -> None:
        """Until nothing is due any more."""
        async with asyncio.TaskGroup() as group:

            def engage() -> None:
                self.gather()
                for _ in range(min(AT_ONCE - self.workers, len(self.waiting))):
                    self.workers += 1
                    group.create_task(self.work(hands))

            self.engage = engage
            engage()

    def join_in(self) -> None:
        """While it runs: what has become due since does not wait behind those that Graph lets wait."""
        if self.workers:
            self.engage()

    def gather(self) -> None:
        """What has become due joins what waits."""
        for subscription_id in self.holdings.renewals.take(self.holdings.clock.now()):
            memory = self.holdings.recall.by_id.get(subscription_id)
            if memory and memory.expires_at and subscription_id not in self.in_hand:
                self.in_hand.add(subscription_id)
                heapq.heappush(self.waiting, (memory.expires_at, subscription_id))

    async def work(self, hands: Hands) -> None:
        try:
            while self.waiting and not hands.stopping() and not self.breaker.is_open:
                _, subscription_id = heapq.heappop(self.waiting)
                try:
                    await self.renew(hands, subscription_id)
                finally:
                    self.in_hand.discard(subscription_id)
                self.gather()
        finally:
            self.workers -= 1

    def looks_after(self, subscription_id: str) -> bool:
        """Then no pass need renew it."""
        return subscription_id in self.in_hand or self.holdings.renewals.time(subscription_id) is not None

    async def renew(self, hands: Hands, subscription_id: str) -> None:
        change = self.holdings.renewal(subscription_id)
        if change and not self.holdings.is_due(subscription_id):
            self.holdings.renewed(subscription_id)
            return
        if change is None:
            await self.look_at(hands, subscription_id)
            return
        try:
            message, _ = await renew_alone(hands, change)
        except Gone as gone:
            logger.warning("%s of %s is gone: %s", change.name, change.tenant, gone)
            self.troubles.succeeded()
            self.lost(change.name)
        except CredentialRefused as refused:
            self.breaker.refused(refused)
            self.holdings.renewals.put(subscription_id, self.holdings.clock.now())
        except StoreError as error:
            # It is the last thing that is done: Graph has renewed it by then, and our memory knows of it.
            self.complaints.add(f"{change.tenant}: renewals are not written down: {error}")
            self.troubles.worked(change.name, change.action)
        except ReconcilerError as error:
            self.fail(change, subscription_id, error)
        except Exception as error:
            logger.exception("renewing %s of %s", change.name, change.tenant)
            self.fail(change, subscription_id, ReconcilerError(f"internal error, please report it: {error!r}"))
        else:
            self.holdings.renewed(subscription_id)
            self.troubles.worked(change.name, change.action)
            self.told(done(change, message, subscription_id))

    async def look_at(self, hands: Hands, subscription_id: str) -> None:
        """It has ended: that is on record from now on, and what is wanted is created anew by a pass."""
        memory = self.holdings.recall.by_id.get(subscription_id)
        desired = self.holdings.desired.get(memory.name) if memory else None
        if memory is None or desired is None or memory.deleted_at or memory.expires_at is None:
            return
        self.lost(memory.name)
        try:
            await open_gap(hands, desired, Predecessor(memory.id, Cause.EXPIRED, memory.expires_at))
        except StoreError as error:
            self.complaints.add(f"{hands.party.name}: that {memory.name} has ended is not written down: {error}")

    def fail(self, change: Change, subscription_id: str, error: ReconcilerError) -> None:
        outcome = failed(change, error)
        lifetime = lifetime_of(change.live, self.holdings.clockwork, change.desired) if change.live else None
        beside = self.troubles.is_beside(change.name, change.action)
        trouble = self.troubles.failed(outcome, change.desired, lifetime=lifetime)
        at = min(trouble.next_try, self.latest(change, lifetime))
        self.holdings.renewals.put(subscription_id, at)
        if not beside:
            self.troubles.hurry(change.name, at)
            self.troubles.retries.drop(change.name)  # a renewal is tried again by itself, without a pass
        self.told(outcome)

    def latest(self, change: Change, lifetime: dt.timedelta | None) -> dt.datetime:
        """What ends soon waits for no backoff, only for a part of the time that is left."""
        now = self.holdings.clock.now()
        if change.live is None or lifetime is None:
            return now + FIRST
        begins = change.live.expires_at - lifetime / URGENT_PARTS
        if now < begins:
            return begins
        return now + max(FIRST, (change.live.expires_at - now) / URGENT_PARTS)
