"""A month that was lived in, the promises that were broken in it out, each with what shows it; nothing where none was.

Graph's own record (``Diary``) is held against the daemon's ledger and against what is promised of renewals.
"""

import bisect
import collections
import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator

from reconciler.core.gap import Cause, Gap
from tests.soak.diary import Lapse, Life, Write, lapses, twins
from tests.soak.month import CALM, Lived
from tests.soak.outages import Outage

__all__ = ["broken", "figures", "ideal"]

BACK_WITHIN = dt.timedelta(minutes=10)
"""Of the end of an outage."""

ONCE_IN = dt.timedelta(minutes=10)
"""A challenge is answered once in this time (facts 6)."""

SLACK = 2 * CALM
"""A tick, and what waits for its turn under Graph's limits."""

EARLIEST, LATEST = 2 / 3 - 0.05, 2 / 3
"""Of a lifetime: when it is renewed, by the jitter."""

WASTE = 1.05
"""More renewals than if each were made at two thirds, by the same jitter."""

MOST_IN_A_MINUTE = 3 * 500
"""Writes, by Graph's limits (facts 8.1)."""


def all_lapses(lived: Lived) -> list[Lapse]:
    return [lapse for lives in lived.diary.lives.values() for lapse in lapses(lives, lived.until)]


def all_lives(lived: Lived) -> Iterator[Life]:
    for lives in lived.diary.lives.values():
        yield from lives


def outage_at(lived: Lived, moment: dt.datetime, *, after: dt.timedelta = dt.timedelta()) -> Outage | None:
    found = (outage for outage in lived.outages if outage.since - SLACK <= moment <= outage.until + after)
    return next(found, None)


def due(write: Write) -> dt.datetime:
    return write.at + (write.ends_at - write.at) * LATEST


def unforced(lived: Lived) -> Iterator[str]:
    """What ended at another time, or could have been renewed before Graph was away."""
    for lapse in all_lapses(lived):
        outage = outage_at(lived, lapse.since)
        last = [write for write in lapse.old.writes if write.renews][-1]
        if outage is None or due(last) < outage.since - SLACK:
            yield f"{lapse.name} ended at {lapse.since}, and was to be renewed at {due(last)}"


def recovery(lived: Lived, lapse: Lapse) -> dt.timedelta:
    """How long after the outage it stood again."""
    outage = outage_at(lived, lapse.since)
    return (lapse.until or lived.until) - outage.until if outage else dt.timedelta()


def slow(lived: Lived) -> Iterator[str]:
    for lapse in all_lapses(lived):
        if lapse.until is None or recovery(lived, lapse) > BACK_WITHIN:
            yield f"{lapse.name} ended at {lapse.since} and was back at {lapse.until}"


def covers(gap: Gap, lapse: Lapse) -> bool:
    if gap.cause is not Cause.EXPIRED or gap.until is None or lapse.until is None:
        return False
    return gap.since <= lapse.since and lapse.until <= gap.until


def unrecorded(lived: Lived) -> Iterator[str]:
    """Lapses without a row in the ledger, and rows without a lapse."""
    gaps = {gap.subscription_id: gap for gap in lived.gaps}
    for lapse in all_lapses(lived):
        gap = gaps.pop(lapse.old.id, None)
        if gap is None or not covers(gap, lapse):
            yield f"{lapse.name} was away from {lapse.since} to {lapse.until}, and the ledger has {gap}"
    yield from (f"the ledger has {gap}, and nothing was away" for gap in gaps.values())


def lost(lived: Lived) -> Iterator[str]:
    for name in lived.names:
        lives = lived.diary.lives.get(name)
        if not lives or lives[-1].ends_at <= lived.until:
            yield f"{name} is not there at the end"


def deleted(lived: Lived) -> Iterator[str]:
    yield from (f"{life.id} of {life.name} at {life.until}" for life in all_lives(lived) if life.is_deleted)
    for (method, status), count in lived.diary.answers.items():
        if method == "DELETE" and status < 500:
            yield f"{count} DELETEs were answered {status}"


def twinned(lived: Lived) -> Iterator[str]:
    for name, lives in lived.diary.lives.items():
        yield from (f"{name}: {one} and {two}" for one, two in twins(lives))


def late(lived: Lived) -> Iterator[str]:
    """Later than two thirds, or than ten minutes after an outage in which that was."""
    for life in all_lives(lived):
        for before, renewal in life.renewals():
            outage = outage_at(lived, due(before), after=BACK_WITHIN)
            latest = max(due(before), outage.until + BACK_WITHIN) if outage else due(before)
            if renewal.at > latest + SLACK:
                yield f"{life.name} was renewed at {renewal.at}, and was to be at {due(before)}"


