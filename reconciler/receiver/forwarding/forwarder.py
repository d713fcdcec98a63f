"""One sink: what waits for it in the inbox in, in order; forwarded, or a dead letter, out.

What is in the memory is bounded: while the sink is away, the rest stays in the store.
"""

import asyncio
import dataclasses
import functools
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from reconciler.core.errors import StoreError
from reconciler.core.event import Event
from reconciler.engine.inbox import DUPLICATE, Entry, Inbox, Settled, State
from reconciler.engine.ports import Clock
from reconciler.engine.sinks import Refused
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.forwarding.destination import Destination
from reconciler.receiver.forwarding.lanes import Job, Lanes, Sent
from reconciler.receiver.forwarding.preparing import Prepared, Preparing
from reconciler.receiver.forwarding.settling import Settler
from reconciler.receiver.observing import Content, Observer, Told
from reconciler.receiver.verdicts import Doubt
from reconciler.receiver.verifying import Verifier

__all__ = ["Forwarder", "Means"]

PAGE = 256
IN_HAND, BYTES_IN_HAND = 1024, 16 * 1024 * 1024
"""What is read from the inbox and not settled, for each sink."""

POLL = 1.0
"""Seconds after which it looks for what other processes have put into the inbox."""

GIVE_WAY, LOOKS, FEW = 0.2, 20, 32
"""While requests crowd, a few entries are read after so many seconds; so often it looks whether they still do."""

