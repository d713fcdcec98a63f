"""The subscriptions of all tenants: what is in force now, who owns it, which slot it takes. No rules, no network."""

import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator.graph.resources import Resource

K = TypeVar("K", bound=Hashable)
Owner = tuple[str, str]
"""Tenant and app; others do not see their subscriptions (facts 3.2)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: str
    tenant: str
    app: str
    creator: str
    version: Version
    resource: Resource
    change_types: frozenset[ChangeType]
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: dt.datetime
    created_at: dt.datetime
    authorized_until: dt.datetime
    """When the token that last created, renewed or reauthorized it lapses (facts 5.3)."""
    delegated: bool = False
    rich: bool | None = None
    certificate: str | None = None
    certificate_id: str | None = None
    tls_version: str | None = None
    query_options: str | None = None
    url_app_id: str | None = None
    content_type: str | None = None
    renewed_at: dt.datetime | None = None
    reauthorized_at: dt.datetime | None = None

    @property
    def owner(self) -> Owner:
        return self.tenant, self.app


class Subscriptions:
    """Reads and writes give the time, and what has expired by then is gone (facts 11.4: at once)."""

    def __init__(self) -> None:
        self._serials = itertools.count(1)
        self._all: dict[str, Subscription] = {}
        self._owned: dict[Owner, dict[str, int]] = {}
        self._slots: dict[tuple[str, ...], dict[str, None]] = {}
        self._topics: dict[tuple[str, str], dict[str, None]] = {}
        self._expirations: list[tuple[dt.datetime, str]] = []

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._all.values()))

    def find(self, identifier: str, now: dt.datetime) -> Subscription | None:
        self.forget_expired(now)
        return self._all.get(identifier)

    def owned(self, owner: Owner, now: dt.datetime, *, after: int = 0) -> Iterator[tuple[int, Subscription]]:
        """With their serial numbers, in the order of creation; only those after a serial number."""
        self.forget_expired(now)
        for identifier, serial in tuple(self._owned.get(owner, {}).items()):
            if serial > after:
                yield serial, self._all[identifier]

    def in_slot(self, owner: Owner, resource: Resource, now: dt.datetime) -> Iterator[Subscription]:
        self.forget_expired(now)
        for identifier in self._slots.get(place(owner, resource), {}):
            yield self._all[identifier]

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
        heapq.heappush(self._expirations, (subscription.expires_at, subscription.id))

    def replace(self, subscription: Subscription) -> None:
        """The same subscription with other values; its resource and owner never change."""
        self._all[subscription.id] = subscription
        heapq.heappush(self._expirations, (subscription.expires_at, subscription.id))

    def remove(self, subscription: Subscription) -> None:
        del self._all[subscription.id]
        del self._owned[subscription.owner][subscription.id]
        take_out(self._slots, place(subscription.owner, subscription.resource), subscription.id)
        for topic in subscription.resource.topics:
            take_out(self._topics, (subscription.tenant, topic), subscription.id)

    def clear(self) -> None:
        for index in (self._all, self._owned, self._slots, self._topics, self._expirations):
            index.clear()

    def forget_expired(self, now: dt.datetime) -> None:
        while self._expirations and self._expirations[0][0] <= now:
            _, identifier = heapq.heappop(self._expirations)
            subscription = self._all.get(identifier)
            if subscription is not None and subscription.expires_at <= now:  # else it was renewed meanwhile
                self.remove(subscription)


def take_out(index: dict[K, dict[str, None]], key: K, identifier: str) -> None:
    del index[key][identifier]
    if not index[key]:
        del index[key]


def place(owner: Owner, resource: Resource) -> tuple[str, ...]:
    """What a subscription competes for. Where several may be, their equal twins are found in it (facts 2.1)."""
    return (*owner, resource.slot) if resource.entry.exclusive else (*owner, resource.path, resource.query)
