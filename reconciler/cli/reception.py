"""Joins the receiver: the web application, the inbox in the store, the sinks, and who counts and prints.

    Graph → application → Taker → inbox → Office → sinks

reception = Reception(loaded, options)
await reception.run()          # until it is cancelled
"""

import argparse
import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from reconciler.cli.arrivals import Printed, Printer
from reconciler.cli.loading import Loaded
from reconciler.cli.receiving import Receiving
from reconciler.cli.sinks import default_sink, open_sinks
from reconciler.cli.wiring import state_location
from reconciler.core.errors import ReconcilerError
from reconciler.core.lifecycle import Kind, Wish
from reconciler.core.manifest.settings_kinds import Inbox as InboxSettings
from reconciler.engine.clock import SystemClock
from reconciler.engine.inbox import Inbox
from reconciler.receiver import ClientStates, Verifier, application, serve
from reconciler.receiver.application import HELD
from reconciler.receiver.counting import Counting
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.entries import Admission
from reconciler.receiver.forwarding import Destination, Means, Office
from reconciler.receiver.forwarding.preparing import Preparing
from reconciler.receiver.forwarding.settling import Settler
from reconciler.receiver.hearing import Hearing
from reconciler.receiver.housekeeping import Housekeeping, Keep
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.observing import Observers, Waking
from reconciler.receiver.opening import Opener
from reconciler.receiver.private import private_application
from reconciler.receiver.room import Room
from reconciler.receiver.taking import SetAsideRoom, Taker
from reconciler.store import Store

__all__ = ["Reception"]

CLOSING = 3.0
"""Seconds for a sink to let go."""

PRINTED = "printed"
"""The sink where no manifest declares one."""

logger = logging.getLogger(__name__)


class Reception:
    """What can be wrong with manifests, secrets and sinks is found when it is made. Raises ReconcilerError."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace) -> None:
        self.loaded, self.options = loaded, options
        self.receiving = Receiving.of(loaded, options)
        self.destinations = list(open_sinks(loaded))
        self.clock = SystemClock()
        self.metrics = Metrics()
        self.bodies = Room(HELD)

    async def run(self) -> None:
        """Until it is cancelled. Raises ReconcilerError, and OSError where standard output takes no more."""
        gc.freeze()  # all that was imported stays, and looking through it again and again would hold up answers
        try:
            async with Store.open(state_location(self.options)) as store:
                await self.receive(store)
        except BaseExceptionGroup as group:
            error = first(group)
            if isinstance(error, ReconcilerError | OSError):
                raise error from None
            raise

    async def receive(self, store: Store) -> None:
        inbox, known = store.inbox(), self.known(store)
        await known.refresh()
        hearing = Hearing(inbox, self.receiving.declared, self.metrics, self.clock)
        printer, waking = Printer(), Waking()
        printers = [] if self.options.quiet else [printer]
        observer = Observers([Counting(self.metrics, self.clock), hearing, waking, *printers])
        admission = self.admission(known)
        room = SetAsideRoom(self.settings.set_aside.size)
        taker = Taker(admission, inbox, room=room, observer=observer, on_wish=note)
        async with self.sinks(printer) as destinations, self.preparing() as preparing:
            means = Means(
                inbox, admission.verifier, preparing, Settler(inbox), observer, self.clock, crowded=self.bodies.crowded
            )
            office = Office(destinations, means, admission, lease=store.lease("forwarding"), on_wish=note)
            waking.wake = office.wake
            async with asyncio.TaskGroup() as group:
                group.create_task(office.run())
                group.create_task(self.housekeeping(inbox, known, room, hearing).run())
                group.create_task(printer.watch())
                if self.options.private:
                    group.create_task(self.serve_private(inbox))
                group.create_task(self.serve_graph(taker))

    @property
    def settings(self) -> InboxSettings:
        return self.loaded.wanted.settings.inbox

    def known(self, store: Store) -> KnownSubscriptions:
        owner = self.loaded.owner or ""
        return KnownSubscriptions(lambda: store.known_subscriptions(owner))

    def admission(self, known: KnownSubscriptions) -> Admission:
        states = ClientStates(self.receiving.client_states, births=known.birth)
        verifier = Verifier(states, self.receiving.validation_tokens)
        default = default_sink(self.loaded) if self.destinations else PRINTED
        return Admission(verifier, Destinations(default, self.receiving.sinks), known)

    @contextlib.asynccontextmanager
    async def sinks(self, printer: Printer) -> AsyncIterator[Sequence[Destination]]:
        try:
            yield self.destinations or [Destination(PRINTED, Printed(printer))]
        finally:
            for destination in self.destinations:
                await close(destination)

    @contextlib.asynccontextmanager
    async def preparing(self) -> AsyncIterator[Preparing]:
        preparing = Preparing(Opener(self.receiving.keys), source=self.receiving.source)
        try:
            yield preparing
        finally:
            await asyncio.to_thread(preparing.close)

    def housekeeping(
        self, inbox: Inbox, known: KnownSubscriptions, room: SetAsideRoom, hearing: Hearing
    ) -> Housekeeping:
        return Housekeeping(
            inbox=inbox,
            known=known,
            room=room,
            keep=Keep(self.settings.keep, self.settings.set_aside.keep),
            on_depths=lambda depths: self.metrics.depths(depths, self.clock.now()),
            flush=hearing.flush,
            clock=self.clock,
        )

    async def serve_graph(self, taker: Taker) -> None:
        host, port = self.options.listen
        routes = self.receiving.routes
        paths = ", ".join(sorted(routes.notifications | routes.lifecycle))
        await serve(
            application(routes, on_delivery=taker.take, answers=self.metrics, now=self.clock.now, room=self.bodies),
            host=host,
            port=port,
            tls_certificate=Path(self.options.tls_cert) if self.options.tls_cert else None,
            tls_key=Path(self.options.tls_key) if self.options.tls_key else None,
            ready=lambda real: say_ready(host, real, f"for {paths}"),
        )

    async def serve_private(self, inbox: Inbox) -> None:
        host, port = self.options.private

        async def readable() -> str | None:
            await inbox.accepted([""])
            return None

        private = private_application(self.metrics.registry, checks={"store": readable})
        await serve(private, host=host, port=port, ready=lambda real: say_ready(host, real, "for metrics and health"))


async def close(destination: Destination) -> None:
    """A disk or a network that hangs does not keep the process."""
    try:
        async with asyncio.timeout(CLOSING):
            await destination.sink.close()
    except TimeoutError:
        logger.warning("The sink %r does not let go of what it has open", destination.name)


def say_ready(host: str, port: int, what: str) -> None:
    print(f"listening on {host}:{port} {what}", flush=True)


def note(wish: Wish) -> None:
    """Nobody here makes passes; a pipeline's next one sees what there is to see."""
    if wish.kind in {Kind.RECREATE, Kind.RESYNC}:
        lost = "has removed" if wish.kind is Kind.RECREATE else "has missed notifications of"
        logger.warning(
            "Graph %s the subscription %a: run a pass, and read anew what it is about", lost, wish.subscription_id
        )
    else:
        logger.info("A pass should look at the subscription %a (%s)", wish.subscription_id, wish.kind)


def first(group: BaseExceptionGroup[Exception]) -> BaseException:
    """Of several that end it together, one is enough to be told."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
