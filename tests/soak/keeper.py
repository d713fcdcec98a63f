"""A daemon's house on the emulator, as ``reconcile daemon`` joins it, but for its receiver and its ticks' own time.

Paced under Graph's documented limits, with its real client and store.
"""

import collections
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from reconciler.core.clouds import Cloud
from reconciler.core.desired import Desired
from reconciler.core.gap import Gap
from reconciler.core.options import Options
from reconciler.core.policy import Policy
from reconciler.core.rest import Waiting
from reconciler.daemon.house import House
from reconciler.daemon.leading import Fenced
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.orders import Means, Order
from reconciler.daemon.telling import Telling
from reconciler.daemon.tracing import Tracing
from reconciler.engine.hands import Party
from reconciler.graph.authentication import Access, SecretCredential
from reconciler.graph.client import Graph
from reconciler.store import Store
from tests.support.virtual import VirtualClock
from tests.support.world import OWNER, RING, Ring, scope_of

__all__ = ["TENANT", "Keeper"]

TENANT = "contoso"


class Complaints(logging.Handler):
    """How often each sentence was logged as a warning or worse, and whatever says that a mistake of ours was caught."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.mistakes: list[str] = []
        self.counts: collections.Counter[str] = collections.Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.counts[str(record.msg)] += 1
        if record.exc_info:
            self.mistakes.append(self.format(record))


class Passes(Telling):
    """How many there were, by kind and result."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(DaemonMetrics(CollectorRegistry()), clock, on_pass=lambda: None)
        self.counts: collections.Counter[str] = collections.Counter()
        self.seconds = 0.0

    def passed(self, tenant: str, due: Any, report: Any, seconds: float) -> None:
        super().passed(tenant, due, report, seconds)
        kind = "full" if due.full else "narrow"
        self.counts[f"{kind} failed" if tenant in report.unread else kind] += 1
        self.seconds += seconds


class Keeper:
    """``async with Keeper(…).entered() as keeper`` is one process's life."""

    def __init__(self, emulator: Any, clock: VirtualClock, state: Path, *, interval: dt.timedelta) -> None:
        self.info: Mapping[str, Any] = emulator.info
        self.clock, self.state, self.interval = clock, state, interval
        self.complaints, self.passes = Complaints(), Passes(clock)

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator["Keeper"]:
        logger = logging.getLogger("reconciler")
        before = logger.level
        logger.setLevel(logging.WARNING)
        logger.addHandler(self.complaints)
        try:
            async with Store.open(self.state, now=self.clock.now) as store, Graph(clock=self.clock) as graph:
                self.join(store, graph)
                yield self
                await self.house.stop()
                await self.house.leave()
        finally:
            logger.removeHandler(self.complaints)
            logger.setLevel(before)

    def join(self, store: Store, graph: Graph) -> None:
        self.store, self.graph = store, graph
        self.chronicle = store.chronicle(OWNER)
        means = Means(clock=self.clock, chronicle=self.chronicle, leads=lambda: False, stopping=lambda: False)
        self.house = House(means, store.lease(f"writing-{OWNER}"))
        self.house.listen(self.passes)
        self.house.open_up()

    def want(self, desired: Iterable[Desired]) -> None:
        order = Order(
            tenant_id=self.info["tenantId"],
            application=self.info["clientId"],
            open_party=self.party,
            probe=self.probe,
            desired={each.name: each for each in desired},
            options=self.options,
            client_states=Ring(RING),
            interval=self.interval,
        )
        self.house.want({TENANT: order})

    def options(self) -> Options:
        return Options(owner=OWNER, policy=Policy.FULL, waiting=Waiting(prune_after=self.interval * 2))

    def access(self) -> Access:
        cloud = Cloud("emulator", self.info["graph"], self.info["authority"], ca_file=self.info["caFile"])
        credential = SecretCredential(self.info["clientSecret"])
        return Access(self.info["tenantId"], self.info["clientId"], cloud, credential)

    def party(self) -> Party:
        client = self.graph.tenant(self.access())
        writer = Fenced(client, self.house.leading, Tracing(), tenant=TENANT)
        journal = self.store.journal(**scope_of(self.info))
        return Party(TENANT, self.info["tenantId"], reader=client, writer=writer, journal=journal)

    async def probe(self, _: Party) -> None:
        await self.graph.tenant(self.access()).roles()

    async def tick(self) -> None:
        await self.house.leading.hold()
        await self.house.tick()

    async def gaps(self) -> list[Gap]:
        return list(await self.chronicle.gaps())
