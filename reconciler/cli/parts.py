"""Makes all parts of the daemon, and lets them know each other; starts none of them."""

import argparse
import asyncio
import dataclasses
from pathlib import Path
from typing import Self

from reconciler.cli.desk import Counter
from reconciler.cli.front import Front
from reconciler.cli.inforce import InForce
from reconciler.cli.locking import writing_lease
from reconciler.cli.ordering import Circumstances
from reconciler.cli.snapshot_out import SnapshotOut
from reconciler.cli.wiring import new_graph
from reconciler.core.gap import Gap
from reconciler.daemon.announcing import Announcing
from reconciler.daemon.contradicting import Contradicting
from reconciler.daemon.dropping import Dropping
from reconciler.daemon.house import House
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.orders import Means
from reconciler.daemon.presence import Presence
from reconciler.daemon.reporting import Manifests, Reporting
from reconciler.daemon.telling import Telling
from reconciler.daemon.timepiece import Timepiece
from reconciler.daemon.tracing import Tracing
from reconciler.engine.chronicle import Chronicle
from reconciler.engine.ports import Reader
from reconciler.graph.client import Graph, Observed
from reconciler.store import Store

__all__ = ["Parts"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    announcing: Announcing
    chronicle: Chronicle
    contradicting: Contradicting
    counter: Counter
    dropping: Dropping
    front: Front
    graph: Graph
    house: House
    metrics: DaemonMetrics
    presence: Presence
    reporting: Reporting

    @classmethod
    async def of(
        cls,
        store: Store,
        inforce: InForce,
        options: argparse.Namespace,
        *,
        owner: str,
        clock: Timepiece,
        tracing: Tracing,
    ) -> Self:
        """Raises StoreError."""
        chronicle = store.chronicle(owner)
        house = House(Means(clock=clock, chronicle=chronicle, tracing=tracing), writing_lease(store, owner))
        contradicting = Contradicting(clock, house.by_tenant_id)
        counter = await Counter.of(
            store,
            owner,
            wishing=house.mailbox,
            printing=not inforce.loaded.wanted.manifests.sinks,
            clock=clock,
            observers=[contradicting],
        )
        front, metrics = Front(counter), DaemonMetrics(counter.metrics.registry)
        snapshots = SnapshotOut(Path(options.snapshot_out)) if options.snapshot_out else None
        manifests = Manifests(clock.now())
        reporting = Reporting(house=house, owner=owner, clock=clock, metrics=metrics, manifests=manifests)
        watching = Watching(clock, house, reporting, snapshots)
        house.listen(Telling(metrics, clock, on_pass=watching.passed))
        parts = cls(
            announcing=Announcing(chronicle, counter.inbox, clock, sink=front.sink, wake=front.wake),
            chronicle=chronicle,
            contradicting=contradicting,
            counter=counter,
            dropping=Dropping(
                chronicle,
                clock,
                shares=counter.metrics.shares,
                affected=lambda: inforce.affected(counter.known.by_id),
                noted=watching.noted,
            ),
            front=front,
            graph=new_graph(inforce.loaded, clock=clock, on_answer=watching.answered),
            house=house,
            metrics=metrics,
            presence=Presence(chronicle, clock),
            reporting=reporting,
        )
        inforce.join(parts.circumstances(store, inforce, options, tracing, watching), parts)
        return parts

    def circumstances(
        self, store: Store, inforce: InForce, options: argparse.Namespace, tracing: Tracing, watching: "Watching"
    ) -> Circumstances:
        return Circumstances(
            options=options,
            store=store,
            graph=self.graph,
            leading=self.house.leading,
            tracing=tracing,
            loaded_keys=lambda: self.presence.loaded if self.front.desk else None,
            kept=lambda: inforce.kept_thumbprints,
            rotating=lambda: inforce.rotating,
            deaf=inforce.deaf,
            reader=watching.reader,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Watching:
    """Who is told what happens, and tells it to whom it concerns."""

    clock: Timepiece
    house: House
    reporting: Reporting
    snapshots: SnapshotOut | None

    def reader(self, tenant: str, tenant_id: str, reader: Reader) -> Reader:
        return self.snapshots.reader(tenant, tenant_id, reader) if self.snapshots else reader

    def passed(self) -> None:
        self.house.begin(asyncio.to_thread(self.reporting.levels))
        if self.snapshots:
            remembered = {name: each.recall.by_id for name, each in self.house.holdings()}
            self.house.begin(self.snapshots.write(self.clock.now(), remembered))

    def noted(self, gap: Gap) -> None:
        self.house.means.listener.noted(gap)

    def answered(self, observed: Observed) -> None:
        self.clock.observe(observed)
        if observed.status == 429:
            self.reporting.metrics.throttled(self.house.name_of(observed.tenant_id))
