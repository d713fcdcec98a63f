"""A daemon's house on the emulator, with its real client and store, in virtual time: days pass in seconds.

async with household.open() as home:
    home.want(home.mail("a"), home.mail("b"))
    await home.live(minutes=1)
    assert home.held() == ["a", "b"]
    assert home.writes() == ["POST 201", "POST 201"]
    await home.live(days=3, every=600)

Nothing begins by itself but by ``live``, which ticks as the daemon does. What a daemon would print is in ``lines``;
whatever says that a mistake of ours was caught fails the test.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from reconciler.core.clouds import Cloud
from reconciler.core.desired import Desired
from reconciler.core.errors import StoreError
from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Kind, Wish
from reconciler.core.options import Options
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action
from reconciler.core.rest import Waiting
from reconciler.core.times import spell_duration
from reconciler.daemon.house import House
from reconciler.daemon.leading import Fenced
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.orders import Means, Order
from reconciler.daemon.presence import Presence
from reconciler.daemon.reporting import Manifests, Reporting
from reconciler.daemon.telling import Telling
from reconciler.daemon.timepiece import Timepiece
from reconciler.daemon.tracing import Tracing
from reconciler.engine.hands import Party
from reconciler.engine.ports import Remembered
from reconciler.engine.run import Deaf
from reconciler.graph.authentication import Access, SecretCredential
from reconciler.graph.calls import Patience
from reconciler.graph.client import Graph, Observed
from reconciler.graph.listing import Caps
from reconciler.store import Store
from reconciler.store.leases import FileLease
from tests.support.receiver import ValidationReceiver
from tests.support.virtual import VirtualClock, run_until
from tests.support.world import MAIL, OWNER, RING, TEAM, UNPACED, Ring, Scene, scope_of

__all__ = ["Household", "OwnClock", "Street", "live"]

TENANT = "contoso"
FAILED = ("internal error", "in a way that it should not", "has failed, and is tried again")
"""What is logged where a mistake of ours was caught."""

EVER = 1_000_000
TWICE = Patience(tries=2)
FEW_PAGES = Caps(pages=100, empty_in_a_row=55)
"""Less than usual: it is about what comes after."""

HOUR = dt.timedelta(hours=1)
TICK = dt.timedelta(seconds=1)
SLOW_TICK = dt.timedelta(seconds=4)
"""While something is under way: mostly it waits to ask Graph once more."""


def mail(number: int) -> str:
    return MAIL.replace("00000000000{}", f"{number:012}")


def team(number: int) -> str:
    return TEAM.replace("00000000000{}", f"{number:012}")


class Lines(logging.Handler):
    """What is logged, as ``WARNING text``, and when by the virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(logging.INFO)
        self.clock = clock
        self.timed: list[tuple[dt.datetime, str]] = []
        self.mistakes: list[str] = []
        self.waiting: list[tuple[str, asyncio.Future[None]]] = []

    async def heard(self, words: str) -> None:
        """Return when a line has these words in it, the next time."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((words, future))
        await future

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        for words, future in self.waiting:
            if words in text and not future.done():
                future.set_result(None)
        if record.exc_info or any(word in text for word in FAILED):
            self.mistakes.append(text)
        self.timed.append((self.clock.time, f"{record.levelname} {text}"))

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.timed]


@dataclasses.dataclass(frozen=True, slots=True)
class Street:
    """What all households of one test share: the local Graph, its time, and an endpoint that answers."""

    emulator: Any
    receiver: ValidationReceiver
    others: httpx.Client
    clock: VirtualClock
    folder: Path

    @contextlib.asynccontextmanager
    async def open(self, name: str = "home", **given: Any) -> AsyncIterator["Household"]:
        """A daemon with a store of its own; ``state``: one that it shares."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        home = Household(self, folder, **given)
        async with home.entered():
            yield home


class OwnClock(Timepiece):
    """The daemon's own on a machine whose wall clock is wrong by ``off``."""

    def __init__(self, clock: VirtualClock, off: dt.timedelta = dt.timedelta()) -> None:
        self.virtual, self.off = clock, off
        booted = clock.time
        super().__init__(
            wall=lambda: clock.time + self.off, steady=lambda: (clock.time - booted) / dt.timedelta(seconds=1)
        )

    async def sleep(self, seconds: float) -> None:
        await self.virtual.sleep(seconds)


