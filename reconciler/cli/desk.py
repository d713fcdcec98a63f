"""What the receiver does by the manifests of the moment: judging what comes, forwarding it, keeping the inbox in order.

    Graph → application → Taker → inbox → Office → sinks

arrangement = Arrangement(loaded, options)     # raises ReconcilerError for what cannot work
counter = await Counter.of(store, …)           # what stays the same when the manifests change
desk = Desk(arrangement, counter)              # from now on ``desk.application`` answers
await desk.run()                               # forwards until it is cancelled
"""

import argparse
import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol, Self

from reconciler.cli.arrivals import Printed, Printer
from reconciler.cli.loading import Loaded
from reconciler.cli.receiving import Receiving
from reconciler.cli.sinks import default_sink, open_sinks
from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Wish
from reconciler.engine.clock import SystemClock
from reconciler.engine.inbox import Inbox, Lease
from reconciler.engine.ports import Clock
from reconciler.receiver import ClientStates, Verifier, application
from reconciler.receiver.application import HELD
from reconciler.receiver.counting import Counting
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.entries import Admission
from reconciler.receiver.forwarding import Destination, Means, Office
from reconciler.receiver.forwarding.preparing import Preparing
from reconciler.receiver.forwarding.settling import Settler
from reconciler.receiver.hearing import Hearing
from reconciler.receiver.housekeeping import Housekeeping, Keep
from reconciler.receiver.kept_keys import Kept, merged
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.observing import Observer, Observers, Waking
from reconciler.receiver.opening import Opener
from reconciler.receiver.room import Room
from reconciler.receiver.taking import SetAsideRoom, Taker
from reconciler.store import Store

__all__ = ["Arrangement", "Counter", "Desk", "Wishing"]

CLOSING = 3.0
"""Seconds for a sink to let go, and for the store to take the last that was heard."""

PRINTED = "printed"
"""The sink where no manifest declares one."""

logger = logging.getLogger(__name__)


class Wishing(Protocol):
    """What becomes of wishes."""

    def look(self, wish: Wish) -> None:
        """At a subscription that nobody here knows. Waits for nothing, and may be lost."""

    async def keep(self, wish: Wish) -> None:
        """Of a lifecycle notification, which is settled once this returns. Raises StoreError."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counter:
    """What stays the same when the manifests change."""

    inbox: Inbox
    lease: Lease
    known: KnownSubscriptions
    wishing: Wishing
    printer: Printer
    printing: bool
    metrics: Metrics = dataclasses.field(default_factory=Metrics)
    clock: Clock = dataclasses.field(default_factory=SystemClock)
    bodies: Room = dataclasses.field(default_factory=lambda: Room(HELD))
    observers: Sequence[Observer] = ()

    @classmethod
    async def of(
        cls,
        store: Store,
        owner: str,
        *,
        wishing: Wishing,
        printing: bool,
        clock: Clock | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Raises StoreError."""
        known = KnownSubscriptions(lambda: store.known_subscriptions(owner))
        await known.refresh()
        lease = store.lease("forwarding")
        return cls(
            store.inbox(),
            lease,
            known,
            wishing,
            Printer(),
            printing,
            clock=clock or SystemClock(),
            observers=observers,
        )


class Arrangement:
    """What can be wrong with manifests, secrets and sinks is found when it is made. Raises ReconcilerError."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace, *, kept: Iterable[Kept] = ()) -> None:
        self.settings = loaded.wanted.settings.inbox
        receiving = Receiving.of(loaded, options)
        self.receiving = dataclasses.replace(receiving, keys=merged(receiving.keys, kept))
        self.sinks = list(open_sinks(loaded))
        self.destinations = Destinations(default_sink(loaded) if self.sinks else PRINTED, self.receiving.sinks)

    async def close(self) -> None:
        for destination in self.sinks:
            await close(destination)


class Desk:
    """Judges what comes as soon as it is made; what it has stored is forwarded while it runs."""

    def __init__(self, arrangement: Arrangement, counter: Counter) -> None:
        self.arrangement, self.counter = arrangement, counter
        receiving, metrics, clock = arrangement.receiving, counter.metrics, counter.clock
        states = ClientStates(
            receiving.client_states, inherited=receiving.inherited, births=counter.known.birth, names=counter.known.name
        )
        verifier = Verifier(states, receiving.validation_tokens)
        self.admission = Admission(verifier, arrangement.destinations, counter.known)
        self.room = SetAsideRoom(arrangement.settings.set_aside.size)
        self.waking = Waking()
        self.hearing = Hearing(counter.inbox, receiving.declared, metrics, clock)
        printers = [counter.printer] if counter.printing else []
        own: tuple[Observer, ...] = (Counting(metrics, clock), self.hearing, self.waking, *printers)
        self.observer = Observers([*own, *counter.observers])
        taker = Taker(
            self.admission, counter.inbox, room=self.room, observer=self.observer, on_wish=counter.wishing.look
        )
        self.application = application(
            receiving.routes, on_delivery=taker.take, answers=metrics, now=clock.now, room=counter.bodies
        )

    async def run(self) -> None:
        """Until it is cancelled. Raises OSError where standard output takes no more."""
        async with self.sinks() as destinations, self.preparing() as preparing:
            office = self.office(destinations, preparing)
            self.waking.wake = office.wake
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(office.run())
                    group.create_task(self.housekeeping().run())
                    group.create_task(self.counter.printer.watch())
            finally:
                await self.remember_heard()

    async def remember_heard(self) -> None:
        """What has come since the housekeeping's last round; a store that is away keeps nobody."""
        try:
            async with asyncio.timeout(CLOSING):
                await self.hearing.flush()
        except (StoreError, TimeoutError) as error:
            logger.warning(
                "When subscriptions were last heard of is not written down: %s", str(error) or "the store hangs"
            )

    def office(self, destinations: Iterable[Destination], preparing: Preparing) -> Office:
        counter = self.counter
        means = Means(
            counter.inbox,
            self.admission.verifier,
            preparing,
            Settler(counter.inbox),
            self.observer,
            counter.clock,
            crowded=counter.bodies.crowded,
        )
        return Office(destinations, means, self.admission, lease=counter.lease, on_wish=counter.wishing.keep)

    @contextlib.asynccontextmanager
    async def sinks(self) -> AsyncIterator[Sequence[Destination]]:
        try:
            yield self.arrangement.sinks or [Destination(PRINTED, Printed(self.counter.printer))]
        finally:
            await self.arrangement.close()

    @contextlib.asynccontextmanager
    async def preparing(self) -> AsyncIterator[Preparing]:
        receiving = self.arrangement.receiving
        preparing = Preparing(Opener(receiving.keys), source=receiving.source)
        try:
            yield preparing
        finally:
            await asyncio.to_thread(preparing.close)

    def housekeeping(self) -> Housekeeping:
        counter, settings = self.counter, self.arrangement.settings
        return Housekeeping(
            inbox=counter.inbox,
            known=counter.known,
            room=self.room,
            keep=Keep(settings.keep, settings.set_aside.keep),
            on_depths=lambda depths: counter.metrics.depths(depths, counter.clock.now()),
            flush=self.hearing.flush,
            clock=counter.clock,
        )


async def close(destination: Destination) -> None:
    """A disk or a network that hangs does not keep the process."""
    try:
        async with asyncio.timeout(CLOSING):
            await destination.sink.close()
    except TimeoutError:
        logger.warning("The sink %r does not let go of what it has open", destination.name)
