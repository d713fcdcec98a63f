"""What waits until its subscription is authorized again: in, and out again (facts 5.3)."""

import datetime as dt
from collections.abc import Callable

from reconciler.emulator.agenda import Agenda
from reconciler.emulator.notifications.deliveries import Delivery


class Holds:
    def __init__(self, agenda: Agenda, *, again: Callable[[Delivery], None]) -> None:
        self._agenda = agenda
        self._again = again
        self._held: dict[str, dict[str, Delivery]] = {}
        """By the id of the subscription, then by their own."""

    def hold(self, delivery: Delivery, *, subscription_id: str, until: dt.datetime) -> None:
        self._held.setdefault(subscription_id, {})[delivery.id] = delivery
        self._agenda.at(until, lambda: self._end(subscription_id, delivery.id))

    def release(self, subscription_id: str) -> None:
        for delivery in self._held.pop(subscription_id, {}).values():
            self._again(delivery)

    def clear(self) -> None:
        self._held.clear()

    def _end(self, subscription_id: str, delivery_id: str) -> None:
        held = self._held.get(subscription_id, {})
        delivery = held.pop(delivery_id, None)
        if not held:
            self._held.pop(subscription_id, None)
        if delivery is not None:
            self._again(delivery)
