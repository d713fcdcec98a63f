"""What the receiver counts: calls in, series for Prometheus out, in a registry of their own.

No label is anything that a stranger can choose: statuses and codes are ours, and tenants, subscriptions and sinks are
named only as manifests name them. Each call takes a microsecond or two.
"""

import datetime as dt
import enum
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from reconciler.engine.inbox import Depth, State
from reconciler.receiver.level import Level
from reconciler.receiver.window import Shares, Window

__all__ = ["Fate", "Metrics"]

ANSWER_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10)
"""Graph waits 3 seconds for an answer to a first attempt and 10 for one to a later attempt (facts 5.1)."""

FORWARDING_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400)

STATUSES = (200, 202, 400, 404, 405, 408, 413, 415, 503)
"""Those that are shown before the first answer with them: a rate needs the zero from which it grows."""

CODE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}", re.ASCII)
CODES = 64
OTHER = "other"
"""Stands for every reason that is no code, and for all codes when there are too many of them."""


class Fate(enum.StrEnum):
    """What became of a notification. It is counted at each turn: accepted, and later forwarded."""

    ACCEPTED = "accepted"
    """Stored, and answered 202."""

    DEAD_LETTER = "dead-letter"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    FORWARDED = "forwarded"
    LIFECYCLE = "lifecycle"
    POSSIBLE_DUPLICATE = "possible-duplicate"
    SET_ASIDE = "set-aside"


class Metrics:
    """For one process; ``monotonic`` tells in seconds when an answer is given, and when somebody asks about answers."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._monotonic = monotonic
        self._window = Window()
        self._codes: set[str] = set()
        self._answer_metrics()
        self._notification_metrics()
        self._level_metrics()

    def answered(self, status: int, seconds: float) -> None:
        """A request was answered so long after it began.

        How long a 4xx took is left out: it went to somebody who is not Graph, and who may have been slow on purpose.
        """
        self._requests(status).inc()
        if not 400 <= status < 500:
            self._answer_seconds.observe(seconds)
            self._window.count(seconds, self._monotonic())

    def validated(self) -> None:
        """A validation token was repeated."""
        self._validations.inc()

    def notified(self, fate: Fate, reason: str = "", count: int = 1) -> None:
        """So many notifications met that fate; ``reason`` is a code. Those forwarded are counted by ``forwarded``."""
        self._notifications(fate, reason).inc(count)

    def forwarded(self, sink: str, seconds: float) -> None:
        """A sink has taken a notification so long after it arrived; ``sink`` is the manifest's name."""
        self.notified(Fate.FORWARDED)
        self._forwarded(sink).inc()
        self._forwarding_seconds(sink).observe(max(seconds, 0.0))

    def retried(self, sink: str) -> None:
        """A notification is sent to a sink once more."""
        self._retries(sink).inc()

    def depths(self, depths: Mapping[tuple[str, State], Depth], now: dt.datetime) -> None:
        """All of ``Inbox.depths`` as of ``now``; what is not in it is no longer shown."""
        self._inbox_entries.show({labels: depth.count for labels, depth in depths.items()})
        self._inbox_oldest.show({labels: age(depth, now) for labels, depth in depths.items()})

    def heard(self, heard: Mapping[tuple[str, str], dt.datetime]) -> None:
        """When the last notification came, by tenant and name of all that manifests declare, and of no others."""
        self._last_notification.show({labels: moment.timestamp() for labels, moment in heard.items()})

    def silent(self, silent: Mapping[tuple[str, str], bool]) -> None:
        """Whether they are silent, by tenant and name of all that have a ``silentAfter``."""
        self._silent.show(silent)

    def shares(self) -> Shares:
        """How our answers of the last ten minutes look to Graph."""
        return self._window.shares(self._monotonic())

    def _answer_metrics(self) -> None:
        self._requests = lru_cache(self._counter("requests", "Requests by the status of their answer", "status").labels)
        for status in STATUSES:
            self._requests(status)
        self._validations = self._counter("validations", "Validation tokens repeated")
        self._answer_seconds = self._histogram("answer", "Seconds to an answer, 4xx left out", ANSWER_SECONDS)
        recent = "answers of the last 10 minutes, 4xx left out"
        self._gauge("answers_in_window", f"How many {recent}", lambda: self.shares().answers)
        self._gauge("answers_over_3s_ratio", f"Share over 3 s of {recent}", lambda: self.shares().over_3s)
        self._gauge("answers_over_10s_ratio", f"Share over 10 s of {recent}", lambda: self.shares().over_10s)

    def _notification_metrics(self) -> None:
        fates = self._counter("notifications", "Notifications by what became of them", "verdict", "reason")
        self._notifications = lru_cache(lambda fate, reason: fates.labels(fate, self._code(reason)))
        for fate in Fate:
            self._notifications(fate, "")
        self._forwarded = lru_cache(self._counter("forwarded", "Notifications that a sink has taken", "sink").labels)
        self._retries = lru_cache(self._counter("forwarding_retries", "Notifications sent once more", "sink").labels)
        self._forwarding_seconds = lru_cache(
            self._histogram("forwarding", "Seconds from arrival to sink", FORWARDING_SECONDS, "sink").labels
        )

    def _level_metrics(self) -> None:
        self._inbox_entries = self._level("inbox_entries", "Notifications in the inbox", "sink", "state")
        self._inbox_oldest = self._level("inbox_oldest_seconds", "How long the oldest of them waits", "sink", "state")
        labels = ("tenant", "subscription")
        self._last_notification = self._level("last_notification_timestamp_seconds", "When the last one came", *labels)
        self._silent = self._level("subscription_silent", "1 if nothing came for its silentAfter, else 0", *labels)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"reconciler_{name}_total", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(f"reconciler_{name}", meaning, registry=self.registry).set_function(value)

    def _level(self, name: str, meaning: str, first: str, second: str) -> Level:
        level = Level(f"reconciler_{name}", meaning, (first, second))
        self.registry.register(level)
        return level

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"reconciler_{name}_seconds", meaning, labels, buckets=buckets, registry=self.registry)

    def _code(self, reason: str) -> str:
        """The code itself, as long as it looks like one and there are few: a sentence by mistake is not shown."""
        if not reason or reason in self._codes:
            return reason
        if len(self._codes) == CODES or not CODE.fullmatch(reason):
            return OTHER
        self._codes.add(reason)
        return reason


def age(depth: Depth, now: dt.datetime) -> float:
    return max((now - depth.oldest).total_seconds(), 0.0) if depth.oldest else 0.0
