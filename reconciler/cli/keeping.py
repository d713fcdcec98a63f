"""``daemon``'s process: everything joined, from the start in its order to an end that loses nothing.

store open, receiver answering      → ready
our own public URLs answer          → the first pass
ticks                               → passes, renewals, wishes, announcements
a signal                            → no new pass, what is under way at Graph ends, unready, drained, closed
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from reconciler.cli.desk import Counter
from reconciler.cli.front import Front
from reconciler.cli.inforce import InForce
from reconciler.cli.loading import Loaded
from reconciler.cli.locking import writing_lease
from reconciler.cli.ordering import Circumstances
from reconciler.cli.reception import first, say_ready, serve_on
from reconciler.cli.snapshot_out import SnapshotOut
from reconciler.cli.wiring import new_graph, state_location
from reconciler.core.errors import ReconcilerError, StoreError
from reconciler.daemon.announcing import Announcing
from reconciler.daemon.contradicting import Contradicting
from reconciler.daemon.dropping import Dropping
from reconciler.daemon.health import Pulse, health_routes
from reconciler.daemon.house import House
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.notifying import Notifying, watchdog_seconds
from reconciler.daemon.orders import Means
from reconciler.daemon.presence import Presence
from reconciler.daemon.reporting import Manifests, Reporting
from reconciler.daemon.telling import Telling
from reconciler.daemon.ticking import Ticking
from reconciler.daemon.timepiece import Timepiece
from reconciler.daemon.tracing import Tracing
from reconciler.receiver import serve
from reconciler.receiver.private import private_application
from reconciler.store import Store

__all__ = ["Daemon"]

PASSES_END = 14.0
"""Seconds for what is under way at Graph when the process is to end: a creation takes two validations (facts 3.1)."""

UNREADY = 3.0
"""Seconds in which a load balancer notices that we are not ready any more; the servers' own end takes up to 5 more."""

LIMITS = {"event-loop": 30.0, "scheduler": 30.0}

logger = logging.getLogger(__name__)