def early(lived: Lived) -> Iterator[str]:
    """Sooner than the jitter has it, though nobody has asked for it."""
    asked = challenged(lived)
    for life in all_lives(lived):
        for before, renewal in life.renewals():
            earliest = before.at + (before.ends_at - before.at) * EARLIEST
            if renewal.at < earliest - SLACK and not any(
                renewal.at - SLACK <= at <= renewal.at for at in asked[life.name]
            ):
                yield f"{life.name} was renewed at {renewal.at}, and was written at {before.at}"


def challenged(lived: Lived) -> dict[str, list[dt.datetime]]:
    found: dict[str, list[dt.datetime]] = collections.defaultdict(list)
    for challenge in lived.challenges:
        found[challenge.name].append(challenge.at)
    return found


def too_often(lived: Lived) -> Iterator[str]:
    """Two of a subscription's writes within ten minutes: a renewal and a reauthorization may contradict each other."""
    for life in all_lives(lived):
        for one, two in itertools.pairwise(life.writes):
            if two.at - one.at < ONCE_IN:
                yield f"{life.name} at {one.at} and at {two.at}"


def unanswered(lived: Lived) -> Iterator[str]:
    """Challenges with no write soon after, nor within ten minutes before."""
    for name, moments in challenged(lived).items():
        written = sorted(write.at for life in lived.diary.lives[name] for write in life.writes)
        for moment in moments:
            position = bisect.bisect_left(written, moment - ONCE_IN)
            if position == len(written) or written[position] > moment + SLACK:
                yield f"{name} at {moment}"


def throttled(lived: Lived) -> Iterator[str]:
    """Answers 429 are of Graph's own limits, for no fault has them."""
    for (method, status), count in lived.diary.answers.items():
        if status == 429:
            yield f"{count} {method} were too many"
    for moment, count in lived.diary.written.items():
        if count > MOST_IN_A_MINUTE:
            yield f"{count} writes in the minute of {moment}"


def ideal(lived: Lived) -> float:
    """How many renewals there had been in the same time, were each made at two thirds."""
    return sum(
        (renewal.at - before.at) / (due(before) - before.at)
        for life in all_lives(lived)
        for before, renewal in life.renewals()
    )


def made(lived: Lived) -> int:
    return sum(1 for life in all_lives(lived) for _ in life.renewals())


def wasted(lived: Lived) -> Iterator[str]:
    """Each challenge may cost one more."""
    if made(lived) > ideal(lived) * WASTE + len(lived.challenges):
        yield f"{made(lived)} renewals, where {ideal(lived):.0f} would do"


PROMISES: tuple[Callable[[Lived], Iterable[str]], ...] = (
    unforced,
    slow,
    unrecorded,
    lost,
    deleted,
    twinned,
    late,
    early,
    too_often,
    unanswered,
    throttled,
    wasted,
)


def broken(lived: Lived) -> dict[str, list[str]]:
    """By the promise's name."""
    found = {promise.__name__: list(promise(lived)) for promise in PROMISES}
    return {name: problems for name, problems in found.items() if problems}


def figures(lived: Lived) -> str:
    """What it came to, in words."""
    diary, away = lived.diary, all_lapses(lived)
    back = max((recovery(lived, lapse) for lapse in away), default=dt.timedelta())
    lines = (
        f"{len(lived.names)} subscriptions, {len(lived.outages)} outages, {len(lived.challenges)} challenges",
        f"{lived.seconds:.0f} s, {lived.steps} steps, {lived.peak_megabytes} MB at the most",
        f"{made(lived)} renewals where {ideal(lived):.0f} would be ideal",
        f"{max(diary.renewed.values(), default=0)} renewals and {max(diary.asked.values())} requests in a minute",
        f"passes: {dict(lived.passes)}, {lived.pass_seconds:.0f} s",
        f"{len(away)} lapses, the last was back {back} after its outage, the last overdue renewal {overdue(lived)}",
        f"answers: {dict(sorted(diary.answers.items()))}",
        f"requests in outages: {[asked_in(lived, outage) for outage in lived.outages]}",
        *(f"{count} x {text}" for text, count in lived.complaints.items()),
    )
    return "\n".join(lines)


def overdue(lived: Lived) -> dt.timedelta:
    """How long after an outage the last renewal was made that was due in it."""
    waits = (
        renewal.at - outage.until
        for life in all_lives(lived)
        for before, renewal in life.renewals()
        if (outage := outage_at(lived, due(before)))
    )
    return max([dt.timedelta(), *waits])


def asked_in(lived: Lived, outage: Outage) -> int:
    return sum(count for moment, count in lived.diary.asked.items() if outage.since <= moment < outage.until)
