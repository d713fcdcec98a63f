"""All tenants: orders in, one steward for each; ticks, wishes and the end of it all handed on to them."""

import asyncio
import dataclasses
import logging
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any

from reconciler.core.reasons import Reason
from reconciler.daemon.holdings import Holdings
from reconciler.daemon.leading import Leading
from reconciler.daemon.mailbox import Mailbox
from reconciler.daemon.orders import Listener, Means, Order
from reconciler.daemon.steward import Steward
from reconciler.engine.inbox import Lease

__all__ = ["House"]

logger = logging.getLogger(__name__)


class House:
    """Nothing is done before ``open_up``: until then Graph could not validate our endpoints."""

    def __init__(self, means: Means, lease: Lease) -> None:
        self.leading = Leading(lease, on_change=self.changed)
        self.ending = False
        self.opened = False
        self.means = dataclasses.replace(
            means, leads=self.leads, certain=lambda: self.leading.certain, stopping=lambda: self.ending
        )
        self.stewards: dict[str, Steward] = {}
        """By the tenant's name."""

        self.tasks: set[asyncio.Task[None]] = set()
        self.mailbox = Mailbox(means.chronicle, means.clock, leads=self.leads, stewards=self.by_tenant_id)

    def leads(self) -> bool:
        return self.leading.leads and self.opened

    def open_up(self) -> None:
        self.opened = True

    def want(self, orders: Mapping[str, Order]) -> None:
        """What all manifests want now; a tenant that is not among them is not looked after any more."""
        for tenant in self.stewards.keys() - orders.keys():
            logger.warning("%s: no Tenant of this name is declared any more, nothing is done there", tenant)
            del self.stewards[tenant]
        for tenant, order in orders.items():
            self.stewards.setdefault(tenant, Steward(tenant, self.means)).want(order)

    def wish(self, reason: str, allow: frozenset[str] = frozenset()) -> None:
        """A full pass over everything."""
        for steward in self.stewards.values():
            steward.wish(reason, allow)

    def listen(self, listener: Listener) -> None:
        """Before anything is wanted."""
        self.means = dataclasses.replace(self.means, listener=listener)

    def holdings(self) -> Iterator[tuple[str, Holdings]]:
        """By the tenant's name, of those that were entered."""
        for tenant, steward in self.stewards.items():
            if steward.holdings:
                yield tenant, steward.holdings

    def name_of(self, tenant_id: str) -> str:
        """Of the first Tenant with that id; the id itself where there is none."""
        names = (steward.tenant for each, steward in self.by_tenant_id() if each == tenant_id.lower())
        return next(names, tenant_id)

    def has_rotated(self, reason: Reason) -> bool:
        """Whether every tenant was looked at, and nothing is to be changed for that reason any more."""
        reports = [steward.passing.report for steward in self.stewards.values()]
        planned = [change for report in reports if report for change in report.plan.changes]
        return all(reports) and not any(change.reason is reason for change in planned)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that nobody waits for, but the end."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def by_tenant_id(self) -> Iterator[tuple[str, Steward]]:
        for steward in self.stewards.values():
            if steward.order:
                yield steward.order.tenant_id.lower(), steward

    def changed(self) -> None:
        """What was known is old: another process has led in between, or leads now."""
        for steward in self.stewards.values():
            steward.forget()

    async def tick(self) -> None:
        """Every second, unless ``deliver`` and ``begin_due`` are."""
        await self.deliver()
        await self.begin_due()

    async def deliver(self) -> None:
        """What was wished for. The store may keep it waiting."""
        await self.mailbox.deliver()

    def probe(self) -> None:
        """A secret may be another one now: it is worth a try where one was refused."""
        for steward in self.stewards.values():
            steward.breaker.probe_now()

    async def begin_due(self) -> None:
        """What is due at each steward. Waits for nothing."""
        for steward in list(self.stewards.values()):
            steward.tick()

    async def idle(self) -> None:
        """Return once nothing is under way."""
        await asyncio.gather(*(steward.idle() for steward in self.stewards.values()))
        await asyncio.gather(*self.tasks, *self.mailbox.tasks)

    async def stop(self) -> None:
        """Begin nothing more, and return once what was under way at Graph is done. Nothing is deleted."""
        self.ending = True
        await self.idle()

    async def leave(self) -> None:
        """Let another process write."""
        await self.leading.release()
