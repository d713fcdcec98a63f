"""The receiver of a process whose manifests change: one desk after the other, and never none.

What Graph calls is answered by the newest desk from the moment it is arranged; the one before it forwards what it has
in hand and ends.
"""

import asyncio
import contextlib
import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.cli.desk import Arrangement, Counter, Desk
from reconciler.receiver import Routes, application

__all__ = ["Front"]

logger = logging.getLogger(__name__)


class Front:
    """An ASGI application."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.desk: Desk | None = None
        self.news = asyncio.Event()
        self.closed = application(Routes(), on_delivery=nobody)
        """Where no endpoint is ours to serve."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application(scope, receive, send)

    @property
    def application(self) -> ASGIApp:
        return self.desk.application if self.desk else self.closed

    def arrange(self, arrangement: Arrangement | None) -> None:
        self.desk = Desk(arrangement, self.counter) if arrangement else None
        self.news.set()

    def sink(self, tenant_id: str, name: str) -> str:
        """Where a subscription's events go; empty where they go nowhere."""
        return self.desk.arrangement.destinations.sink(tenant_id, name) if self.desk else ""

    def wake(self, sink: str) -> None:
        if self.desk:
            self.desk.waking.wake(sink)

    async def run(self) -> None:
        """Forward until it is cancelled. Raises OSError where standard output takes no more."""
        while True:
            self.news.clear()
            running = asyncio.create_task(self.desk.run() if self.desk else asyncio.Event().wait())
            news = asyncio.create_task(self.news.wait())
            try:
                await asyncio.wait([running, news], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    await running
            finally:
                news.cancel()
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running


async def nobody(_: object) -> None:
    """There is no path that this could come from."""
    raise AssertionError("a delivery came where no path is served")
