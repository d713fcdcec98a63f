"""Delivering: notifications in, POSTs at the endpoints out, again and again until one is taken (facts 5).

put → gathered by URL (``lanes``) → may it be sent? (``authorization``, ``endpoints``) → POST (``poster``) → taken, or
tried again after growing pauses for 4 hours. What never arrives is told where Graph tells of it (``losses``).
"""

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

from reconciler.core.catalog import LifecycleEvent
from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.delivery_faults import LifecycleUrl
from reconciler.emulator.faults import Faults
from reconciler.emulator.model.addresses import is_https
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications import endpoints, events, waiting
from reconciler.emulator.notifications.authorization import Leave, leave
from reconciler.emulator.notifications.crew import Crew
from reconciler.emulator.notifications.deliveries import Attempt, Deliveries, Delivery, State
from reconciler.emulator.notifications.endpoints import Endpoints, Verdict
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.holds import Holds
from reconciler.emulator.notifications.lanes import Address, Lanes
from reconciler.emulator.notifications.losses import Losses
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.notifications.poster import Poster
from reconciler.emulator.options import Options
from reconciler.emulator.outgoing import Outgoing

AT_ONCE = 128
"""POSTs under way."""
AT_ONE_ENDPOINT = 16
"""The same at one endpoint, so that a few that hang keep nobody else waiting."""
FIRST_PAUSE = dt.timedelta(seconds=10)
"""Twice as long after each attempt. The real schedule is not known (facts 11.4)."""
PATIENCE = dt.timedelta(hours=4)
DELAY = dt.timedelta(minutes=10)
MOST_WAITING = 100_000
"""Notifications that wait, so that an endpoint that is down does not take all memory."""


