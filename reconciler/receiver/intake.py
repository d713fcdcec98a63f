"""Deliveries in, at once or refused; one after the other out to the callback, however slow that is."""

import asyncio
import contextlib
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from reconciler.receiver.delivery import Delivery

__all__ = ["BYTES", "DELIVERIES", "Intake", "OnDelivery"]

OnDelivery = Callable[[Delivery], Awaitable[None] | None]

DELIVERIES = 1_000
BYTES = 64 * 1024 * 1024
DRAIN = 5.0
"""Seconds for what was accepted to be handed on when the receiver stops."""

logger = logging.getLogger(__name__)


class Intake:
    """A bounded queue in the memory. What is in it when the process dies is lost: the inbox will take its place."""

    def __init__(self, on_delivery: OnDelivery, *, deliveries: int, size: int) -> None:
        self.on_delivery = on_delivery
        self.deliveries, self.size = deliveries, size
        self.waiting: deque[tuple[Delivery, int]] = deque()
        self.held = 0
        self.arrived = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()

    def offer(self, delivery: Delivery, size: int) -> bool:
        """Take it, or say no where it would be too many deliveries or bytes: Graph then tries again (facts 5.1)."""
        if len(self.waiting) >= self.deliveries or self.held + size > self.size:
            return False
        self.waiting.append((delivery, size))
        self.held += size
        self.idle.clear()
        self.arrived.set()
        return True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hand on for as long as the context lasts, and ``DRAIN`` seconds longer."""
        worker = asyncio.create_task(self.work())
        try:
            yield
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.idle.wait(), DRAIN)
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker
            if self.waiting:
                logger.warning("%d accepted deliveries are lost: the receiver stopped", len(self.waiting))

    async def work(self) -> None:
        while True:
            await self.arrived.wait()
            delivery, size = self.waiting[0]
            await self.hand_on(delivery)
            self.waiting.popleft()
            self.held -= size
            if not self.waiting:
                self.arrived.clear()
                self.idle.set()

    async def hand_on(self, delivery: Delivery) -> None:
        try:
            await self.call(delivery)
        except Exception:
            logger.exception("A delivery to %s could not be handed on", delivery.path)

    async def call(self, delivery: Delivery) -> None:
        """A plain function runs on a thread: it may block, and a validation must not wait for it."""
        if inspect.iscoroutinefunction(self.on_delivery):
            await self.on_delivery(delivery)
            return
        result = await asyncio.to_thread(self.on_delivery, delivery)
        if inspect.isawaitable(result):
            await result
