"""The record of what was delivered, when and how it went: deliveries in, the newest of them out.

A delivery is what goes in one POST, with all its attempts. Its notifications are forgotten as soon as it is settled.
"""

import collections
import dataclasses
import datetime as dt
import enum
import itertools
from collections.abc import Iterator, Sequence

from reconciler.emulator.instants import spell
from reconciler.emulator.notifications.lanes import Address
from reconciler.emulator.notifications.notification import Notification

KEPT = 5000


class State(enum.StrEnum):
    WAITING = "waiting"
    """For its first attempt, or for the subscription to be authorized again."""
    DELIVERED = "delivered"
    RETRYING = "retrying"
    DROPPED = "dropped"
    GIVEN_UP = "givenUp"
    LAPSED = "lapsed"


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    at: dt.datetime
    """By the emulator's clock."""
    seconds: float
    """The machine's, until the answer or the end of patience."""
    status: int | None
    """None where no answer came; then ``error`` says why."""
    error: str | None

    @property
    def taken(self) -> bool:
        """Any 2xx; a redirect is none (facts 5.1)."""
        return self.status is not None and 200 <= self.status <= 299

    def as_json(self) -> dict[str, object]:
        return {
            "at": spell(self.at),
            "seconds": round(self.seconds, 6),
            "status": self.status,
            "error": self.error,
        }


@dataclasses.dataclass(slots=True, kw_only=True)
class Delivery:
    id: str
    address: Address
    notifications: Sequence[Notification]
    """Empty when it is settled."""
    subscription_ids: tuple[str, ...]
    size: int
    created_at: dt.datetime
    state: State = State.WAITING
    reason: str | None = None
    """Why it waits or was not delivered, where the attempts do not tell."""
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    next_attempt: dt.datetime | None = None
    last_chance: dt.datetime | None = None
    """After which it is not tried again; set when it is tried for the first time (facts 5.1)."""
    put_off: bool = False
    """It was delayed once and is not delayed again."""

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "url": self.address.url,
            "subscriptionIds": list(self.subscription_ids),
            "kind": "lifecycle" if self.address.lifecycle else "change",
            "notifications": self.size,
            "state": self.state,
            "reason": self.reason,
            "attempts": [each.as_json() for each in self.attempts],
            "nextAttempt": spell(self.next_attempt) if self.next_attempt else None,
            "createdDateTime": spell(self.created_at),
        }


class Deliveries:
    """The newest ``KEPT``, and all that are not settled."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._newest: collections.deque[Delivery] = collections.deque(maxlen=KEPT)
        self._open: dict[str, Delivery] = {}
        self.opened = 0

    def open(self, address: Address, notifications: Sequence[Notification], *, now: dt.datetime) -> Delivery:
        ids = dict.fromkeys(each.subscription.id for each in notifications)
        delivery = Delivery(
            id=str(next(self._numbers)),
            address=address,
            notifications=notifications,
            subscription_ids=tuple(ids),
            size=len(notifications),
            created_at=now,
        )
        self.opened += 1
        self._newest.append(delivery)
        self._open[delivery.id] = delivery
        return delivery

    def split(self, delivery: Delivery, part: Sequence[Notification]) -> Delivery:
        """Take some of its notifications out; they go their own way, with the same past."""
        taken = {id(each) for each in part}
        delivery.notifications = [each for each in delivery.notifications if id(each) not in taken]
        delivery.subscription_ids = tuple(dict.fromkeys(each.subscription.id for each in delivery.notifications))
        delivery.size = len(delivery.notifications)
        other = self.open(delivery.address, part, now=delivery.created_at)
        other.attempts = list(delivery.attempts)
        other.last_chance = delivery.last_chance
        other.put_off = delivery.put_off
        return other

    def settle(self, delivery: Delivery, state: State, *, reason: str | None = None) -> None:
        delivery.state = state
        delivery.reason = reason
        delivery.next_attempt = None
        delivery.notifications = ()
        self._open.pop(delivery.id, None)

    def unsettled(self) -> Iterator[Delivery]:
        return iter(tuple(self._open.values()))

    def newest(self, limit: int | None, *, subscription: str | None = None) -> list[Delivery]:
        """The oldest of them first."""
        found = (each for each in reversed(self._newest) if subscription in {None, *each.subscription_ids})
        return [*itertools.islice(found, limit)][::-1]

    def clear(self) -> None:
        self._newest.clear()
        self._open.clear()
        self.opened = 0
