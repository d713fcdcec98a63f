"""Many wishes, few passes: as a table of what happens at which second, and what is due when."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.trigger import Due, Pace, Trigger
from tests.core.world import NOW

SECOND = dt.timedelta(seconds=1)
PACE = Pace(settle=2 * SECOND, gap=10 * SECOND, longest_gap=60 * SECOND, first_retry=30 * SECOND, interval=600 * SECOND)


def at(seconds):
    return NOW + seconds * SECOND


class Told:
    """A trigger that is told what happens in which second."""

    def __init__(self, pace=PACE):
        self.trigger = Trigger(pace)
        self.running = None

    def wish(self, second, reason="manifests"):
        self.trigger.wish(at(second), reason)

    def look(self, second, name=None, subscription_id=None):
        self.trigger.look(at(second), name=name, subscription_id=subscription_id)

    def ask(self, second):
        """What is due then: it begins."""
        self.running = self.trigger.due(at(second))
        return said(self.running)

    def end(self, second, *, failed=False):
        assert self.running is not None
        self.trigger.done(at(second), self.running, failed=failed)
        self.running = None


def said(due):
    if due is None:
        return None
    named = sorted((*due.names, *due.ids))
    return " ".join(filter(None, ("full" if due.full else "narrow", ",".join(due.reasons), ",".join(named))))


def after_a_full_pass(pace=PACE):
    """Which ended in second 0."""
    told = Told(pace)
    told.ask(-1)
    told.end(0)
    return told


def test_the_first_pass_is_due_at_once():
    assert Told().ask(0) == "full interval"


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        pytest.param([], {5: None, 599: None, 600: "full interval"}, id="every-interval"),
        pytest.param([("wish", 20)], {21: None, 22: "full manifests"}, id="a-wish-settles"),
        pytest.param([("wish", 3)], {5: None, 9: None, 10: "full manifests"}, id="but-the-smallest-gap-is-kept"),
        pytest.param(
            [("wish", 20), ("wish", 21)], {22: "full manifests"}, id="a-second-wish-does-not-put-off-the-first"
        ),
        pytest.param(
            [("wish", 20, "manifests"), ("wish", 21, "SIGHUP"), ("wish", 21, "manifests")],
            {22: "full manifests,SIGHUP"},
            id="reasons-are-said-once-in-their-order",
        ),
        pytest.param([("look", 20, "a")], {21: None, 22: "narrow a"}, id="a-name"),
        pytest.param([("look", 20, None, "id-1")], {22: "narrow id-1"}, id="an-id"),
        pytest.param(
            [("look", 20, "a"), ("look", 21, "b"), ("look", 21, None, "id-1"), ("look", 21, "a")],
            {22: "narrow a,b,id-1"},
            id="they-share-a-pass",
        ),
        pytest.param(
            [("look", 20, "a"), ("wish", 21)],
            {22: "narrow a", 23: "full manifests"},
            id="the-narrow-one-does-not-wait-for-the-full",
        ),
        pytest.param([("wish", 20), ("look", 20, "a")], {22: "full manifests a"}, id="a-full-one-fulfils-the-narrow"),
        pytest.param([("look", 598, "a")], {600: "full interval a"}, id="so-does-a-regular-one"),
    ],
)
def test_what_is_due_when(happens, expected):
    """After a full pass that ended in second 0."""
    told = after_a_full_pass()
    for what, *more in happens:
        getattr(told, what)(*more)
    assert {second: told.ask(second) for second in expected} == expected


def test_what_was_taken_is_not_due_again():
    told = after_a_full_pass()
    told.wish(20)
    told.look(20, "a")
    assert told.ask(22) == "full manifests a"
    told.end(30)
    assert [told.ask(second) for second in (31, 45, 629)] == [None] * 3
    assert told.ask(630) == "full interval"


def test_a_wish_while_a_pass_runs_is_not_fulfilled_by_it():
    told = after_a_full_pass()
    told.wish(20)
    told.ask(22)
    told.wish(23, "SIGHUP")
    told.look(24, "a")
    told.end(60)
    assert told.ask(69) is None
    assert told.ask(70) == "full SIGHUP a"


def test_a_regular_pass_keeps_the_smallest_gap_to_a_narrow_one_as_well():
    told = after_a_full_pass()
    told.look(590, "a")
    assert told.ask(592) == "narrow a"
    told.end(599)
    assert told.ask(600) is None
    assert told.ask(609) == "full interval"


def test_a_narrow_pass_does_not_put_off_the_next_full_one():
    told = after_a_full_pass()
    told.look(500, "a")
    told.ask(502)
    told.end(503)
    assert told.trigger.next_full == at(600)


@pytest.mark.parametrize(
    ("pace", "waits"),
    [
        pytest.param(PACE, [30, 60, 120, 240, 480, 600, 600], id="up-to-the-interval"),
        pytest.param(dataclasses.replace(PACE, interval=20 * SECOND), [20, 20], id="never-over-it"),
    ],
)
def test_a_full_pass_that_fails_is_retried_with_its_own_backoff(pace, waits):
    told, second = after_a_full_pass(pace), 10_000
    for wait in waits:
        assert told.ask(second) == "full interval"
        told.end(second, failed=True)
        assert told.ask(second + wait - 1) is None
        second += wait
    assert told.ask(second) == "full interval"
    told.end(second)
    assert told.trigger.failures == 0
    assert told.trigger.next_full == at(second) + pace.interval


def test_a_thousand_failures_are_no_overflow():
    told, due = Told(), Due(full=True)
    for _ in range(1100):
        told.trigger.done(NOW, due, failed=True)
    assert told.trigger.next_full == NOW + PACE.interval


def test_a_wish_does_not_wait_for_the_retry():
    told = after_a_full_pass()
    told.ask(600)
    told.end(600, failed=True)
    told.wish(605, "credential")
    assert told.ask(609) is None
    assert told.ask(610) == "full credential"


def test_a_narrow_pass_that_fails_says_nothing_about_full_ones():
    told = after_a_full_pass()
    told.look(20, "a")
    told.ask(22)
    told.end(23, failed=True)
    assert (told.trigger.failures, told.trigger.next_full) == (0, at(600))


@pytest.mark.parametrize(
    ("pace", "waits"),
    [
        pytest.param(PACE, [20, 40, 60, 60], id="doubled-up-to-the-longest"),
        pytest.param(dataclasses.replace(PACE, longest_gap=5 * SECOND), [10, 10], id="never-under-the-smallest"),
    ],
)
def test_a_narrow_pass_that_fails_keeps_a_greater_distance_each_time(pace, waits):
    told, second = after_a_full_pass(dataclasses.replace(pace, interval=10_000 * SECOND)), 20
    told.look(second, "a")
    second += 2
    for wait in waits:
        assert told.ask(second) == "narrow a"
        told.look(second, "a")
        told.end(second, failed=True)
        assert told.ask(second + wait - 1) is None
        second += wait
    assert told.ask(second) == "narrow a"
    told.look(second, "a")
    told.end(second)
    assert told.ask(second + 10) == "narrow a", "one that succeeds takes that back"


@pytest.mark.parametrize(("failed", "wait"), [(False, 10), (True, 20)])
def test_a_full_pass_that_succeeds_takes_that_back_as_well(failed, wait):
    told = after_a_full_pass()
    told.look(20, "a")
    told.ask(22)
    told.end(22, failed=True)
    told.wish(30)
    assert told.ask(32) == "full manifests"
    told.end(32, failed=failed)
    told.look(33, "a")
    assert told.ask(32 + wait - 1) is None
    assert told.ask(32 + wait) == "narrow a"


def test_ten_thousand_narrow_failures_are_no_overflow():
    told, due = Told(), Due(full=False)
    for _ in range(10_000):
        told.trigger.done(NOW, due, failed=True)
    told.trigger.next_full = at(10_000)
    told.look(0, "a")
    assert (told.ask(59), told.ask(60)) == (None, "narrow a")


def test_a_narrow_pass_that_fails_is_tried_again_ever_less_often():
    told, second = after_a_full_pass(dataclasses.replace(PACE, longest_gap=60 * SECOND, interval=9999 * SECOND)), 0
    for wait in (10, 20, 40, 60, 60, 10):
        told.look(second, "a")
        assert told.ask(second + wait - 1) is None
        assert told.ask(second + wait) == "narrow a"
        second += wait
        told.end(second, failed=wait != 60 or second < 180)
    assert second == 200


def test_a_full_pass_does_not_wait_for_narrow_ones_that_fail():
    told = after_a_full_pass()
    told.look(0, "a")
    told.ask(10)
    told.end(10, failed=True)
    told.look(10, "a")
    told.wish(11)
    assert told.ask(20) == "full manifests a"


events = st.lists(
    st.tuples(
        st.integers(1, 200),
        st.sampled_from(["wish", "look", "nothing"]),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=60,
)


@given(events)
def test_passes_keep_their_distance_and_no_wish_is_lost(happens):
    """Time goes on, wishes come at any time, also while a pass runs, and passes take as long as they take."""
    told, second, ended, asked, looked = Told(), 0, None, 0, set()
    for number, (passed, what, takes, failed) in enumerate(happens):
        second += passed
        if what == "wish":
            told.wish(second, f"reason-{number}")
            asked = asked or second
        if what == "look":
            told.look(second, name=f"name-{number}")
            looked.add(f"name-{number}")
        due = told.trigger.due(at(second))
        if due is None:
            continue
        assert ended is None or second - ended >= 10
        if due.full:
            asked = 0
        assert looked == due.names, "whatever is begun sees to all that is wished for by then"
        looked, second = set(), second + takes
        told.trigger.done(at(second), due, failed=failed and due.full)
        ended = second
    if asked or looked:
        assert told.trigger.due(at(second + 12)) is not None
