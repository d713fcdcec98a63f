"""What Graph itself had, and when: the emulator's own parts in, each subscription's lives and renewals out.

Nothing of it comes from what the daemon remembers, so that it can be held against that.
"""

import collections
import contextlib
import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from reconciler.core.mark import Mark, mark_of
from reconciler.emulator.model.requests import Asked
from reconciler.emulator.model.subscriptions import Subscription
from tests.support.emulator import RunningEmulator

__all__ = ["Diary", "Lapse", "Life", "Write", "lapses", "twins"]


@dataclasses.dataclass(frozen=True, slots=True)
class Write:
    """A creation, a renewal, or a reauthorization, which leaves the end as it is."""

    at: dt.datetime
    ends_at: dt.datetime
    renews: bool = True


@dataclasses.dataclass(slots=True)
class Life:
    """Of one id, from its creation to its end."""

    id: str
    name: str
    writes: list[Write]
    until: dt.datetime | None = None
    """None while it lives."""

    @property
    def since(self) -> dt.datetime:
        return self.writes[0].at

    @property
    def ends_at(self) -> dt.datetime:
        """As far as is known."""
        return self.until or self.writes[-1].ends_at

    @property
    def is_deleted(self) -> bool:
        return self.until is not None and self.until < self.writes[-1].ends_at

    def renewals(self) -> Iterator[tuple[Write, Write]]:
        """Each with the write that had given it its end before."""
        given = [write for write in self.writes if write.renews]
        return itertools.pairwise(given)


@dataclasses.dataclass(frozen=True, slots=True)
class Lapse:
    """A name that nothing was live for: from the end of one life to the beginning of the next, if there is any."""

    name: str
    old: Life
    since: dt.datetime
    until: dt.datetime | None


def lapses(lives: list[Life], now: dt.datetime) -> list[Lapse]:
    """Of one name, its lives in the order of their beginnings."""
    found, latest = [], lives[0]
    for life in lives[1:]:
        if life.since > latest.ends_at:
            found.append(Lapse(life.name, latest, latest.ends_at, life.since))
        latest = max(latest, life, key=lambda each: each.ends_at)
    if latest.ends_at <= now:
        found.append(Lapse(latest.name, latest, latest.ends_at, None))
    return found


def twins(lives: list[Life]) -> list[tuple[str, str]]:
    """The ids of two that have lived at the same time, of one name."""
    return [(one.id, two.id) for one, two in itertools.pairwise(lives) if two.since < one.ends_at]


class Diary:
    """Written in the emulator's thread; to be read when nothing is going on."""

    def __init__(self) -> None:
        self.lives: dict[str, list[Life]] = collections.defaultdict(list)
        """By name, in the order of their beginnings."""

        self.by_id: dict[str, Life] = {}
        self.answers: collections.Counter[tuple[str, int]] = collections.Counter()
        """By method and status; those of the token endpoint as TOKEN."""

        self.asked: dict[dt.datetime, int] = collections.Counter()
        """Of Graph, by the minute: how many requests, answered well or not."""

        self.written: dict[dt.datetime, int] = collections.Counter()
        """By the minute: how many of them were writes."""

        self.renewed: dict[dt.datetime, int] = collections.Counter()
        """By the minute: how many renewals."""

    @contextlib.contextmanager
    def keeping(self, emulator: RunningEmulator) -> Iterator["Diary"]:
        """Before anything is created there."""
        parts = emulator.inside(lambda parts: parts).result()
        self.now = parts.clock.now
        with contextlib.ExitStack() as stack:
            for owner, method, told in (
                (parts.subscriptions, "add", self.created),
                (parts.subscriptions, "replace", self.changed),
                (parts.subscriptions, "remove", self.removed),
                (parts.requests, "add", self.answered),
            ):
                call = followed_by(getattr(owner, method), told)
                stack.enter_context(mock.patch.object(owner, method, call))
            yield self

    def created(self, subscription: Subscription) -> None:
        mark = mark_of(subscription.notification_url)
        assert isinstance(mark, Mark)
        life = Life(subscription.id, mark.name, [Write(self.now(), subscription.expires_at)])
        self.lives[life.name].append(life)
        self.by_id[life.id] = life

    def changed(self, subscription: Subscription) -> None:
        life, now = self.by_id[subscription.id], self.now()
        renews = subscription.renewed_at == now
        life.writes.append(Write(now, subscription.expires_at, renews))
        if renews:
            self.renewed[minute(now)] += 1

    def removed(self, subscription: Subscription) -> None:
        """What has expired is removed when somebody looks."""
        self.by_id[subscription.id].until = min(self.now(), subscription.expires_at)

    def answered(self, asked: Asked) -> None:
        is_token = asked.path.endswith("/token")
        self.answers["TOKEN" if is_token else asked.method, asked.status] += 1
        if "/subscriptions" in asked.path:
            self.asked[minute(asked.at)] += 1
            self.written[minute(asked.at)] += asked.method != "GET"


def followed_by(call: Callable[[Any], None], told: Callable[[Any], None]) -> Callable[[Any], None]:
    def calling(subject: Any) -> None:
        call(subject)
        told(subject)

    return calling


def minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)
