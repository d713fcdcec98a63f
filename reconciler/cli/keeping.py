"""``daemon``'s process, from the start in its order to an end that loses nothing.

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
import sys
import time
from collections.abc import Coroutine
from typing import Any

from reconciler.cli.doctor import finding_json
from reconciler.cli.inforce import InForce
from reconciler.cli.loading import Loaded
from reconciler.cli.parts import Parts
from reconciler.cli.reception import first, say_ready, serve_on
from reconciler.cli.self_examination import SelfExamination
from reconciler.cli.wiring import state_location
from reconciler.core.errors import ReconcilerError, StoreError
from reconciler.daemon.health import Pulse, health_routes
from reconciler.daemon.memory import give_back
from reconciler.daemon.notifying import Notifying, watchdog_seconds
from reconciler.daemon.ticking import Ticking
from reconciler.daemon.timepiece import Timepiece
from reconciler.daemon.tracing import Tracing
from reconciler.receiver import serve
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints
from reconciler.receiver.private import private_application
from reconciler.store import Store

__all__ = ["Daemon"]

PASSES_END = 14.0
"""Seconds for what is under way at Graph when the process is to end: a creation takes two validations (facts 3.1)."""

UNREADY = 3.0
"""Seconds in which a load balancer notices that we are not ready any more; the servers' own end takes up to 5 more."""

SWITCH = 0.001
"""Seconds after which a thread that plans ten thousand lets the event loop have its turn, which answers Graph."""

LIMITS = {"event-loop": 30.0, "scheduler": 30.0}

logger = logging.getLogger(__name__)


class Daemon:
    """What can be wrong with manifests, secrets and sinks is found when it is made. Raises ReconcilerError."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace) -> None:
        self.options, self.owner = options, loaded.owner or ""
        self.clock = Timepiece()
        self.inforce = InForce(loaded, options, self.clock)
        self.notifying, self.tracing = Notifying(), Tracing()
        self.ending, self.hurried = asyncio.Event(), asyncio.Event()

    @property
    def is_ending(self) -> bool:
        return self.ending.is_set()

    def end(self) -> None:
        """To be called by a signal."""
        self.ending.set()

    def hurry(self) -> None:
        """Read the manifests and the tenants anew. To be called by a signal."""
        self.hurried.set()

    async def run(self) -> None:
        """Until ``end`` is called. Raises ReconcilerError, and OSError where standard output takes no more."""
        gc.freeze()  # all that was imported stays, and looking through it again and again would hold up answers
        sys.setswitchinterval(SWITCH)
        try:
            async with Store.open(state_location(self.options), now=self.clock.now) as store:
                parts = await Parts.of(
                    store, self.inforce, self.options, owner=self.owner, clock=self.clock, tracing=self.tracing
                )
                async with parts.graph:
                    await Keeping(self, parts).run()
        except BaseExceptionGroup as group:
            error = first(group)
            if isinstance(error, ReconcilerError | OSError):
                raise error from None
            raise
        finally:
            await self.tracing.shutdown()
            self.notifying.close()


class Keeping:
    """The daemon while it runs."""

    def __init__(self, daemon: Daemon, parts: Parts) -> None:
        self.daemon, self.parts = daemon, parts
        self.options, self.inforce, self.notifying = daemon.options, daemon.inforce, daemon.notifying
        self.pulse = Pulse(LIMITS, monotonic=time.monotonic)
        self.complaints = Complaints(logger, every=NOW_AND_THEN)
        self.examination = SelfExamination(daemon.options, daemon.clock)
        self.is_ready = False

    async def run(self) -> None:
        self.inforce.enforce()
        await self.parts.presence.show()
        await self.parts.house.leading.hold()
        with Ticking(self.pulse) as ticking:
            self.tick(ticking)
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(each) for each in self.work()]
                await self.daemon.ending.wait()
                await self.finish()
                for each in reversed(running):
                    each.cancel()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        found = [self.parts.front.run(), self.inforce.watch(), self.open_up(), self.beat(), self.follow_hurries()]
        if self.options.private:
            found.append(self.serve_private())
        if self.options.listen:
            found.append(serve_on(self.parts.front, self.options, ready=self.answering))
        else:
            self.become_ready()
        return found

    def tick(self, ticking: Ticking) -> None:
        parts = self.parts
        ticking.every(1.0, "stewards", parts.house.begin_due)
        ticking.every(1.0, "wishes", parts.house.deliver)
        ticking.every(5.0, "lease", parts.house.leading.hold)
        ticking.every(5.0, "announcements", self.announce)
        ticking.every(10.0, "drop state", parts.dropping.look)
        ticking.every(15.0, "replicas", parts.presence.show)
        ticking.every(15.0, "orders", self.look_at_orders)
        ticking.every(30.0, "contradictions", parts.contradicting.remember)
        ticking.every(60.0, "levels", self.show_levels)
        ticking.every(3600.0, "kept keys", self.inforce.keep_keys)
        ticking.every(3600.0, "examination", self.examine)

    async def follow_hurries(self) -> None:
        while True:
            await self.daemon.hurried.wait()
            self.daemon.hurried.clear()
            self.notifying.reloading()
            await self.inforce.reload()
            self.notifying.ready()
            self.parts.house.wish("SIGHUP")

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
        self.parts.house.open_up()
        await self.examine()

    async def examine(self) -> None:
        await self.examination.look(self.inforce.loaded)
        self.parts.reporting.findings = [finding_json(each) for each in self.examination.findings]

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
        routes = health_routes(pulse=self.pulse, document=self.parts.reporting.document, wish=self.parts.house.wish)
        checks = {"receiver": self.readiness, "store": self.readable}
        private = private_application(self.parts.counter.metrics.registry, checks=checks, routes=routes)
        await serve(private, host=host, port=port, ready=lambda real: say_ready(host, real, "for metrics and health"))

    async def readable(self) -> str | None:
        await self.parts.counter.inbox.accepted([""])
        return None

    async def readiness(self) -> str | None:
        return None if self.is_ready else "the process has not begun to answer, or is about to end"

    async def announce(self) -> None:
        """One replica announces: the one that leads has also noted most of it."""
        if self.parts.house.leading.leads:
            await self.parts.announcing.announce()

    async def look_at_orders(self) -> None:
        try:
            await self.inforce.look_at_orders(self.parts.chronicle)
        except StoreError as error:
            self.complaints.add(f"What people have ordered cannot be read: {error}")

    async def show_levels(self) -> None:
        with contextlib.suppress(StoreError):  # then the last notifications are those of a while ago
            self.parts.reporting.heard = await self.parts.counter.inbox.heard()
        await asyncio.to_thread(self.parts.reporting.levels)
        await asyncio.to_thread(give_back)
        self.inforce.show(self.parts.metrics)
        self.parts.metrics.skewed(self.daemon.clock.skew)

    async def finish(self) -> None:
        """What was begun at Graph ends first, and our receiver answers its validations meanwhile."""
        logger.info("Ending: no pass begins any more, and nothing is deleted")
        self.notifying.stopping()
        try:
            async with asyncio.timeout(PASSES_END):
                await self.parts.house.stop()
        except TimeoutError:
            logger.warning("What is under way at Graph is not waited for any longer; the next process looks after it")
        self.is_ready = False
        await self.parts.house.leave()
        await self.parts.presence.leave()
        if self.options.listen:
            await asyncio.sleep(UNREADY)