class Daemon:
    """What can be wrong with manifests, secrets and sinks is found when it is made. Raises ReconcilerError."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace) -> None:
        self.options, self.owner = options, loaded.owner or ""
        self.clock = Timepiece()
        self.inforce = InForce(loaded, options, self.clock)
        self.ending = asyncio.Event()
        self.is_ready = False
        self.notifying, self.tracing = Notifying(), Tracing()
        self.pulse = Pulse(LIMITS, monotonic=time.monotonic)
        self.snapshot = SnapshotOut(Path(options.snapshot_out)) if options.snapshot_out else None

    @property
    def is_ending(self) -> bool:
        return self.ending.is_set()

    def end(self) -> None:
        """To be called by a signal."""
        self.ending.set()

    def hurry(self) -> None:
        """Read the manifests and the tenants anew, as for SIGHUP."""
        self.house.begin(self.reload())
        self.house.wish("SIGHUP")

    async def reload(self) -> None:
        self.notifying.reloading()
        await self.inforce.reload()
        self.notifying.ready()

    async def run(self) -> None:
        """Until ``end`` is called. Raises ReconcilerError, and OSError where standard output takes no more."""
        gc.freeze()  # all that was imported stays, and looking through it again and again would hold up answers
        try:
            async with Store.open(state_location(self.options), now=self.clock.now) as store:
                await self.join(store)
                async with self.graph:
                    await self.keep()
        except BaseExceptionGroup as group:
            error = first(group)
            if isinstance(error, ReconcilerError | OSError):
                raise error from None
            raise

    async def join(self, store: Store) -> None:
        """Make all parts, and let them know each other."""
        inforce, clock = self.inforce, self.clock
        self.store, self.chronicle = store, store.chronicle(self.owner)
        self.graph = new_graph(inforce.loaded, clock=clock, on_answer=self.answered)
        means = Means(
            clock=clock,
            chronicle=self.chronicle,
            leads=lambda: False,
            stopping=lambda: False,
            tracing=self.tracing,
        )
        self.house = House(means, writing_lease(store, self.owner))
        self.contradicting = Contradicting(clock, self.house.by_tenant_id)
        self.counter = await Counter.of(
            store,
            self.owner,
            wishing=self.house.mailbox,
            printing=not inforce.loaded.wanted.manifests.sinks,
            clock=clock,
            observers=[self.contradicting],
        )
        self.metrics = DaemonMetrics(self.counter.metrics.registry)
        self.house.listen(Telling(self.metrics, clock, on_pass=self.passed))
        self.front = Front(self.counter)
        self.presence = Presence(self.chronicle, clock)
        self.announcing = Announcing(
            self.chronicle, self.counter.inbox, clock, sink=self.front.sink, wake=self.front.wake
        )
        self.dropping = Dropping(
            self.chronicle,
            clock,
            shares=self.counter.metrics.shares,
            affected=lambda: inforce.affected(self.counter.known.by_id),
            noted=self.noted,
        )
        self.reporting = Reporting(
            house=self.house, owner=self.owner, clock=clock, metrics=self.metrics, manifests=Manifests(clock.now())
        )
        around = Circumstances(
            options=self.options,
            store=store,
            graph=self.graph,
            leading=self.house.leading,
            tracing=self.tracing,
            loaded_keys=lambda: self.presence.loaded if self.front.desk else None,
            kept=lambda: inforce.kept_thumbprints,
            rotating=lambda: inforce.rotating,
            reader=self.snapshot.reader if self.snapshot else lambda _tenant, _id, reader: reader,
        )
        inforce.join(around, front=self.front, house=self.house, presence=self.presence, reporting=self.reporting)

    async def keep(self) -> None:
        self.inforce.enforce()
        await self.presence.show()
        await self.house.leading.hold()
        with Ticking(self.pulse) as ticking:
            self.tick(ticking)
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(each) for each in self.work()]
                await self.ending.wait()
                await self.finish()
                for each in reversed(running):
                    each.cancel()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        found = [self.front.run(), self.inforce.watch(), self.open_up(), self.beat()]
        if self.options.private:
            found.append(self.serve_private())
        if self.options.listen:
            found.append(serve_on(self.front, self.options, ready=self.answering))
        else:
            self.become_ready()
        return found

    def tick(self, ticking: Ticking) -> None:
        ticking.every(1.0, "stewards", self.house.begin_due)
        ticking.every(1.0, "wishes", self.house.deliver)
        ticking.every(5.0, "lease", self.house.leading.hold)
        ticking.every(5.0, "announcements", self.announce)
        ticking.every(10.0, "drop state", self.dropping.look)
        ticking.every(15.0, "replicas", self.presence.show)
        ticking.every(15.0, "orders", self.look_at_orders)
        ticking.every(30.0, "contradictions", self.contradicting.remember)
        ticking.every(60.0, "levels", self.show_levels)
        ticking.every(3600.0, "kept keys", self.inforce.keep_keys)

    async def beat(self) -> None:
        """That the event loop turns, for /livez and for systemd's watchdog."""
        pause = min((watchdog_seconds(os.environ) or 20.0) / 2, 10.0)
        while True:
            self.pulse.beat("event-loop")
            if not self.pulse.problems():
                self.notifying.watchdog()
            await asyncio.sleep(pause)

    async def open_up(self) -> None:
        """Passes begin once Graph can validate our endpoints."""
        await self.inforce.own_endpoints()
        self.house.open_up()

    def answering(self, port: int) -> None:
        host, _ = self.options.listen
        say_ready(host, port, f"for {self.inforce.paths or 'no path yet: no Endpoint has receiver: self'}")
        self.become_ready()

    def become_ready(self) -> None:
        self.is_ready = True
        self.notifying.ready()
        logger.info("Ready: the store is open%s", " and the receiver answers" if self.options.listen else "")

    async def serve_private(self) -> None:
        host, port = self.options.private
        routes = health_routes(pulse=self.pulse, document=self.reporting.document, wish=self.house.wish)
        checks = {"receiver": self.readiness, "store": self.readable}
        private = private_application(self.counter.metrics.registry, checks=checks, routes=routes)
        await serve(private, host=host, port=port, ready=lambda real: say_ready(host, real, "for metrics and health"))

    async def readable(self) -> str | None:
        await self.counter.inbox.accepted([""])
        return None

    async def readiness(self) -> str | None:
        return None if self.is_ready else "the process has not begun to answer, or is about to end"

    async def announce(self) -> None:
        """One replica announces: the one that leads has also noted most of it."""
        if self.house.leading.leads:
            await self.announcing.announce()

    async def look_at_orders(self) -> None:
        try:
            await self.inforce.look_at_orders(self.chronicle)
        except StoreError as error:
            logger.warning("What people have ordered cannot be read: %s", error)

    async def show_levels(self) -> None:
        with contextlib.suppress(StoreError):  # then the last notifications are those of a while ago
            self.reporting.heard = await self.chronicle.heard()
        await asyncio.to_thread(self.reporting.levels)
        self.inforce.show(self.metrics)
        self.metrics.skewed(self.clock.skew)

    def passed(self) -> None:
        if self.snapshot:
            remembered = {name: each.recall.by_id for name, each in self.house.holdings()}
            self.house.begin(self.snapshot.write(self.clock.now(), remembered))

    def noted(self, gap: Any) -> None:
        self.house.means.listener.noted(gap)

    def answered(self, observed: Any) -> None:
        self.clock.observe(observed)
        if observed.status == 429:
            self.metrics.throttled(self.house.name_of(observed.tenant_id))

    async def finish(self) -> None:
        """What was begun at Graph ends first, and our receiver answers its validations meanwhile."""
        logger.info("Ending: no pass begins any more, and nothing is deleted")
        self.notifying.stopping()
        try:
            async with asyncio.timeout(PASSES_END):
                await self.house.stop()
        except TimeoutError:
            logger.warning("What is under way at Graph is not waited for any longer; the next process looks after it")
        self.is_ready = False
        await self.house.leave()
        await self.presence.leave()
        await self.tracing.shutdown()
        self.notifying.close()
        if self.options.listen:
            await asyncio.sleep(UNREADY)