class Outbox:
    def __init__(
        self,
        *,
        agenda: Agenda,
        behaviours: Behaviours,
        clock: Clock,
        envelopes: Envelopes,
        faults: Faults,
        options: Options,
        outgoing: Outgoing,
        subscriptions: Subscriptions,
    ) -> None:
        self._agenda = agenda
        self._behaviours = behaviours
        self._clock = clock
        self._faults = faults
        self._subscriptions = subscriptions
        self._crew = Crew(AT_ONCE, each=AT_ONE_ENDPOINT)
        self._holds = Holds(agenda, again=self._again)
        self._lanes = Lanes(crew=self._crew, faults=faults, send=self._send)
        self._losses = Losses(agenda=agenda, clock=clock, subscriptions=subscriptions, tell=self._tell_of_loss)
        self._poster = Poster(clock=clock, envelopes=envelopes, faults=faults, options=options, outgoing=outgoing)
        self._waiting = 0
        """How many notifications were put and are not settled."""
        self.deliveries = Deliveries()
        self.endpoints = Endpoints()

    @property
    def idle(self) -> bool:
        """Nothing is on its way; there may be some that wait for a later time."""
        return self._crew.idle and self._lanes.idle

    def put(self, notification: Notification) -> None:
        """It is on its way from here; nothing is awaited."""
        address = address_of(notification, self._faults.deliveries.lifecycle_url)
        if address is None:
            return
        self._waiting += 1
        if not is_https(address.url):
            delivery = self.deliveries.open(address, [notification], now=self._clock.now())
            self._settle(delivery, State.DROPPED, "there is no Event Hubs and no Event Grid here")
        elif self._waiting > MOST_WAITING:
            delivery = self.deliveries.open(address, [notification], now=self._clock.now())
            self._lose(delivery, State.GIVEN_UP, f"more than {MOST_WAITING} notifications wait already")
        else:
            self._lanes.put(address, notification)

    def release(self, subscription_id: str) -> None:
        """The subscription is authorized again: what waited for that goes out at once (facts 5.3)."""
        self._holds.release(subscription_id)

    def clear(self) -> None:
        """Forget all that waits, and how the endpoints did so far; who calls this clears the agenda, too."""
        for part in (self._crew, self._holds, self._lanes, self._losses, self.deliveries, self.endpoints):
            part.clear()
        self._waiting = 0

    async def aclose(self) -> None:
        """End what is on its way. It waits from then on, so that ``as_json`` has all that was not taken."""
        await self._crew.aclose()

    def as_json(self) -> list[dict[str, Any]]:
        """What waits; how the endpoints did so far is not kept."""
        tried = [waiting.delivery_as_json(each) for each in self.deliveries.unsettled()]
        return tried + [waiting.address_as_json(address, [each]) for address, each in self._lanes]

    def load(self, data: object) -> None:
        """After the subscriptions. What is due goes out at once; raises ``EmulatorError`` for broken data."""
        now = self._clock.now()
        untried: dict[Address, list[Notification]] = {}
        for each in waiting.parse(data):
            if not (notifications := each.found(self._subscriptions, now)):
                continue
            self._waiting += len(notifications)
            if each.untried:
                untried.setdefault(each.address, []).extend(notifications)
            else:
                self._take_up(each, notifications)
        for address, gathered in untried.items():
            self._agenda.at(now, self._lanes.put_back(address, gathered))

    def _take_up(self, kept: waiting.Waiting, notifications: Sequence[Notification]) -> None:
        now = self._clock.now()
        delivery = self.deliveries.open(kept.address, notifications, now=now)
        delivery.attempts = kept.attempts
        delivery.state = State.RETRYING if kept.attempts else State.WAITING
        delivery.last_chance = kept.last_chance
        delivery.put_off = kept.put_off
        self._later(delivery, kept.next_attempt or now)

    # From here on a delivery goes from hand to hand, until ``_settle``.

    async def _send(self, address: Address, notifications: Sequence[Notification]) -> None:
        """For the first time."""
        now, faults = self._clock.now(), self._faults.deliveries
        delivery = self.deliveries.open(address, notifications, now=now)
        if faults.take_loss():
            self._settle(delivery, State.DROPPED, "lost, as the faults ask for")
        elif faults.delay:
            self._put_off(delivery, now + dt.timedelta(seconds=faults.delay), "delayed, as the faults ask for")
        else:
            await self._try(delivery)

    async def _try(self, delivery: Delivery) -> None:
        now = self._clock.now()
        delivery.next_attempt = delivery.reason = None
        if not self._keep_back(delivery, now):
            return
        endpoint = self.endpoints.at(delivery.address.url, now)
        match endpoint.admit(now):
            case Verdict.DROP if delivery.address.lifecycle:
                # Facts 5.2 drop notifications; what tells of the drop would be lost with them, so here it waits.
                self._put_off(delivery, later_than(endpoint.until, now), "the endpoint is in drop state")
            case Verdict.DROP:
                self._lose(delivery, State.DROPPED, "the endpoint is in drop state")
            case Verdict.DELAY if not delivery.put_off and not delivery.attempts:
                self._put_off(delivery, now + DELAY, "the endpoint is in slow state")
            case _:
                patient = bool(delivery.attempts) or endpoint.state is endpoints.State.DROP
                await self._attempt(delivery, patient=patient)

    async def _attempt(self, delivery: Delivery, *, patient: bool) -> None:
        url, body = delivery.address.url, self._poster.body(delivery.notifications)
        attempt = await self._poster.post(url, body, patient=patient)
        delivery.attempts.append(attempt)
        self._record(delivery, attempt)
        if not attempt.taken:
            self._retry(delivery)
            return
        self._settle(delivery, State.DELIVERED)
        for _ in range(self._faults.deliveries.repeat):
            delivery.attempts.append(await self._poster.post(url, body, patient=True))

    def _record(self, delivery: Delivery, attempt: Attempt) -> None:
        now = self._clock.now()
        response = endpoints.Response(
            notifications=len(delivery.notifications),
            over_first=self._poster.is_over_first(attempt),
            over_retry=self._poster.is_over_retry(attempt),
        )
        self.endpoints.at(delivery.address.url, now).record(response, now)

    def _retry(self, delivery: Delivery) -> None:
        """Up to 4 hours after the first attempt, and once more at their end (facts 5.1)."""
        now = self._clock.now()
        last_chance = begun(delivery, now)
        if now >= last_chance:
            self._lose(delivery, State.GIVEN_UP, "it was not taken within 4 hours")
            return
        delivery.state = State.RETRYING
        self._later(delivery, min(now + pause(len(delivery.attempts)), last_chance))

    def _put_off(self, delivery: Delivery, until: dt.datetime, reason: str) -> None:
        delivery.put_off = True
        delivery.reason = reason
        self._later(delivery, until)

    def _later(self, delivery: Delivery, due: dt.datetime) -> None:
        delivery.next_attempt = due
        self._agenda.at(due, functools.partial(self._again, delivery))

    def _again(self, delivery: Delivery) -> None:
        self._crew.do(endpoints.endpoint_of(delivery.address.url), functools.partial(self._try, delivery))

    def _keep_back(self, delivery: Delivery, now: dt.datetime) -> bool:
        """Take out what must not go now (facts 5.3, 6); tell whether anything may."""
        kept: dict[tuple[Leave, str], list[Notification]] = {}
        for each in delivery.notifications:
            if (given := self._leave(each, now)) is not Leave.GIVEN:
                kept.setdefault((given, each.subscription.id), []).append(each)
        for (given, subscription_id), part in kept.items():
            if len(part) == len(delivery.notifications):
                self._withhold(delivery, given, subscription_id)
                return False
            self._withhold(self.deliveries.split(delivery, part), given, subscription_id)
        return True

    def _leave(self, notification: Notification, now: dt.datetime) -> Leave:
        """Lifecycle notifications need no token: how else could one hear that it has lapsed?"""
        current = self._subscriptions.find(notification.subscription.id, now)
        if notification.lifecycle:
            alive = current is not None or events.survives_removal(notification)
            return Leave.GIVEN if alive else Leave.GONE
        return leave(current, token_lapse=self._behaviours["token-lapse"], now=now)

    def _withhold(self, delivery: Delivery, given: Leave, subscription_id: str) -> None:
        now = self._clock.now()
        if given is Leave.GONE:
            self._settle(delivery, State.DROPPED, "the subscription is gone")
        elif given is Leave.LAPSED:
            self._lose(delivery, State.LAPSED, "the access token has lapsed")
        elif now >= (last_chance := begun(delivery, now)):
            self._lose(delivery, State.LAPSED, "the access token lapsed and was not renewed within 4 hours")
        else:
            delivery.state = State.WAITING
            delivery.reason = "the access token has lapsed"
            self._holds.hold(delivery, subscription_id=subscription_id, until=last_chance)

    def _lose(self, delivery: Delivery, state: State, reason: str) -> None:
        lost = [] if delivery.address.lifecycle else [each.subscription for each in delivery.notifications]
        self._settle(delivery, state, reason)
        self._losses.note(lost)

    def _settle(self, delivery: Delivery, state: State, reason: str | None = None) -> None:
        self._waiting -= len(delivery.notifications)
        self.deliveries.settle(delivery, state, reason=reason)

    def _tell_of_loss(self, subscription: Subscription) -> None:
        self.put(events.notification(subscription, LifecycleEvent.MISSED))


def address_of(notification: Notification, fault: LifecycleUrl | None) -> Address | None:
    """Facts 6: lifecycle notifications are delivered to the lifecycle URL, so without one there are none."""
    subscription = notification.subscription
    if notification.lifecycle:
        if subscription.lifecycle_url is None:
            return None
        return Address(subscription.lifecycle_url if fault is None else subscription.notification_url, lifecycle=True)
    if fault is LifecycleUrl.SWAPPED and subscription.lifecycle_url is not None:
        return Address(subscription.lifecycle_url, lifecycle=False)
    return Address(subscription.notification_url, lifecycle=False)


def begun(delivery: Delivery, now: dt.datetime) -> dt.datetime:
    """Its last chance: 4 hours after the first attempt, or after the first that had to be put aside (facts 5.1)."""
    if delivery.last_chance is None:
        delivery.last_chance = now + PATIENCE
    return delivery.last_chance


def later_than(until: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """When drop state ends, or a little later than now: its end is past while the probes are under way."""
    soon = now + FIRST_PAUSE
    return soon if until is None else max(until, soon)


def pause(attempts: int) -> dt.timedelta:
    """Until the next attempt, after so many."""
    return FIRST_PAUSE * (1 << (attempts - 1))
