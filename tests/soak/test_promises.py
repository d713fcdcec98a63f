"""A month in which nothing is wrong, and what would be noticed: as a table of small changes to it.

Times are in minutes. ``a`` lives for an hour each time and is away while Graph is, ``b`` lives for a day.
"""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.gap import Cause, Gap
from tests.soak.diary import Diary, Life, Write
from tests.soak.month import Challenge, Lived
from tests.soak.outages import Outage, outages_of
from tests.soak.promises import broken

BEGIN = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
HOUR, DAY = 60, 24 * 60


def at(minutes: float) -> dt.datetime:
    return BEGIN + dt.timedelta(minutes=minutes)


def write(minutes: float, lifetime: float, *, renews: bool = True) -> Write:
    return Write(at(minutes), at(minutes + lifetime), renews)


def life(identifier: str, *writes: Write, until: float | None = None) -> Life:
    return Life(identifier, identifier[0], list(writes), at(until) if until else None)


def row(since: float, until: float, *, identifier: str = "a1", cause: Cause = Cause.EXPIRED) -> Gap:
    return Gap(
        id=identifier,
        tenant="contoso",
        tenant_id="t",
        name=identifier[0],
        subscription_id=identifier,
        resource="users",
        cause=cause,
        since=at(since),
        until=at(until),
        noted_at=at(until),
    )


A1 = life("a1", write(0, HOUR), write(39, HOUR), write(78, HOUR), until=138)
A2 = life("a2", write(225, HOUR), write(264, HOUR))
B1 = life("b1", write(0, DAY))
OUTAGE = Outage("answers 503", at(100), at(220))


def lived(*lives: Life, gaps: tuple[Gap, ...] = (row(138, 225),), challenges: tuple[Challenge, ...] = ()) -> Lived:
    diary = Diary()
    for each in lives or (A1, A2, B1):
        diary.lives[each.name].append(each)
    return Lived(
        diary=diary,
        outages=[OUTAGE],
        challenges=list(challenges),
        gaps=list(gaps),
        names=["a", "b"],
        until=at(300),
        passes={},
        pass_seconds=0,
        complaints={},
        mistakes=[],
        seconds=0,
        steps=0,
        peak_megabytes=0,
    )


def test_nothing_is_wrong():
    assert broken(lived()) == {}


def asked(minutes: float, name: str = "b") -> Challenge:
    return Challenge(at(minutes), name)


def challenged(*writes: Write, at_minute: float = 50) -> Lived:
    return lived(A1, A2, life("b1", write(0, DAY), *writes), challenges=(asked(at_minute),))


@pytest.mark.parametrize(
    ("month", "promises"),
    [
        pytest.param(lived(A1, A2, life("b1", write(0, 90))), {"unforced", "slow", "unrecorded", "lost"}, id="ended"),
        pytest.param(
            lived(life("a1", write(0, HOUR), write(39, 75), until=114), A2, B1, gaps=()),
            {"unforced", "unrecorded"},
            id="ended-in-an-outage-but-was-due-before",
        ),
        pytest.param(
            lived(A1, life("a2", write(231, HOUR), write(270, HOUR)), B1, gaps=(row(138, 231),)), {"slow"}, id="slow"
        ),
        pytest.param(lived(gaps=()), {"unrecorded"}, id="no-row"),
        pytest.param(lived(gaps=(row(139, 225),)), {"unrecorded"}, id="a-row-that-begins-late"),
        pytest.param(lived(gaps=(row(138, 224),)), {"unrecorded"}, id="a-row-that-ends-early"),
        pytest.param(lived(gaps=(row(138, 225, cause=Cause.REMOVED),)), {"unrecorded"}, id="a-row-with-another-cause"),
        pytest.param(lived(gaps=(row(138, 225), row(5, 6, identifier="b1"))), {"unrecorded"}, id="a-row-for-nothing"),
        pytest.param(
            lived(A1, A2, life("b1", write(0, DAY), until=50), life("b2", write(50, DAY))), {"deleted"}, id="deleted"
        ),
        pytest.param(lived(A1, A2, B1, life("b2", write(50, DAY))), {"twinned"}, id="twins"),
        pytest.param(lived(life("a1", write(0, HOUR), write(43, 95), until=138), A2, B1), {"late"}, id="late"),
        pytest.param(
            lived(A1, A2, life("b1", write(0, 270), write(230, DAY), write(231, DAY, renews=False))),
            {"too_often"},
            id="renewed-and-reauthorized",
        ),
        pytest.param(challenged(write(51, DAY)), set(), id="answered"),
        pytest.param(challenged(write(51, DAY - 51, renews=False)), set(), id="answered-by-reauthorizing"),
        pytest.param(challenged(), {"unanswered"}, id="unanswered"),
        pytest.param(challenged(write(55, DAY)), {"early", "unanswered"}, id="answered-late"),
        pytest.param(challenged(at_minute=9), set(), id="it-was-written-just-before"),
        pytest.param(challenged(write(51, DAY), write(57, DAY)), {"early", "too_often", "wasted"}, id="answered-twice"),
        pytest.param(lived(A1, A2, life("b1", write(0, DAY), write(51, DAY))), {"early", "wasted"}, id="needless"),
    ],
)
def test_what_is_noticed(month, promises):
    assert set(broken(month)) == promises


def test_too_many_requests_are_noticed():
    month = lived()
    month.diary.answers["PATCH", 429] = 3
    month.diary.answers["DELETE", 404] = 1
    month.diary.written[at(50)] = 1501
    assert broken(month) == {
        "deleted": ["1 DELETEs were answered 404"],
        "throttled": ["3 PATCH were too many", f"1501 writes in the minute of {at(50)}"],
    }


def test_a_renewal_may_wait_for_the_end_of_an_outage():
    late = life("b1", write(0, 270), write(229, DAY))
    assert broken(lived(A1, A2, late)) == {}
    assert set(broken(lived(A1, A2, dataclasses.replace(late, writes=[write(0, 270), write(233, DAY)])))) == {"late"}


def test_a_month_has_an_outage_of_each_kind():
    found = outages_of(BEGIN, dt.timedelta(days=30))
    assert [(each.since - BEGIN).days for each in found] == [3, 10, 17, 25]
    assert len({each.kind for each in found}) == 4
    assert len(outages_of(BEGIN, dt.timedelta(days=3))) == 1
