"""One sink: what waits for it in the inbox in, in order; forwarded, or a dead letter, out.

What is in the memory is bounded: while the sink is away, the rest stays in the store.
"""

import asyncio
import dataclasses
import functools
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
from reconciler.receiver.forwarding.window import Window
from reconciler.receiver.observing import Content, Observer, Told
from reconciler.receiver.verdicts import Doubt, Reason
from reconciler.receiver.verifying import Verifier

__all__ = ["Forwarder", "Means"]

PAGE = 256
POLL = 1.0
"""Seconds after which it looks for what other processes have put into the inbox."""

GIVE_WAY, LOOKS, FEW = 0.2, 20, 32
"""While requests crowd, a few entries are read after so many seconds; so often it looks whether they still do."""

LONGEST_MESSAGE = 1000

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
        self.news, self.going_on = asyncio.Event(), asyncio.Event()
        self.going_on.set()
        self.window = Window(destination.lanes, on_room=self.wake)
        self.batches: asyncio.Queue[Batch] = asyncio.Queue(maxsize=1)
        self.front = 0
        """Up to this id, all has been seen."""

        self.complaints = Complaints(logger)

    def wake(self) -> None:
        """There is something new in the inbox, or room for something old."""
        self.news.set()

    async def finish(self) -> None:
        """Read no more, and return once nothing is in hand."""
        self.going_on.clear()
        await self.window.empty()

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            lanes = Lanes(self.destination, group, clock=self.means.clock, on_sent=self.sent, on_retry=self.retried)
            group.create_task(self.place(lanes))
            while True:
                await self.window.room()
                most = FEW if await self.give_way() else PAGE
                await self.going_on.wait()
                self.news.clear()
                await self.refill()
                if not await self.read(most):
                    await self.wait_for_news()

    async def read(self, most: int) -> bool:
        """The next entries; False where there are none."""
        page = await self.page(self.front, most)
        if page:
            self.front = page[-1].id
            await self.begin(self.window.take(page))
        return bool(page)

    async def refill(self) -> None:
        """Lanes that had fallen behind and have room: from where the first of them has stopped."""
        lanes = self.window.waiting()
        after = min((lane.taken for lane in lanes), default=0)
        while lanes:
            page = await self.page(after, PAGE)
            if page is None:
                return
            seen = [entry for entry in page if entry.id <= self.front]
            if not seen:
                for lane in lanes:
                    lane.behind = False
                return
            after = seen[-1].id
            await self.begin(self.window.retake(lanes, seen))

    async def give_way(self) -> bool:
        """Graph waits for an answer, what is in the inbox waits for nobody. True where it is crowded all the while."""
        for _ in range(LOOKS):
            if not self.means.crowded():
                return False
            await asyncio.sleep(GIVE_WAY / LOOKS)
        return True

    async def page(self, after: int, most: int) -> Sequence[Entry] | None:
        """None where nobody knows."""
        try:
            return await self.means.inbox.page(self.destination.name, after=after, limit=most)
        except StoreError as error:
            self.complaints.add(f"The inbox cannot be read, nothing is forwarded: {error}")
            return None

    async def wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self.news.wait()
        except TimeoutError:
            return

    async def begin(self, entries: Sequence[Entry]) -> None:
        """Verify what is encrypted, see which are duplicates, and begin to open the others."""
        if not entries:
            return
        doubts = await self.doubts([entry for entry in entries if entry.encrypted])
        fresh = await self.fresh([entry for entry in entries if entry.id not in doubts])
        preparing = asyncio.ensure_future(self.means.preparing.prepare(fresh))
        await self.batches.put(Batch(entries, doubts, fresh, preparing))

    async def place(self, lanes: Lanes) -> None:
        """Into the lanes, in their order, while the next ones are being opened."""
        while True:
            batch = await self.batches.get()
            events = dict(self.opened(batch.fresh, await batch.preparing))
            for entry in batch.entries:
                doubt = batch.doubts.get(entry.id)
                if doubt and doubt.for_good:
                    self.set_aside(entry, doubt)
                elif doubt:
                    lanes.add(self.window.number(entry), Job(entry, functools.partial(self.late, entry)))
                elif event := events.get(entry.id):
                    lanes.add(self.window.number(entry), Job(entry, event))

    async def doubts(self, entries: Iterable[Entry]) -> Mapping[int, Doubt]:
        """By the id of their entry. Where keys must be fetched first, that is waited for in their lanes."""
        found = {entry.id: await self.doubt(entry, fetch=False) for entry in entries}
        return {number: doubt for number, doubt in found.items() if doubt}

    async def doubt(self, entry: Entry, *, fetch: bool) -> Doubt | None:
        try:
            tokens = json.loads(entry.tokens) if entry.tokens else ()
            return await self.means.verifier.doubt(
                tokens, tenant_id=entry.tenant_id or "", path=entry.path, at=entry.received_at, fetch=fetch
            )
        except Exception:
            logger.exception("A notification could not be verified; it is entry %d of the inbox", entry.id)
            return Doubt(Reason.FAILED, "reconcile could not cope with its tokens: the log tells more")

    async def late(self, entry: Entry) -> Event | None:
        """For one that cannot be judged yet, because the authority is away."""
        while (doubt := await self.doubt(entry, fetch=True)) and not doubt.for_good:
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
            twice = entry.fingerprint in known or not self.window.first(entry)
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
        in_hand = self.window.fingerprints.keys() & found
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
        message = storable(message)
        settled = Settled(entry.id, state, self.means.clock.now(), reason, message, attempts)
        self.means.settler.add(settled, self.window.release)
        if told is not Told.FORWARDED:  # most are, and their copy would cost more than all the rest here
            entry = dataclasses.replace(entry, state=state, reason=reason, message=message)
        self.means.observer.told(told, entry, content)


Fresh = Sequence[tuple[Entry, bool]]


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Entries that are being opened."""

    entries: Sequence[Entry]
    doubts: Mapping[int, Doubt]
    """By the id of their entry."""

    fresh: Fresh
    preparing: asyncio.Future[list[Prepared]]


def storable(message: str | None) -> str | None:
    """A sink's message may have come from anywhere: short, and without what a database refuses."""
    if message is None:
        return None
    return message[:LONGEST_MESSAGE].replace("\0", "").encode("utf-8", "backslashreplace").decode()
