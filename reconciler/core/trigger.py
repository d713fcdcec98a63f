"""Reasons for a pass in, the time at which one is to be made out: many wishes, few passes. No clock of its own."""

import dataclasses
import datetime as dt

__all__ = ["Due", "Pace", "Trigger"]


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How wishes are merged."""

    settle: dt.timedelta = dt.timedelta(seconds=2)
    """So long after a wish a pass begins, so that those that come together share it."""

    gap: dt.timedelta = dt.timedelta(seconds=5)
    """Between the end of a pass and the next one."""

    longest_gap: dt.timedelta = dt.timedelta(minutes=2)
    """Before a narrow pass whose last one failed ``gap`` is twice as long, with each further one again, up to this."""

    first_retry: dt.timedelta = dt.timedelta(seconds=30)
    """After a full pass that failed; each further one doubles it, up to ``interval``."""

    interval: dt.timedelta = dt.timedelta(minutes=10)
    """Between two full passes that nobody wished for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """A pass that is to be made now: over everything, or over ``names`` and ``ids`` alone."""

    full: bool
    reasons: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


@dataclasses.dataclass
class Trigger:
    """Of one tenant. A full pass fulfils narrow wishes as well."""

    pace: Pace = dataclasses.field(default_factory=Pace)
    next_full: dt.datetime | None = None
    """None: as soon as anybody asks."""

    failures: int = 0
    _narrow_failures: int = 0
    _full_at: dt.datetime | None = None
    _narrow_at: dt.datetime | None = None
    _ended: dt.datetime | None = None
    _reasons: list[str] = dataclasses.field(default_factory=list)
    _names: set[str] = dataclasses.field(default_factory=set)
    _ids: set[str] = dataclasses.field(default_factory=set)

    def wish(self, now: dt.datetime, reason: str) -> None:
        """A full pass, soon."""
        self._full_at = self._full_at or now + self.pace.settle
        if reason not in self._reasons:
            self._reasons.append(reason)

    def look(self, now: dt.datetime, *, name: str | None = None, subscription_id: str | None = None) -> None:
        """A narrow pass over what is named, soon."""
        self._narrow_at = self._narrow_at or now + self.pace.settle
        self._names |= {name} if name else set()
        self._ids |= {subscription_id} if subscription_id else set()

    def due(self, now: dt.datetime) -> Due | None:
        """What is to be done now, if anything; whoever takes it makes that pass."""
        if self._ended is not None and now < self._ended + self.pace.gap:
            return None
        regular = self.next_full is None or self.next_full <= now
        if regular or (self._full_at is not None and self._full_at <= now):
            return self._take(full=True, reasons=tuple(self._reasons) or ("interval",))
        if self._narrow_at is not None and max(self._narrow_at, self._narrow_from()) <= now:
            return self._take(full=False)
        return None

    def done(self, now: dt.datetime, due: Due, *, failed: bool) -> None:
        """A pass has ended. What was wished for while it ran is not fulfilled by it."""
        self._ended = now
        if due.full:
            self.failures = self.failures + 1 if failed else 0
            self.next_full = now + (self._retry() if failed else self.pace.interval)
        if not due.full or not failed:
            self._narrow_failures = self._narrow_failures + 1 if failed else 0

    def _take(self, *, full: bool, reasons: tuple[str, ...] = ()) -> Due:
        due = Due(full, reasons, frozenset(self._names), frozenset(self._ids))
        self._names.clear()
        self._ids.clear()
        self._narrow_at = None
        if full:
            self._reasons.clear()
            self._full_at = None
        return due

    def _narrow_from(self) -> dt.datetime:
        """Not before this, however urgent it is: Graph has not told the last time."""
        if self._ended is None or not self._narrow_failures:
            return dt.datetime.min.replace(tzinfo=dt.UTC)
        grown: dt.timedelta = self.pace.gap * 2 ** min(self._narrow_failures, 20)
        return self._ended + min(grown, max(self.pace.longest_gap, self.pace.gap))

    def _retry(self) -> dt.timedelta:
        """A power of two that is too large for a duration would be over the interval anyway."""
        grown: dt.timedelta = self.pace.first_retry * 2 ** min(self.failures - 1, 20)
        return min(grown, self.pace.interval)
