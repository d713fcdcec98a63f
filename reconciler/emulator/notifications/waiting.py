"""Deliveries that wait, as JSON and back: for an emulator that is started again."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.emulator import instants
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import saving
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications import events
from reconciler.emulator.notifications.deliveries import Attempt, Delivery
from reconciler.emulator.notifications.lanes import Address
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.reading import Keys, complete, flag, items, optional, seconds, text, whole


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is kept of a delivery, or of what is to become one."""

    url: str
    lifecycle: bool
    notifications: list["Item"]
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    next_attempt: dt.datetime | None = None
    last_chance: dt.datetime | None = None
    put_off: bool = False

    @property
    def address(self) -> Address:
        return Address(self.url, self.lifecycle)

    @property
    def untried(self) -> bool:
        """It was not on its way yet, or broken off at its first attempt: nothing is known but that it waits."""
        return not (self.attempts or self.put_off or self.next_attempt or self.last_chance)

    def found(self, subscriptions: Subscriptions, now: dt.datetime) -> list[Notification]:
        """Those whose subscription still lives, and what tells of its end."""
        pairs = [
            (subscriptions.find(each.subscription_id, now) or each.subscription, each) for each in self.notifications
        ]
        return [
            Notification(subscription=subscription, item=each.item, lifecycle=self.lifecycle)
            for subscription, each in pairs
            if subscription is not None
        ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    subscription_id: str
    item: Mapping[str, Any]
    subscription: Subscription | None = None
    """Only with what survives its removal: it is nowhere else any more."""


def delivery_as_json(delivery: Delivery) -> dict[str, Any]:
    return address_as_json(delivery.address, delivery.notifications) | {
        "attempts": [each.as_json() for each in delivery.attempts],
        "nextAttempt": spelled(delivery.next_attempt),
        "lastChance": spelled(delivery.last_chance),
        "putOff": delivery.put_off,
    }


def address_as_json(address: Address, notifications: Iterable[Notification]) -> dict[str, Any]:
    return {
        "url": address.url,
        "lifecycle": address.lifecycle,
        "notifications": [notification_as_json(each) for each in notifications],
    }


def notification_as_json(notification: Notification) -> dict[str, Any]:
    kept = {"subscriptionId": notification.subscription.id, "item": notification.item}
    if events.survives_removal(notification):
        kept["subscription"] = saving.as_json(notification.subscription)
    return kept


def parse(data: object) -> list[Waiting]:
    """Raises ``EmulatorError``."""
    if not isinstance(data, list):
        raise EmulatorError("waiting deliveries: a list is needed")
    try:
        return [complete(Waiting, WAITING_KEYS, each) for each in data]
    except TypeError as error:
        raise EmulatorError(f"waiting deliveries: {error}") from error


def spelled(instant: dt.datetime | None) -> str | None:
    return None if instant is None else instants.spell(instant)


def instant(value: Any) -> dt.datetime:
    found = instants.parse(text(value))
    if found is None:
        raise ValueError("an instant is needed")
    return found


def mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object is needed")
    return value


ITEM_KEYS: Keys = {
    "subscriptionId": ("subscription_id", text),
    "item": ("item", mapping),
    "subscription": ("subscription", saving.loaded_one),
}
ATTEMPT_KEYS: Keys = {
    "at": ("at", instant),
    "seconds": ("seconds", seconds),
    "status": ("status", optional(whole)),
    "error": ("error", optional(text)),
}
WAITING_KEYS: Keys = {
    "url": ("url", text),
    "lifecycle": ("lifecycle", flag),
    "notifications": ("notifications", lambda value: [complete(Item, ITEM_KEYS, each) for each in items(value)]),
    "attempts": ("attempts", lambda value: [complete(Attempt, ATTEMPT_KEYS, each) for each in items(value)]),
    "nextAttempt": ("next_attempt", optional(instant)),
    "lastChance": ("last_chance", optional(instant)),
    "putOff": ("put_off", flag),
}
