"""Requests about to be made in, their turn to be sent out: never more than Graph's documented limits (facts 8.1).

A window slides: at no moment have more than ``limit`` requests been sent in the ``window`` seconds before. Turns are
taken in the order of asking; among the tenants of one app, one of each in turn.
"""

import asyncio
import collections
import contextlib
import dataclasses
import datetime as dt
import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from reconciler.engine.ports import Clock

__all__ = ["AppPacer", "Kind", "Limits", "Pacer"]


class Kind(enum.Enum):
    """What Graph counts apart."""

    GET = "get"
    LIST = "list"
    REAUTHORIZE = "reauthorize"
    WRITE = "write"


PER_TENANT = {Kind.GET: 500, Kind.LIST: 25, Kind.REAUTHORIZE: 1000, Kind.WRITE: 500}
PER_APP = {Kind.GET: 2000, Kind.LIST: 40, Kind.REAUTHORIZE: 4000, Kind.WRITE: 2000}


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Requests in ``window`` seconds, by kind: Graph's own figures, and how much of the LISTs is ours."""

    per_tenant: Mapping[Kind, int] = dataclasses.field(default_factory=lambda: MappingProxyType(PER_TENANT))
    per_app: Mapping[Kind, int] = dataclasses.field(default_factory=lambda: MappingProxyType(PER_APP))
    window: float = 20
    list_share: float = 0.8
    """LISTs are scarce: a fifth is left to people and pipelines, which use the same app."""

    halved_for: float = 60
    """How long a limit counts for half after a 429 that came all the same."""

    def of(self, kind: Kind, figures: Mapping[Kind, int]) -> int:
        share = self.list_share if kind is Kind.LIST else 1
        return max(1, int(figures[kind] * share))


class Window:
    """How many were sent of late, and how long until one more may be."""

    def __init__(self, limit: int, *, limits: Limits, clock: Clock) -> None:
        self.turn = asyncio.Lock()  # wakes in the order of asking, one at a time: 10,000 may wait
        self._limit = limit
        self._length = dt.timedelta(seconds=limits.window)
        self._halved_for = dt.timedelta(seconds=limits.halved_for)
        self._clock = clock
        self._sent: collections.deque[dt.datetime] = collections.deque()
        self._halved_until: dt.datetime | None = None
        self._closed_until: dt.datetime | None = None

    async def room(self) -> None:
        while wait := self.wait():
            await self._clock.sleep(wait)

    def wait(self) -> float:
        """Seconds until there may be room; none if there is."""
        now = self._clock.now()
        self.heed(now)
        while self._sent and self._sent[0] <= now - self._length:
            self._sent.popleft()
        ready = self._closed_until or now
        limit = self.limit(now)
        if len(self._sent) >= limit:
            ready = max(ready, self._sent[-limit] + self._length)
        return max(0.0, (ready - now).total_seconds())

    def heed(self, now: dt.datetime) -> None:
        """Where our clock was set back, what was sent by then counts as sent now: else it would count until then."""
        if not self._sent or self._sent[-1] <= now:
            return
        self._sent = collections.deque(min(sent, now) for sent in self._sent)
        latest = now + self._halved_for
        self._closed_until = min(self._closed_until or now, latest)
        self._halved_until = min(self._halved_until or now, latest)

    def limit(self, now: dt.datetime) -> int:
        halved = self._halved_until is not None and now < self._halved_until
        return max(1, self._limit // 2) if halved else self._limit

    def count(self) -> None:
        self._sent.append(self._clock.now())

    def halve(self) -> None:
        self._halved_until = self._clock.now() + self._halved_for

    def close(self, seconds: float) -> None:
        """Let nothing through for a while: what is sent in the meantime counts against us (facts 8.3)."""
        until = self._clock.now() + dt.timedelta(seconds=seconds)
        self._closed_until = max(until, self._closed_until or until)


class AppPacer:
    """One app registration's windows over all tenants, and the pacers of its tenants."""

    def __init__(self, *, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows = self.windows(limits.per_app)
        self._tenants: dict[str, Pacer] = {}

    def tenant(self, tenant_id: str) -> "Pacer":
        key = tenant_id.lower()
        if key not in self._tenants:
            self._tenants[key] = Pacer(
                self.windows(self._limits.per_tenant), self._windows, limits=self._limits, clock=self._clock
            )
        return self._tenants[key]

    def windows(self, figures: Mapping[Kind, int]) -> dict[Kind, Window]:
        return {kind: Window(self._limits.of(kind, figures), limits=self._limits, clock=self._clock) for kind in Kind}


class Pacer:
    """The turns of one app in one tenant."""

    def __init__(self, own: Mapping[Kind, Window], app: Mapping[Kind, Window], *, limits: Limits, clock: Clock) -> None:
        self._own = own
        self._app = app
        self._limits = limits
        self._clock = clock

    async def turn(self, kind: Kind, *, ready: Callable[[], Awaitable[Any]] | None = None) -> None:
        """Wait for both windows and then for ``ready``, such as a free connection.

        It counts last, when the request is about to leave: were it counted before, requests that waited for a
        connection could leave together with those of the next window.
        """
        own, app = self._own[kind], self._app[kind]
        app.heed(self._clock.now())  # the own one is asked for room at once
        async with queue(own), queue(app):
            if ready is not None:
                await ready()
            own.count()
            app.count()

    def throttled(self, kind: Kind, *, retry_after: float | None) -> None:
        """A 429 came all the same: go at half speed for a while, and not at all in this tenant for as long as told."""
        self._own[kind].halve()
        self._app[kind].halve()
        self._own[kind].close(min(retry_after or 0, self._limits.halved_for))


@contextlib.asynccontextmanager
async def queue(window: Window) -> AsyncIterator[None]:
    async with window.turn:
        await window.room()
        yield
