"""All that delivers, in the test's own event loop: the clock is moved by hand, the POSTs are real ones over TLS.

async with Office(home, receiver) as office:
    mail = office.subscribe(MAIL)
    office.put(mail, 1, 2)
    await office.settle()
    office.advance(minutes=10)
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import time
from types import TracebackType
from typing import Any, Self

from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.faults import Faults
from reconciler.emulator.home import Home
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications.deliveries import Delivery
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.lifecycle import Lifecycle
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.notifications.outbox import Outbox
from reconciler.emulator.options import Options
from reconciler.emulator.outgoing import Outgoing
from tests.emulator.notifications.telling import subscription
from tests.support.receiver import ValidationReceiver

MAIL = "users/0b0e6a3c-0000-4000-8000-000000000001/messages"
TEAM = "teams/0a1b2c3d-0000-4000-8000-000000000001"
TENANT = "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03"
LONGEST = 10.0


class Office:
    def __init__(self, home: Home, receiver: ValidationReceiver, *, behaviours: dict[str, str], **options: Any) -> None:
        """``home`` is prepared; ``options`` are those of ``Options``."""
        self.receiver = receiver
        self.clock = Clock()
        self.agenda = Agenda(self.clock)
        self.app = App(tenant_id=TENANT, client_id="8e460676-ae3f-4b1e-8790-ee0fb5d6148f", client_secret="secret")
        self.behaviours = Behaviours(behaviours)
        self.faults = Faults()
        self.outgoing = Outgoing(home.ca_file)
        self.subscriptions = Subscriptions()
        envelopes = Envelopes(apps=Apps(self.app), clock=self.clock, keys=Keys(home.signing_key()))
        shared: dict[str, Any] = {
            "agenda": self.agenda,
            "behaviours": self.behaviours,
            "clock": self.clock,
            "subscriptions": self.subscriptions,
        }
        self.outbox = Outbox(
            **shared,
            envelopes=envelopes,
            faults=self.faults,
            options=Options(home=home.folder, **options),
            outgoing=self.outgoing,
        )
        self.lifecycle = Lifecycle(**shared, outbox=self.outbox)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.agenda.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        await self.outbox.aclose()
        await self.outgoing.aclose()

    def subscribe(self, resource: str = TEAM, *, path: str = "/notifications", **changes: Any) -> Subscription:
        """One that is in force, for 2 hours and 40 minutes, with a token of 100 minutes."""
        now = self.clock.now()
        values: dict[str, Any] = {
            "notification_url": self.receiver.url(path),
            "lifecycle_url": self.receiver.url("/lifecycle"),
            "created_at": now,
            "expires_at": now + dt.timedelta(minutes=160),
            "authorized_until": now + dt.timedelta(minutes=100),
        }
        made = subscription(resource, **(values | changes))
        self.subscriptions.add(made)
        self.lifecycle.authorized(made)
        return made

    def authorize(self, made: Subscription, **changes: Any) -> Subscription:
        """Renew it for a day with a token of an hour."""
        now = self.clock.now()
        values: dict[str, Any] = {
            "authorized_until": now + dt.timedelta(hours=1),
            "expires_at": now + dt.timedelta(days=1),
            "renewed_at": now,
        }
        renewed = dataclasses.replace(made, **(values | changes))
        self.subscriptions.replace(renewed)
        self.lifecycle.authorized(renewed)
        return renewed

    def put(self, made: Subscription, *numbers: int, lifecycle: bool = False) -> None:
        """Items that say nothing but their number and whose they are."""
        for number in numbers:
            item = {"number": number, "subscriptionId": made.id, "tenantId": made.tenant, "changeType": "updated"}
            self.outbox.put(Notification(subscription=made, item=item, lifecycle=lifecycle))

    def advance(self, **span: float) -> None:
        self.clock.advance(dt.timedelta(**span))
        self.agenda.wake()

    async def settle(self) -> None:
        """Until nothing is on its way and nothing is due."""
        end = time.monotonic() + LONGEST
        while not self.outbox.idle or self.agenda.is_due:
            assert time.monotonic() < end, "it does not settle"
            await asyncio.sleep(0.002)

    async def advanced(self, **span: float) -> None:
        self.advance(**span)
        await self.settle()

    async def received(self, count: int) -> None:
        """Until so many requests have come."""
        end = time.monotonic() + LONGEST
        while len(self.receiver.received) < count:
            assert time.monotonic() < end, "nothing comes"
            await asyncio.sleep(0.002)

    def numbers(self, path: str = "/notifications") -> list[list[int]]:
        """What came there, POST by POST."""
        return [[item["number"] for item in body["value"]] for body in self.receiver.deliveries(path)]

    def events(self, path: str = "/lifecycle") -> list[str]:
        return [item["lifecycleEvent"] for item in self.receiver.items(path) if "lifecycleEvent" in item]

    def states(self) -> list[str]:
        return [each.state.value for each in self.record()]

    def record(self) -> list[Delivery]:
        return self.outbox.deliveries.newest(None)
