"""Of several processes one writes to Graph: a lease in, whether it is this one out, asked right before each write."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

from reconciler.core.catalog import Version
from reconciler.core.errors import GraphError, StoreError, Transient
from reconciler.daemon.tracing import Tracing
from reconciler.engine.inbox import Lease
from reconciler.engine.ports import Body, Writer
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Fenced", "Leading"]

KNOWN_WITHIN = 5.0
"""Seconds for the store to say whether the lease is ours."""

logger = logging.getLogger(__name__)


class Leading:
    """``hold`` is to be called every few seconds."""

    def __init__(self, lease: Lease, *, on_change: Callable[[], None]) -> None:
        self.lease, self.on_change = lease, on_change
        self.leads = False
        """This process had the lease when it was last told."""

        self.certain = False
        """It was told just now. Where the store is away, the lease may be another's by now."""

        self.left = False
        """It is another's turn from then on: what still ticks must not take the lease again."""

        self.complaints = Complaints(logger, every=NOW_AND_THEN)

    async def hold(self) -> None:
        """Take the lease, or keep it."""
        if self.left:
            return
        try:
            async with asyncio.timeout(KNOWN_WITHIN):
                leads = await self.lease.hold()
        except (StoreError, TimeoutError) as error:
            self.certain = False
            why = str(error) or "it does not answer"
            self.complaints.add(f"The store does not tell who writes, so nothing is done but to renew: {why}")
        else:
            self.certain = True
            self.become(leads=leads)

    def become(self, *, leads: bool) -> None:
        if leads is self.leads:
            return
        self.leads = leads
        logger.info("This process writes to Graph now" if leads else "This process stands by, and does not write")
        self.on_change()

    async def confirm(self, *, harmless: bool = False) -> None:
        """Raises Transient where another process leads, or where nobody knows and it might do harm."""
        if not self.leads:
            raise Transient("another process writes for this owner now")
        try:
            ours = await self.lease.confirm()
        except StoreError as error:
            if harmless:
                return
            raise Transient(f"it is not known who writes for this owner: {error}") from error
        if not ours:
            self.become(leads=False)
            raise Transient("another process writes for this owner now")

    async def release(self) -> None:
        """For good."""
        self.left = True
        self.become(leads=False)
        try:
            await self.lease.release()
        except StoreError as error:
            logger.warning("Another process must wait a while before it writes: %s", error)


class Fenced:
    """Satisfies ``Writer``: what another one leads is not written to, and each write is a span."""

    def __init__(self, writer: Writer, leading: Leading, tracing: Tracing, *, tenant: str) -> None:
        self.writer, self.leading, self.tracing, self.tenant = writer, leading, tracing, tenant

    async def create(self, body: Body, version: Version) -> Body:
        with self.span("POST"):
            await self.leading.confirm()
            return await self.writer.create(body, version)

    async def patch(self, subscription_id: str, body: Body, version: Version) -> Body:
        with self.span("PATCH", subscription_id):
            # To extend a life takes nothing from anybody: while the store is away, nothing lapses for that.
            await self.leading.confirm(harmless=set(body) == {"expirationDateTime"})
            return await self.writer.patch(subscription_id, body, version)

    async def delete(self, subscription_id: str, version: Version) -> None:
        with self.span("DELETE", subscription_id):
            await self.leading.confirm()
            await self.writer.delete(subscription_id, version)

    async def reauthorize(self, subscription_id: str, version: Version) -> None:
        with self.span("reauthorize", subscription_id):
            await self.leading.confirm()
            await self.writer.reauthorize(subscription_id, version)

    @contextlib.contextmanager
    def span(self, what: str, subscription_id: str | None = None) -> Iterator[None]:
        """Of one write, with Graph's request id where it says no."""
        with self.tracing.span(f"Graph {what}", tenant=self.tenant, subscription_id=subscription_id) as span:
            try:
                yield
            except GraphError as error:
                span.note(request_id=error.request_id, result=type(error).__name__)
                raise
