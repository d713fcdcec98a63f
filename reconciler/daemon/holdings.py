"""What is known of one tenant's subscriptions between two passes: what Graph has, what is wanted, when each is renewed.

Kept from what passes read and from every write of our own, so that renewals need no LIST.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping

from reconciler.core.asked import Asked
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork, urgent
from reconciler.core.gap import Gap
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.reasons import Action, Reason
from reconciler.core.renewal import FALLBACK, MARGIN, asked_lifetime, renewal_time
from reconciler.core.schedule import Schedule
from reconciler.core.times import spell_duration
from reconciler.core.world import Owned, World
from reconciler.engine.ports import Clock, Journal, Remembered
from reconciler.engine.recall import Recall

__all__ = ["ONCE_IN", "Holdings"]

AT_ONCE = 250
"""Subscriptions, a few milliseconds' work: then others have their turn."""

ONCE_IN = dt.timedelta(minutes=10)
"""A challenge is answered once in this time, however often Graph asks (facts 3.1, 6)."""


class Holdings:
    def __init__(
        self,
        tenant: str,
        owner: str,
        journal: Journal,
        clock: Clock,
        *,
        noted: Callable[[Gap], None] = lambda _: None,
    ) -> None:
        """``noted`` is told of each gap that a pass finds."""
        self.tenant, self.owner, self.clock = tenant, owner, clock
        self.recall = Recall(journal, clock, self.changed, on_gap=noted)
        self.desired: dict[str, Desired] = {}
        self.lives: dict[str, Owned] = {}
        """As the last pass read them; one that was written since is not among them."""

        self.seen_at: dict[str, dt.datetime] = {}
        """When each was last seen to be there."""

        self.absent: set[str] = set()
        """Names that the last whole list did not have, and that may be created without another one."""

        self.changes = 0
        """How often anything of all this has changed."""

        self.renewals = Schedule()
        self.challenged: set[str] = set()
        self.answered: dict[str, dt.datetime] = {}
        """When a challenge was answered by a reauthorization, which nothing else is remembered of."""

    def called(self, names: Iterable[str]) -> frozenset[str]:
        """The same, and what they were called before, or are to be called: it is the same subscription."""
        found = set(names)
        for each in self.desired.values():
            if each.previously and not found.isdisjoint({each.name, *each.previously}):
                found |= {each.name, *each.previously}
        return frozenset(found)

    def want(self, desired: dict[str, Desired]) -> None:
        """By name. Renewal times follow."""
        self.desired = desired
        self.changes += 1
        for memory in self.recall.by_id.values():
            self.plan_renewal(memory)

    async def read(self, world: World, *, full: bool) -> None:
        """What a pass has found; of those that it has written since, our own record counts."""
        now, owned = self.clock.now(), await asyncio.to_thread(owned_in, world, self.owner, dict(self.lives))
        fresh = {each.live.id: each for each in owned if self.is_as_read(each.live)}
        self.lives = fresh if full else self.lives | fresh
        self.changes += 1
        seen = dict.fromkeys((each.live.id for each in owned), now)
        self.seen_at = seen if full else self.seen_at | seen
        if full:
            there = {each.name for each in owned}
            missing = {each.name for each in self.desired.values() if there.isdisjoint({each.name, *each.previously})}
            self.absent = missing if world.incomplete is None else set()
        for position, each in enumerate(owned, start=1):
            if memory := self.recall.by_id.get(each.live.id):
                at = self.renews_at(memory)
                if not self.rests(memory, at):
                    self.renew_at(memory, at)
            if position % AT_ONCE == 0:
                await asyncio.sleep(0)

    def is_as_read(self, live: Live) -> bool:
        memory = self.recall.by_id.get(live.id)
        return memory is None or memory.written_at is None or memory.expires_at in {None, live.expires_at}

    def changed(self, subscription_id: str, memory: Remembered | None) -> None:
        """The journal has been written to."""
        self.lives.pop(subscription_id, None)
        self.changes += 1
        self.challenged.discard(subscription_id)
        self.answered.pop(subscription_id, None)
        if memory is None or memory.deleted_at:
            self.renewals.drop(subscription_id)
            self.seen_at.pop(subscription_id, None)
            return
        self.seen_at[subscription_id] = self.clock.now()
        self.absent.discard(memory.name)
        self.plan_renewal(memory)

    def plan_renewal(self, memory: Remembered) -> None:
        self.renew_at(memory, self.renews_at(memory))

    def renew_at(self, memory: Remembered, at: dt.datetime | None) -> None:
        if at is None:
            self.renewals.drop(memory.id)
        elif memory.id not in self.challenged:
            self.renewals.put(memory.id, at)

    def rests(self, memory: Remembered, at: dt.datetime | None) -> bool:
        """Whether its renewal, due ``at``, is overdue, and has failed or is under way: a look does not hurry it."""
        planned, now = self.renewals.time(memory.id), self.clock.now()
        return at is not None and at <= now and (planned is None or planned > now)

    def hurry(self, names: Collection[str]) -> frozenset[str]:
        """Renew them now; those that it can be said of."""
        now, found = self.clock.now(), set()
        for memory in self.recall.by_id.values():
            if memory.name in names and self.renewals.time(memory.id):
                self.renewals.put(memory.id, now)
                found.add(memory.name)
        return frozenset(found)

    def renews_at(self, memory: Remembered) -> dt.datetime | None:
        """None for what no manifest wants: a pass renews what must live all the same."""
        desired = self.desired.get(memory.name)
        if desired is None or memory.expires_at is None or memory.deleted_at:
            return None
        owned = self.lives.get(memory.id)
        granted = memory.granted or (owned.live.granted if owned else None)
        ceiling = (owned.live.kind if owned else desired.kind).longest(self.recall.learned)
        asked = asked_lifetime(ceiling, desired.lifetime) + MARGIN
        lifetime = min(granted or desired.lifetime or ceiling or FALLBACK, asked)  # as ``core.due.lifetime_of``
        return renewal_time(memory.name, memory.expires_at, lifetime=lifetime, renew_before=desired.renew_before)

    @property
    def clockwork(self) -> Clockwork:
        return Clockwork(self.clock.now(), None, self.recall.learned)

    def challenge(self, subscription_id: str) -> bool:
        """Graph wants it to be reauthorized; False where that was done a moment ago, or is nothing of ours."""
        memory = self.recall.by_id.get(subscription_id)
        if memory is None or memory.deleted_at or memory.name not in self.desired:
            return False
        now = self.clock.now()
        last = self.answered.get(subscription_id, memory.written_at)
        if subscription_id in self.challenged or (last and now - last < ONCE_IN):
            return False
        self.challenged.add(subscription_id)
        self.renewals.put(subscription_id, now)
        return True

    def renewed(self, subscription_id: str) -> None:
        """Where that wrote nothing, it lives as long already as we would ask for: nothing is tried at once again."""
        now = self.clock.now()
        if subscription_id in self.challenged:
            self.challenged.discard(subscription_id)
            self.answered[subscription_id] = now
        memory = self.recall.by_id.get(subscription_id)
        at = self.renews_at(memory) if memory else None
        if memory and at and self.renewals.time(subscription_id) is None:
            self.renew_at(memory, at if at > now else now + ONCE_IN)

    def is_due(self, subscription_id: str) -> bool:
        """Whether it is to be renewed still: somebody else may have done so since that was planned."""
        memory = self.recall.by_id.get(subscription_id)
        at = self.renews_at(memory) if memory else None
        return subscription_id in self.challenged or (at is not None and at <= self.clock.now())

    def renewal(self, subscription_id: str) -> Change | None:
        """The change that renews it; None for what is not wanted any more, or has ended."""
        memory = self.recall.by_id.get(subscription_id)
        desired = self.desired.get(memory.name) if memory else None
        if memory is None or desired is None or memory.expires_at is None or memory.deleted_at:
            return None
        now = self.clock.now()
        if memory.expires_at <= now:
            return None
        owned = self.lives.get(subscription_id)
        live = self.up_to_date(owned.live, memory) if owned else self.as_made(memory, desired)
        challenged = subscription_id in self.challenged
        left = spell_duration(memory.expires_at - now)
        return Change(
            name=memory.name,
            tenant=self.tenant,
            action=Action.RENEW,
            reason=Reason.REAUTHORIZATION_REQUIRED if challenged else Reason.RENEWAL_DUE,
            message="Graph asks for it" if challenged else f"it ends in {left}",
            desired=desired,
            live=live,
            mark=owned.mark if owned else mark_of(memory, self.owner),
        )

    def urgent(self, change: Change) -> bool:
        return change.live is not None and urgent(change.live, self.clockwork, change.desired)

    def up_to_date(self, live: Live, memory: Remembered) -> Live:
        if (memory.expires_at, memory.granted, memory.certificate_fixed) == told_by(live):
            return live  # as almost always, and a copy of ten thousand takes a while
        return dataclasses.replace(
            live,
            expires_at=memory.expires_at or live.expires_at,
            granted=memory.granted or live.granted,
            certificate_fixed=memory.certificate_fixed,
        )

    def as_made(self, memory: Remembered, desired: Desired) -> Live:
        """As Graph has it after we have written it: what may differ is for a pass to find out."""
        asked: Asked = dataclasses.replace(desired.asked, version=memory.version)
        mark = desired.mark(self.owner, birth=memory.birth, key=memory.key)
        return Live(
            id=memory.id,
            asked=asked,
            resource_text=desired.resource.text,
            notification_url=desired.notification_url,
            expires_at=memory.expires_at or self.clock.now(),
            mark=mark if desired.takes_query else None,
            lifecycle_mark=None if desired.takes_query else mark,
            certificate_id=memory.certificate_id,
            entry=desired.entry,
            resource=desired.resource,
            granted=memory.granted,
            certificate_fixed=memory.certificate_fixed,
        )

    def world(self) -> World:
        """As it is now, as far as we know."""
        live = []
        for memory in list(self.recall.by_id.values()):  # a copy: it is called on a thread
            if memory.deleted_at:
                continue
            owned, desired = self.lives.get(memory.id), self.desired.get(memory.name)
            if owned:
                live.append(self.up_to_date(owned.live, memory))
            elif desired:
                live.append(self.as_made(memory, desired))
        return World(self.tenant, tuple(live), learned=self.recall.learned)


def owned_in(world: World, owner: str, known: Mapping[str, Owned]) -> list[Owned]:
    """What has not changed as the object that is known already: a new one after each look would strew the memory."""
    found = []
    for each in world.owned(owner):
        before = known.get(each.live.id)
        found.append(before if before == each else each)
    return found


def told_by(live: Live) -> tuple[dt.datetime, dt.timedelta | None, bool]:
    return live.expires_at, live.granted, live.certificate_fixed


def mark_of(memory: Remembered, owner: str) -> Mark:
    return Mark(owner, memory.name, memory.birth, memory.key, None, memory.version)
