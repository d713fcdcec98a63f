"""How subscriptions were before they were changed or removed, for lists that are behind the times (facts 3.2)."""

import collections
import dataclasses
import datetime as dt

from reconciler.emulator.model.subscription import Owner, Subscription

KEPT = 10_000
"""The newest; older ones are forgotten."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    subscription: Subscription
    serial: int
    until: dt.datetime


class History:
    def __init__(self) -> None:
        self._formers: collections.deque[Former] = collections.deque(maxlen=KEPT)

    def add(self, subscription: Subscription, *, serial: int, until: dt.datetime) -> None:
        self._formers.append(Former(subscription=subscription, serial=serial, until=until))

    def at(self, owner: Owner, then: dt.datetime) -> dict[int, Subscription]:
        """By serial number, those of an owner that have been changed or removed since ``then``, as they were then."""
        return {
            former.serial: former.subscription
            for former in reversed(self._formers)  # the oldest that was still in force comes last, and stays
            if former.until > then and former.subscription.owner == owner
        }

    def clear(self) -> None:
        self._formers.clear()