class Household:
    def __init__(
        self,
        street: Street,
        folder: Path,
        *,
        state: Path | str | None = None,
        owner: str = OWNER,
        own: OwnClock | None = None,
    ) -> None:
        """``own``: a clock that may be wrong; else it goes by the emulator's."""
        self.street, self.owner = street, owner
        self.own: VirtualClock | OwnClock = own or street.clock
        self.emulator, self.clock = street.emulator, street.clock
        self.scene = Scene(street.emulator, street.receiver, street.others, folder)
        self.state = state or self.scene.state
        self.secret = street.emulator.info["clientSecret"]
        self.authority = street.emulator.info["authority"]
        self.ring: Mapping[str, bytes | Exception] = MappingProxyType(RING)
        self.interval = HOUR
        self.policy, self.rotating, self.renew_before = Policy.FULL, False, None
        self.deaf: Deaf | None = None
        self.desired: dict[str, Desired] = {}
        self.logged = Lines(street.clock)
        self.seen = self.scene.requests()
        self.tokens_seen = self.seen

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        logger = logging.getLogger("reconciler")
        before = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self.logged)
        try:
            async with self.running():
                yield
        finally:
            logger.removeHandler(self.logged)
            logger.setLevel(before)
        assert self.logged.mistakes == []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """One process's life; it ends without a farewell unless ``end`` is called."""
        now = self.own.now
        async with (
            Store.open(self.state, now=now, patience=0.05) as store,
            Graph(clock=self.own, limits=UNPACED, patience=TWICE, caps=FEW_PAGES, on_answer=self.answered) as graph,
        ):
            self.store, self.graph = store, graph
            self.chronicle = store.chronicle(self.owner)
            means = Means(clock=self.own, chronicle=self.chronicle, leads=lambda: False, stopping=lambda: False)
            self.house = House(means, store.lease(f"writing-{self.owner}"))
            metrics = DaemonMetrics(CollectorRegistry())
            self.passes = 0
            self.house.listen(Telling(metrics, self.own, on_pass=self.passed))
            self.presence = Presence(self.chronicle, self.own)
            self.reporting = Reporting(
                house=self.house, owner=self.owner, clock=self.own, metrics=metrics, manifests=Manifests(now())
            )
            self.house.open_up()
            try:
                yield
            finally:
                for steward in self.house.stewards.values():
                    for task in list(steward.tasks.values()):
                        task.cancel()
                await self.house.idle()
                lease = self.house.leading.lease
                if isinstance(lease, FileLease):
                    lease.let_go()  # as the system does when a process has ended

    def answered(self, observed: Observed) -> None:
        if isinstance(self.own, OwnClock):
            self.own.observe(observed)

    def passed(self) -> None:
        self.passes += 1

    # What is wanted

    def mail(self, name: str, number: int = 1, **changes: Any) -> Desired:
        """Of a mailbox: 7 days, ``missed`` is told, one after the other may stand."""
        return self.scene.want(name, mail(number), **changes)

    def team(self, name: str, number: int = 1, **changes: Any) -> Desired:
        """Of a team: 3 days, only one may stand."""
        return self.scene.want(name, team(number), **changes)

    def want(self, *desired: Desired) -> None:
        self.desired = {each.name: each for each in desired}
        self.house.want({TENANT: self.order()})

    async def settle(self, *desired: Desired, **time: float) -> None:
        """Let them be created, and some time pass; what was asked and said until then counts no more."""
        self.want(*desired)
        await self.live(seconds=10)
        assert self.held() == sorted(self.desired)
        if time:
            await self.live(**time)
        self.begin_afresh()

    def begin_afresh(self) -> None:
        self.asked()
        self.token_requests()
        self.logged.timed.clear()

    def order(self) -> Order:
        return Order(
            tenant_id=self.emulator.info["tenantId"],
            application=self.emulator.info["clientId"],
            open_party=self.party,
            probe=self.probe,
            desired=dict(self.desired),
            options=self.options,
            client_states=Ring(self.ring),
            interval=self.interval,
            renews=self.policy.allows(Action.RENEW),
            deaf=self.deaf,
        )

    def options(self) -> Options:
        waiting = Waiting(loaded=self.presence.loaded, prune_after=self.interval * 2)
        return Options(owner=self.owner, policy=self.policy, waiting=waiting, rotate_keys=self.rotating)

    def access(self) -> Access:
        info = self.emulator.info
        cloud = Cloud("emulator", info["graph"], self.authority, ca_file=info["caFile"])
        return Access(info["tenantId"], info["clientId"], cloud, SecretCredential(self.secret))

    def party(self) -> Party:
        client, info = self.graph.tenant(self.access()), self.emulator.info
        writer = Fenced(client, self.house.leading, Tracing(), tenant=TENANT)
        journal = self.store.journal(**{**scope_of(info), "owner": self.owner})
        return Party(TENANT, info["tenantId"], reader=client, writer=writer, journal=journal)

    async def probe(self, _: Party) -> None:
        await self.graph.tenant(self.access()).roles()

    # Time

    @property
    def is_busy(self) -> bool:
        """Whether something is under way, such as a request that is to be repeated."""
        return any(steward.tasks for steward in self.house.stewards.values())

    async def next_due(self) -> dt.datetime | None:
        """When a tick will find something to do, by all that a steward waits for."""
        if self.is_busy:
            return self.clock.time + SLOW_TICK
        if self.house.leads() and self.house.leading.certain and await self.wished():
            return self.clock.time + TICK
        found = [each for steward in self.house.stewards.values() for each in waited_for(steward)]
        due = min(filter(None, found), default=None)
        return due - (self.own.now() - self.clock.time) if due else None

    async def wished(self) -> bool:
        with contextlib.suppress(StoreError):
            return bool(await self.chronicle.wishes())
        return False

    async def live(self, **time: float) -> None:
        """Let time pass: ``live(days=3)``."""
        await live(dt.timedelta(**time), self)

    async def tick(self) -> None:
        await self.house.leading.hold()
        await self.house.tick()

    async def end(self) -> None:
        """In good order."""
        await self.house.stop()
        await self.house.leave()

    # What Graph has, and was asked

    def held(self) -> list[str]:
        return self.scene.held()

    def one(self, name: str) -> dict[str, Any]:
        return self.scene.one(name)

    def id_of(self, name: str) -> str:
        return str(self.one(name)["id"])

    def asked(self) -> list[str]:
        """Of subscriptions, since this, or ``writes``, was asked last; without those whose tokens have lapsed."""
        start, self.seen = self.seen, self.scene.requests()
        return [each for each in self.scene.since(start) if not each.endswith("401")]

    def writes(self) -> list[str]:
        return [each for each in self.asked() if not each.startswith("GET")]

    def token_requests(self) -> list[str]:
        """Their statuses, since the last time that this was asked."""
        start, self.tokens_seen = self.tokens_seen, self.scene.requests()
        asked = self.emulator.requests()[start:]
        return [str(each["status"]) for each in asked if each["path"].endswith("/token")]

    def left(self, name: str) -> dt.timedelta:
        """How long it lives still."""
        return dt.datetime.fromisoformat(self.one(name)["expirationDateTime"]) - self.clock.time

    # What the daemon knows and says

    @property
    def steward(self) -> Any:
        return self.house.stewards[TENANT]

    def troubles(self) -> dict[str, tuple[str, str, int]]:
        """By name: the action, the class of the error, how often."""
        found = self.steward.troubles.by_name
        return {name: (each.action, each.kind, each.attempts) for name, each in sorted(found.items())}

    def rests(self, name: str) -> dt.timedelta:
        """Until it is tried again."""
        found: dt.timedelta = self.steward.troubles.by_name[name].next_try - self.clock.time
        return found

    def remembered(self) -> Mapping[str, Remembered]:
        found: Mapping[str, Remembered] = self.steward.holdings.recall.by_id
        return found

    async def gaps(self) -> list[str]:
        """As ``name cause length``, ``open`` where it is not over."""
        return [shown(gap) for gap in await self.chronicle.gaps()]

    @property
    def document(self) -> Any:
        """The tenant's part of /status.json."""
        return self.reporting.document()["tenants"][0]

    def conditions(self) -> dict[str, str]:
        return {each["name"]: each["condition"] for each in self.document["subscriptions"]}

    @property
    def lines(self) -> list[str]:
        return self.logged.texts

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.lines if not line.startswith("INFO")]

    def said(self, *words: str) -> list[str]:
        """The lines that have all of these in them."""
        return [line for line in self.lines if all(word in line for word in words)]

    async def wish(self, kind: Kind, subscription_id: str) -> None:
        """As the receiver does with a lifecycle notification."""
        wish = Wish(kind, self.emulator.info["tenantId"], subscription_id)
        await self.house.mailbox.keep(wish)

    # What goes wrong

    def fail(self, method: str, status: int, *, count: int = EVER, **more: Any) -> dict[str, Any]:
        """For ``faults(answers=[…])``."""
        return {"method": method, "status": status, "count": count, **more}

    def away(self, status: int = 503) -> None:
        """Graph answers nothing but this."""
        methods = ("GET", "POST", "PATCH", "DELETE")
        self.emulator.faults({"answers": [self.fail(each, status) for each in methods]})

    def back(self) -> None:
        self.emulator.faults({})


async def live(length: dt.timedelta, *homes: Household) -> None:
    """For several side by side. Each ticks every second, as a daemon does; ticks that find nothing are left out."""
    clock = homes[0].clock
    end = clock.time + length
    while clock.time < end:
        for home in homes:
            await home.tick()
        await clock.quiet()
        due = [await home.next_due() for home in homes]
        await run_until(clock, min(end, max(clock.time + TICK, min(filter(None, due), default=end))))


def waited_for(steward: Any) -> Iterator[dt.datetime | None]:
    trigger, holdings = steward.trigger, steward.holdings
    if not steward.means.leads():
        return
    if not steward.means.certain():
        yield steward.clock.now() + 60 * TICK
        return
    if steward.breaker.is_open:
        yield steward.breaker.next_probe
        return
    yield from (trigger.next_full, vars(trigger)["_full_at"], vars(trigger)["_narrow_at"])
    yield steward.troubles.retries.next()
    yield holdings.renewals.next() if holdings and steward.order.renews else None


def shown(gap: Gap) -> str:
    length = spell_duration(gap.until - gap.since) if gap.until else "open"
    return f"{gap.name} {gap.cause} {length}"