JUDGED_AGAIN = 10.0
"""Seconds until an entry whose signing keys could not be had is judged once more."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Means:
    """What all forwarders share."""

    inbox: Inbox
    verifier: Verifier
    preparing: Preparing
    settler: Settler
    observer: Observer
    clock: Clock
    crowded: Callable[[], bool] = lambda: False
    """Whether so many requests wait for their answers that all else had better wait a little."""


class Forwarder:
    def __init__(self, destination: Destination, means: Means) -> None:
        self.destination, self.means = destination, means
        self.in_hand = InHand()
        self.news, self.going_on = asyncio.Event(), asyncio.Event()
        self.going_on.set()
        self.complaints = Complaints(logger)

    def wake(self) -> None:
        """There is something new in the inbox."""
        self.news.set()

    async def finish(self) -> None:
        """Read no more, and return once nothing is in hand."""
        self.going_on.clear()
        await self.in_hand.empty()

    async def run(self) -> None:
        """Until it is cancelled."""
        batches: asyncio.Queue[Batch] = asyncio.Queue(maxsize=1)
        async with asyncio.TaskGroup() as group:
            lanes = Lanes(self.destination, group, clock=self.means.clock, on_sent=self.sent, on_retry=self.retried)
            group.create_task(self.place(batches, lanes))
            after = 0  # up to this id, everything was read
            while True:
                await self.in_hand.room()
                most = FEW if await self.give_way() else PAGE
                await self.going_on.wait()
                self.news.clear()
                page = await self.page(after, most)
                if page:
                    after = page[-1].id
                    await batches.put(await self.batch(page))
                else:
                    await self.wait_for_news()

    async def give_way(self) -> bool:
        """Graph waits for an answer, what is in the inbox waits for nobody. True where it is crowded all the while."""
        for _ in range(LOOKS):
            if not self.means.crowded():
                return False
            await asyncio.sleep(GIVE_WAY / LOOKS)
        return True

    async def page(self, after: int, most: int) -> Sequence[Entry]:
        try:
            return await self.means.inbox.page(self.destination.name, after=after, limit=most)
        except StoreError as error:
            self.complaints.add(f"The inbox cannot be read, nothing is forwarded: {error}")
            return ()

    async def wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self.news.wait()
        except TimeoutError:
            return

    async def batch(self, page: Sequence[Entry]) -> "Batch":
        """Verify what is encrypted, see which are duplicates, and begin to open the others."""
        for entry in page:
            self.in_hand.add(entry)
        doubts = {entry.id: await self.doubt(entry) for entry in page if entry.encrypted}
        fresh = await self.fresh([entry for entry in page if doubts.get(entry.id) is None])
        preparing = asyncio.ensure_future(self.means.preparing.prepare(fresh))
        return Batch(page, {number: doubt for number, doubt in doubts.items() if doubt}, fresh, preparing)

    async def place(self, batches: "asyncio.Queue[Batch]", lanes: Lanes) -> None:
        """Into the lanes, in their order, while the next ones are being opened."""
        while True:
            batch = await batches.get()
            events = dict(self.opened(batch.fresh, await batch.preparing))
            for entry in batch.page:
                doubt = batch.doubts.get(entry.id)
                if doubt and doubt.for_good:
                    self.set_aside(entry, doubt)
                elif doubt:
                    lanes.add(Job(entry, functools.partial(self.late, entry)))
                elif event := events.get(entry.id):
                    lanes.add(Job(entry, event))

    async def doubt(self, entry: Entry) -> Doubt | None:
        tokens = json.loads(entry.tokens) if entry.tokens else ()
        return await self.means.verifier.doubt(
            tokens, tenant_id=entry.tenant_id or "", path=entry.path, at=entry.received_at
        )

    async def late(self, entry: Entry) -> Event | None:
        """For one that cannot be judged yet, because the authority is away."""
        while (doubt := await self.doubt(entry)) and not doubt.for_good:
            if self.means.clock.now() - entry.since > self.destination.retry.span:
                break
            self.complaints.add(f"Encrypted notifications are kept until they can be verified: {doubt.message}")
            await self.means.clock.sleep(JUDGED_AGAIN)
        if doubt:
            self.set_aside(entry, doubt)
            return None
        fresh = await self.fresh([entry])
        return dict(self.opened(fresh, await self.means.preparing.prepare(fresh))).get(entry.id)

    async def fresh(self, entries: Sequence[Entry]) -> "Fresh":
        """Verified ones in, those out that are no duplicates, each with whether it may be one."""
        known = await self.known_already(entries)
        fresh = []
        for entry in entries:
            twice = entry.fingerprint in known or not self.in_hand.first(entry)
            if twice and entry.exact:
                self.settle(entry, State.DONE, DUPLICATE, told=Told.DUPLICATE)
            else:
                fresh.append((entry, twice))
        return fresh

    def opened(self, fresh: "Fresh", prepared: Sequence[Prepared]) -> Iterator[tuple[int, Event]]:
        """By the id of their entry; what could not be opened has become a dead letter."""
        for (entry, twice), each in zip(fresh, prepared, strict=True):
            if twice:
                self.means.observer.told(Told.POSSIBLE_DUPLICATE, entry)
            if isinstance(each.event, Event):
                self.means.observer.told(Told.OPENED, entry, each.content)
                yield entry.id, each.event
            else:
                self.dead(entry, each.event.reason.value, each.event, content=each.event)

    async def known_already(self, entries: Sequence[Entry]) -> frozenset[str]:
        """Fingerprints of what was accepted before."""
        found = {entry.fingerprint for entry in entries if entry.fingerprint}
        in_hand = self.in_hand.fingerprints.keys() & found
        while True:
            try:
                return await self.means.inbox.accepted(found) | in_hand
            except StoreError as error:
                self.complaints.add(f"The inbox cannot be read, nothing is forwarded: {error}")
                await asyncio.sleep(POLL)

    def set_aside(self, entry: Entry, doubt: Doubt) -> None:
        self.settle(entry, State.SET_ASIDE, doubt.reason.value, message=doubt.message, told=Told.SET_ASIDE)

    def retried(self, entry: Entry) -> None:
        self.means.observer.told(Told.RETRIED, entry)

    def sent(self, sent: Sent) -> None:
        if sent.error is None:
            self.settle(sent.entry, State.DONE, "forwarded", told=Told.FORWARDED, attempts=sent.attempts)
        else:
            reason = "refused" if isinstance(sent.error, Refused) else "undelivered"
            self.dead(sent.entry, reason, sent.error, attempts=sent.attempts)

    def dead(self, entry: Entry, reason: str, error: Exception, *, attempts: int = 0, content: Content = None) -> None:
        self.settle(
            entry, State.DEAD, reason, message=str(error), told=Told.DEAD_LETTER, attempts=attempts, content=content
        )

    def settle(
        self,
        entry: Entry,
        state: State,
        reason: str,
        *,
        told: Told,
        message: str | None = None,
        attempts: int = 0,
        content: Content = None,
    ) -> None:
        settled = Settled(entry.id, state, self.means.clock.now(), reason, message, attempts)
        self.means.settler.add(settled, self.in_hand.release)
        if told is not Told.FORWARDED:  # most are, and their copy would cost more than all the rest here
            entry = dataclasses.replace(entry, state=state, reason=reason, message=message)
        self.means.observer.told(told, entry, content)


Fresh = Sequence[tuple[Entry, bool]]


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """A page that is being opened."""

    page: Sequence[Entry]
    doubts: Mapping[int, Doubt]
    """By the id of their entry."""

    fresh: Fresh
    preparing: asyncio.Future[list[Prepared]]


class InHand:
    """What was read and is not settled."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.size = 0
        self.fingerprints: dict[str, int] = {}
        """Of those that are verified, with the id of the first that has it."""

        self.left = asyncio.Event()

    def add(self, entry: Entry) -> None:
        self.entries[entry.id] = entry
        self.size += len(entry.body)

    def first(self, entry: Entry) -> bool:
        """Whether no other one has its fingerprint; from now on it has."""
        return entry.fingerprint is None or self.fingerprints.setdefault(entry.fingerprint, entry.id) == entry.id

    def release(self, settled: Settled) -> None:
        entry = self.entries.pop(settled.id)
        self.size -= len(entry.body)
        if entry.fingerprint and self.fingerprints.get(entry.fingerprint) == entry.id:
            del self.fingerprints[entry.fingerprint]
        self.left.set()

    async def room(self) -> None:
        """Return once there is room for another page."""
        while len(self.entries) >= IN_HAND or self.size >= BYTES_IN_HAND:
            await self.less()

    async def empty(self) -> None:
        while self.entries:
            await self.less()

    async def less(self) -> None:
        self.left.clear()
        await self.left.wait()
