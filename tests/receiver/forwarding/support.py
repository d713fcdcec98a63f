"""A receiver without its web application: deliveries in, a real store, sinks that note what they are given.

async with Post(tmp_path) as post:
    await post.deliver(item())
    await post.done()
    assert post.sink.subjects == ["…"]
"""

import asyncio
import contextlib
import datetime as dt
import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from reconciler.core.errors import StoreError
from reconciler.core.event import Event
from reconciler.core.lifecycle import Wish
from reconciler.core.subject import subject_of
from reconciler.emulator.entra.keys import Keys
from reconciler.engine.inbox import Entry, Inbox, State
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.entries import Admission
from reconciler.receiver.forwarding import Destination, Means, Office, Retry
from reconciler.receiver.forwarding.preparing import Preparing
from reconciler.receiver.forwarding.settling import Settler
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.observing import Content, Observers, Told
from reconciler.receiver.opening import Opener
from reconciler.receiver.private_keys import PrivateKeys
from reconciler.receiver.taking import SetAsideRoom, Taker
from reconciler.receiver.verifying import Verifier
from reconciler.store import Store
from reconciler.store.letters import Choice
from tests.receiver.sending import NOW, TENANT, Served, delivery, signing_key, verifier
from tests.support.world import until


class VirtualClock:
    """Sleeping takes no time, and the time goes on."""

    def __init__(self) -> None:
        self.time = NOW
        self.slept: list[float] = []
        self.held: asyncio.Event | None = None
        """Where it is set, who sleeps waits for it."""

    def now(self) -> dt.datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await (self.held.wait() if self.held else asyncio.sleep(0))
        self.time += dt.timedelta(seconds=seconds)


class NotingSink:
    """``react`` is called with each event before it is noted, and may wait or raise."""

    def __init__(self, react: Callable[[Event], Awaitable[None]] | None = None) -> None:
        self.events: list[Event] = []
        self.under_way = self.most_under_way = 0
        self.react = react

    async def send(self, event: Event) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await (self.react(event) if self.react else asyncio.sleep(0))
        finally:
            self.under_way -= 1
        self.events.append(event)

    async def close(self) -> None: ...

    @property
    def data(self) -> list[Any]:
        return [json.loads(event.content)["data"] for event in self.events]

    @property
    def ids(self) -> list[Any]:
        """What the items were given as ``resourceData.id``."""
        return [data["resourceData"]["id"] for data in self.data]


class Telling:
    """Observes, and lets what waits for something look again."""

    def __init__(self) -> None:
        self.told_of: list[tuple[str, str | None]] = []
        self.wake: Callable[[str], None] = lambda _: None

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        del content
        self.told_of.append((what.value, entry.reason))
        if what is Told.ACCEPTED:
            self.wake(entry.sink)


class Post:
    """``sinks`` are called "a", "b", …; the first takes what names no other."""

    def __init__(
        self,
        folder: Path,
        *sinks: NotingSink,
        served: Served | None = None,
        keys: PrivateKeys | None = None,
        by_name: dict[tuple[str, str], str] | None = None,
        retry: Retry | None = None,
        lanes: int = 16,
        room: int = 1_000_000,
        store: Store | None = None,
        lease: str = "forwarding",
    ) -> None:
        self.clock = VirtualClock()
        self.sinks = sinks or (NotingSink(),)
        self.names = [chr(ord("a") + number) for number in range(len(self.sinks))]
        self.store = store or Store.open(folder)
        self.owns_store = store is None
        self.inbox = self.store.inbox()
        self.letters = self.store.letters()
        self.served = served or Served(Keys(signing_key()))
        self.verifier: Verifier = verifier(self.served)
        self.known = KnownSubscriptions(lambda: self.store.known_subscriptions("contoso-prod"))
        self.admission = Admission(self.verifier, Destinations("a", by_name or {}), self.known)
        self.wishes: list[Wish] = []
        self.telling = Telling()
        self.room = SetAsideRoom(room)
        observers = Observers([self.telling])
        self.taker = Taker(self.admission, self.inbox, room=self.room, observer=observers, on_wish=self.wishes.append)
        self.preparing = Preparing(Opener(keys or PrivateKeys()), source=lambda tenant: f"urn:{tenant}")
        self.means = Means(self.inbox, self.verifier, self.preparing, Settler(self.inbox), observers, self.clock)
        destinations = [
            Destination(name, sink, lanes=lanes, retry=retry or Retry())
            for name, sink in zip(self.names, self.sinks, strict=True)
        ]
        self.office = Office(destinations, self.means, self.admission, lease=self.store.lease(lease), on_wish=self.wish)
        self.telling.wake = self.office.wake
        self.task: asyncio.Task[None] | None = None

    async def wish(self, wish: Wish) -> None:
        self.wishes.append(wish)

    @property
    def sink(self) -> NotingSink:
        return self.sinks[0]

    async def deliver(self, *items: Any, **more: Any) -> None:
        await self.taker.take(delivery(*items, **more))

    def start(self) -> None:
        self.task = asyncio.create_task(self.office.run())

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
            self.task = None

    async def until(self, condition: Callable[[], Any]) -> None:
        await until(condition)

    async def done(self) -> None:
        """Return once nothing waits."""
        await until(self.nothing_waits)

    async def nothing_waits(self) -> bool:
        return all(state is not State.WAITING for _, state in await self.inbox.depths())

    async def states(self) -> list[tuple[str, str | None]]:
        """Of all that is not done, in their order."""
        choice = Choice(states=frozenset({State.WAITING, State.DEAD, State.SET_ASIDE}))
        found = await self.letters.list(choice, limit=1000)
        return [(each.state.value, each.reason) for each in found]

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        self.preparing.close()
        if self.owns_store:
            await self.store.close()


def numbered(numbers: Iterable[Any], make: Callable[..., dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """Items about one team each, told apart by ``resourceData.id``."""
    return [make(resource="teams('one')", resourceData={"id": number}, **more) for number in numbers]


def failing_first(inbox: Inbox, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call of that name."""
    real, failures = getattr(inbox, name), iter([StoreError("locked")])

    async def failing(*given: Any, **more: Any) -> Any:
        for error in failures:
            raise error
        return await real(*given, **more)

    monkeypatch.setattr(inbox, name, failing)


TEAM = "teams('one')"


def lane_of(resource: str) -> int:
    """As a window has it, for the tenant of these tests."""
    return zlib.crc32(f"{TENANT} {subject_of(resource)}".lower().encode()) % 16


def set_destinations(post: Post, destinations: Destinations) -> None:
    """As other manifests would."""
    object.__setattr__(post.admission, "destinations", destinations)


async def letters(folder: Path) -> Sequence[Entry]:
    """All that is in a store that nobody has open."""
    async with Store.open(folder) as store:
        return await store.letters().list(Choice(states=frozenset(State)), limit=10_000)
