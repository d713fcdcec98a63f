"""How endpoints stand with Graph by their own record: answers in, whether the next delivery goes out (facts 5.2).

An endpoint is scheme, host, port and path; all subscriptions that share it share its record. As the older text has it,
it is judged once 100 notifications were sent to it within the window. An idle one is forgotten.
"""

import collections
import dataclasses
import datetime as dt
import enum
import urllib.parse
from collections.abc import Iterator

from reconciler.emulator.instants import spell
from reconciler.emulator.model.addresses import is_https

WINDOW = dt.timedelta(minutes=10)
PART = dt.timedelta(minutes=1)
"""The window moves by so much."""
PAUSE = dt.timedelta(minutes=10)
ENOUGH = 100
"""Notifications in the window before it is judged."""
SLOW_OVER = 0.10
DROP_OVER = 0.15
PROBES = 3
"""How many are tried after a pause: all of them in time are below either share, one that is not is above."""


class State(enum.StrEnum):
    GOOD = "good"
    SLOW = "slow"
    """New notifications are delayed by 10 minutes."""
    DROP = "drop"
    """Notifications are dropped."""


class Verdict(enum.Enum):
    SEND = "send"
    DELAY = "delay"
    DROP = "drop"


@dataclasses.dataclass(slots=True)
class Counts:
    since: dt.datetime
    notifications: int = 0
    responses: int = 0
    """Also those that did not come in time."""
    over_first: int = 0
    """Slower than a first attempt may be."""
    over_retry: int = 0
    """Slower than a later attempt may be."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    notifications: int
    over_first: bool
    over_retry: bool


class Endpoint:
    def __init__(self) -> None:
        self.state = State.GOOD
        self.until: dt.datetime | None = None
        """When probes begin; None in good state."""
        self._parts: collections.deque[Counts] = collections.deque()
        self._tried = 0
        self._in_time = 0

    def admit(self, now: dt.datetime) -> Verdict:
        """Each probe that is let through must be answered for with ``record``."""
        if self.state is State.GOOD:
            return Verdict.SEND
        if self._is_probing(now) and self._tried < PROBES:
            self._tried += 1
            return Verdict.SEND
        return Verdict.DELAY if self.state is State.SLOW else Verdict.DROP

    def record(self, response: Response, now: dt.datetime) -> None:
        self._count(response, now)
        if self.state is not State.GOOD and self._is_probing(now):
            self._judge_probe(response, now)
        else:
            self._judge(now)

    def window(self, now: dt.datetime) -> Counts:
        while self._parts and self._parts[0].since <= now - WINDOW:
            self._parts.popleft()
        total = Counts(self._parts[0].since if self._parts else now)
        for part in self._parts:
            total.notifications += part.notifications
            total.responses += part.responses
            total.over_first += part.over_first
            total.over_retry += part.over_retry
        return total

    def is_idle(self, now: dt.datetime) -> bool:
        return self.state is State.GOOD and not self.window(now).responses

    def as_json(self, now: dt.datetime) -> dict[str, object]:
        window = self.window(now)
        return {
            "state": self.state,
            "until": spell(self.until) if self.until else None,
            "probing": self._is_probing(now),
            "notifications": window.notifications,
            "responses": window.responses,
            "overFirst": window.over_first,
            "overRetry": window.over_retry,
        }

    def _is_probing(self, now: dt.datetime) -> bool:
        return self.until is not None and now >= self.until

    def _count(self, response: Response, now: dt.datetime) -> None:
        if not self._parts or now - self._parts[-1].since >= PART:
            self._parts.append(Counts(now))
        part = self._parts[-1]
        part.notifications += response.notifications
        part.responses += 1
        part.over_first += response.over_first
        part.over_retry += response.over_retry

    def _judge(self, now: dt.datetime) -> None:
        window = self.window(now)
        if window.notifications < ENOUGH or self.state is State.DROP:
            return
        if window.over_retry > DROP_OVER * window.responses:
            self._enter(State.DROP, now)
        elif self.state is State.GOOD and window.over_first > SLOW_OVER * window.responses:
            self._enter(State.SLOW, now)

    def _judge_probe(self, response: Response, now: dt.datetime) -> None:
        too_slow = response.over_first if self.state is State.SLOW else response.over_retry
        if too_slow:
            self._enter(self.state, now)
            return
        self._in_time += 1
        if self._in_time >= PROBES:
            self.state, self.until = State.GOOD, None
            self._parts.clear()

    def _enter(self, state: State, now: dt.datetime) -> None:
        self.state, self.until = state, now + PAUSE
        self._tried = self._in_time = 0


class Endpoints:
    def __init__(self) -> None:
        self._all: dict[str, Endpoint] = {}
        self._look_at: dt.datetime | None = None

    def __iter__(self) -> Iterator[tuple[str, Endpoint]]:
        """By their URLs without a query, in order."""
        return iter(sorted(self._all.items()))

    def at(self, url: str, now: dt.datetime) -> Endpoint:
        self._forget_idle(now)
        key = endpoint_of(url)
        found = self._all.get(key)
        if found is None:
            found = self._all[key] = Endpoint()
        return found

    def clear(self) -> None:
        self._all.clear()
        self._look_at = None

    def _forget_idle(self, now: dt.datetime) -> None:
        """All are looked at, but once in a window only."""
        if self._look_at is None or now >= self._look_at:
            self._look_at = now + WINDOW
            self._all = {key: each for key, each in self._all.items() if not each.is_idle(now)}


def endpoint_of(url: str) -> str:
    if not is_https(url):
        return url.partition("?")[0]
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}"
