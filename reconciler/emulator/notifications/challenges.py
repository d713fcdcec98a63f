"""When ``reauthorizationRequired`` is sent: subscriptions in, challenges at their time out (facts 6).

Facts 6 have no contract for it, only pseudo-code: a quarter of the time that is left to the token, later steps of 15
minutes. Here: for the first time when a quarter of what the token had left is left, then every 15 minutes until it is
renewed or reauthorized, or expires. The same when a tenth of the subscription's own life is left.
"""

import datetime as dt
import heapq
from collections.abc import Callable

from reconciler.emulator.agenda import Agenda, Appointment
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions

STEP = dt.timedelta(minutes=15)
AT_ONCE = 200
"""Subscriptions that are looked at in one go, so that a clock that is moved by days blocks nobody."""
FEW = 1000
"""Up to so many outdated turns are not cleared away."""


class Challenges:
    """One appointment for all of them: the turns wait in a heap of their own, which forgets who is gone."""

    def __init__(
        self,
        *,
        agenda: Agenda,
        behaviours: Behaviours,
        clock: Clock,
        subscriptions: Subscriptions,
        send: Callable[[Subscription], None],
    ) -> None:
        self._agenda = agenda
        self._behaviours = behaviours
        self._clock = clock
        self._subscriptions = subscriptions
        self._send = send
        self._in_force = behaviours["challenges"]
        behaviours.listen(self._plan_anew)
        self._turns: list[tuple[dt.datetime, str]] = []
        self._due: dict[str, dt.datetime] = {}
        """When each subscription has its turn, if it has any; other entries of the heap are outdated."""
        self._last: dict[str, dt.datetime] = {}
        """When each was challenged last."""
        self._appointment: Appointment | None = None

    def __len__(self) -> int:
        return len(self._turns)

    def plan(self, subscription: Subscription) -> None:
        """It was created, renewed or reauthorized just now, or was so before a restart."""
        due = next_turn(subscription, self._last.get(subscription.id), challenges=self._in_force)
        if due is None:
            self._due.pop(subscription.id, None)
        else:
            self._turn_at(subscription.id, due)

    def challenge(self, subscription: Subscription) -> None:
        """Now, whatever the time is."""
        self._last[subscription.id] = self._clock.now()
        self._send(subscription)
        self.plan(subscription)

    def clear(self) -> None:
        """Who calls this clears the agenda, too."""
        self._turns.clear()
        self._due.clear()
        self._last.clear()
        self._appointment = None

    def _plan_anew(self) -> None:
        """The behaviour was perhaps changed. Those who had a turn by the old one have it by the new one, or none."""
        if self._in_force == self._behaviours["challenges"]:
            return
        self._in_force = self._behaviours["challenges"]
        for subscription in self._subscriptions:
            self.plan(subscription)

    def _turn_at(self, identifier: str, due: dt.datetime) -> None:
        self._due[identifier] = due
        heapq.heappush(self._turns, (due, identifier))
        self._clear_away()
        self._make_appointment()

    def _make_appointment(self) -> None:
        if not self._turns:
            return
        due = self._turns[0][0]
        if self._appointment is not None:
            if self._appointment.due <= due:
                return
            self._appointment.cancel()
        self._appointment = self._agenda.at(due, self._take_turns)

    def _take_turns(self) -> None:
        self._appointment = None
        now = self._clock.now()
        for _ in range(AT_ONCE):
            if not self._turns or self._turns[0][0] > now:
                break
            due, identifier = heapq.heappop(self._turns)
            if self._due.get(identifier) == due:
                self._take_turn(identifier, now)
        self._make_appointment()

    def _take_turn(self, identifier: str, now: dt.datetime) -> None:
        subscription = self._subscriptions.find(identifier, now)
        if subscription is None:
            self._forget(identifier)
            return
        last = self._last.get(identifier)
        if is_challenged(subscription, last, challenges=self._in_force, now=now):
            self._last[identifier] = now
            self._send(subscription)
        self.plan(subscription)

    def _clear_away(self) -> None:
        if max(len(self._turns), len(self._last)) <= FEW + 2 * len(self._subscriptions):
            return
        now = self._clock.now()
        for identifier in self._due.keys() | self._last.keys():
            if self._subscriptions.find(identifier, now) is None:
                self._forget(identifier)
        self._turns = [(due, identifier) for identifier, due in self._due.items()]
        heapq.heapify(self._turns)

    def _forget(self, identifier: str) -> None:
        self._due.pop(identifier, None)
        self._last.pop(identifier, None)


def authorized_at(subscription: Subscription) -> dt.datetime:
    times = (subscription.created_at, subscription.renewed_at, subscription.reauthorized_at)
    return max(time for time in times if time is not None)


def token_ends_soon(subscription: Subscription) -> dt.datetime:
    """A quarter of what the token had left when it last authorized this is left."""
    since = authorized_at(subscription)
    return since + (subscription.authorized_until - since) * 0.75


def subscription_ends_soon(subscription: Subscription) -> dt.datetime:
    """A tenth of its own life is left."""
    since = subscription.renewed_at or subscription.created_at
    return subscription.expires_at - (subscription.expires_at - since) * 0.1


def first_turn(subscription: Subscription) -> dt.datetime:
    """Whatever comes first. Who only reauthorized in the last tenth is not challenged for it again at once."""
    ending = subscription_ends_soon(subscription)
    since = authorized_at(subscription)
    return min(token_ends_soon(subscription), ending if ending > since else since + STEP)


def next_turn(subscription: Subscription, last: dt.datetime | None, *, challenges: str) -> dt.datetime | None:
    """``last`` is when it was challenged last; what was before it was authorized is answered.

    ``challenges`` is the behaviour of that name; rarely is once in a life. None where it has no turn any more.
    """
    if challenges == "often":
        first = first_turn(subscription)
        return first if last is None or last < authorized_at(subscription) else max(first, last + STEP)
    ending = subscription_ends_soon(subscription)
    return ending if challenges == "rarely" and (last is None or last < ending) else None


def is_challenged(subscription: Subscription, last: dt.datetime | None, *, challenges: str, now: dt.datetime) -> bool:
    due = next_turn(subscription, last, challenges=challenges)
    return due is not None and now >= due
