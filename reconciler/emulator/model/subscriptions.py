"""The subscriptions of all tenants: what is in force now, who owns it, which slot it takes. No rules, no network."""

import collections
import datetime as dt
import heapq
import itertools
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, TypeVar

from reconciler.emulator.model import quotas, saving
from reconciler.emulator.model.history import History
from reconciler.emulator.model.resources import Resource
from reconciler.emulator.model.subscription import Owner, Subscription

__all__ = ["Owner", "Subscription", "Subscriptions"]

K = TypeVar("K", bound=Hashable)
FEW = 1000
"""Up to so many outdated expirations are not cleared away."""
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


class Subscriptions:
    """Reads give the time, and what has expired by then is gone (facts 11.4: at once). Writes happen at that time."""

    def __init__(self) -> None:
        self._serials = itertools.count(1)
        self._all: dict[str, Subscription] = {}
        self._owned: dict[Owner, dict[str, int]] = {}
        self._slots: dict[tuple[str, ...], dict[str, None]] = {}
        self._topics: dict[tuple[str, str], dict[str, None]] = {}
        self._counts: collections.Counter[quotas.Key] = collections.Counter()
        self._expirations: list[tuple[dt.datetime, str]] = []
        self._history = History()
        self._now = LONG_AGO
        self.era = 0
        """How often all were forgotten: who began in another one has nothing to add here."""

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._all.values()))

    def find(self, identifier: str, now: dt.datetime) -> Subscription | None:
        self.forget_expired(now)
        return self._all.get(identifier)

    def owned(self, owner: Owner, now: dt.datetime) -> Iterator[tuple[int, Subscription]]:
        """With their serial numbers, in the order of creation."""
        self.forget_expired(now)
        for identifier, serial in tuple(self._owned.get(owner, {}).items()):
            yield serial, self._all[identifier]

    def owned_then(self, owner: Owner, now: dt.datetime, *, ago: dt.timedelta) -> Iterator[tuple[int, Subscription]]:
        """The same as it was some time ago: what is newer is missing, what is gone since is still there."""
        then = now - ago
        states = dict(self.owned(owner, now)) | self._history.at(owner, then)
        return ((serial, each) for serial, each in sorted(states.items()) if each.created_at <= then)

    def in_slot(self, owner: Owner, resource: Resource, now: dt.datetime) -> Iterator[Subscription]:
        self.forget_expired(now)
        for identifier in self._slots.get(place(owner, resource), {}):
            yield self._all[identifier]

    def count(self, key: quotas.Key, now: dt.datetime) -> int:
        """How many count towards a quota."""
        self.forget_expired(now)
        return self._counts[key]

    def following(self, tenant: str, topics: Iterable[str], now: dt.datetime) -> Iterator[Subscription]:
        """Those that any of the topics is for, each once, without a look at the others."""
        self.forget_expired(now)
        found = {each: None for topic in topics for each in self._topics.get((tenant, topic), {})}
        for identifier in found:
            yield self._all[identifier]

    def add(self, subscription: Subscription) -> None:
        self._all[subscription.id] = subscription
        for topic in subscription.resource.topics:
            self._topics.setdefault((subscription.tenant, topic), {})[subscription.id] = None
        self._owned.setdefault(subscription.owner, {})[subscription.id] = next(self._serials)
        self._slots.setdefault(place(subscription.owner, subscription.resource), {})[subscription.id] = None
        self._counts.update(quotas.keys(subscription.resource, subscription.owner))
        self._expect_end(subscription)

    def replace(self, subscription: Subscription) -> None:
        """The same subscription with other values; its resource and owner never change."""
        self._remember(self._all[subscription.id], until=self._now)
        self._all[subscription.id] = subscription
        self._expect_end(subscription)

    def remove(self, subscription: Subscription) -> None:
        self._remember(self._all[subscription.id], until=min(self._now, subscription.expires_at))
        del self._all[subscription.id]
        take_out(self._owned, subscription.owner, subscription.id)
        take_out(self._slots, place(subscription.owner, subscription.resource), subscription.id)
        for topic in subscription.resource.topics:
            take_out(self._topics, (subscription.tenant, topic), subscription.id)
        for key in quotas.keys(subscription.resource, subscription.owner):
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]

    def clear(self) -> None:
        for index in (self._all, self._owned, self._slots, self._topics, self._counts, self._expirations):
            index.clear()
        self._history.clear()
        self._now = LONG_AGO
        self.era += 1

    def as_json(self) -> list[dict[str, Any]]:
        """Everything in force, in the order of creation; what was before is not kept."""
        return [saving.as_json(each) for each in self]

    def load(self, data: object) -> None:
        """Exactly these from now on; raises ``EmulatorError`` for what ``as_json`` did not write, then none is lost."""
        loaded = saving.load(data)
        self.clear()
        for subscription in loaded:
            self.add(subscription)

    def forget_expired(self, now: dt.datetime) -> None:
        self._now = now
        while self._expirations and self._expirations[0][0] <= now:
            _, identifier = heapq.heappop(self._expirations)
            subscription = self._all.get(identifier)
            if subscription is not None and subscription.expires_at <= now:  # else it was renewed meanwhile
                self.remove(subscription)

    def _expect_end(self, subscription: Subscription) -> None:
        """What was renewed or removed leaves outdated ends behind, which are cleared away now and then."""
        heapq.heappush(self._expirations, (subscription.expires_at, subscription.id))
        if len(self._expirations) > FEW + 2 * len(self._all):
            self._expirations = [(each.expires_at, each.id) for each in self._all.values()]
            heapq.heapify(self._expirations)

    def _remember(self, subscription: Subscription, *, until: dt.datetime) -> None:
        self._history.add(subscription, serial=self._owned[subscription.owner][subscription.id], until=until)


def take_out(index: dict[K, dict[str, Any]], key: K, identifier: str) -> None:
    del index[key][identifier]
    if not index[key]:
        del index[key]


def place(owner: Owner, resource: Resource) -> tuple[str, ...]:
    """What a subscription competes for. Where several may be, their equal twins are found in it (facts 2.1)."""
    return (*owner, resource.slot) if resource.entry.exclusive else (*owner, resource.path, resource.query)
