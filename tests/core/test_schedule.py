"""What is to be done at which time in, what is due out, the most urgent first."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.schedule import Schedule
from tests.core.world import NOW


def at(seconds):
    return NOW + dt.timedelta(seconds=seconds)


def scheduled(**times):
    made = Schedule()
    for key, second in times.items():
        made.put(key, at(second))
    return made


@pytest.mark.parametrize(
    ("second", "taken", "following"),
    [
        pytest.param(0, [], 1, id="nothing-yet"),
        pytest.param(1, ["b"], 2, id="its-very-second"),
        pytest.param(2, ["b", "a", "c"], 9, id="in-the-order-of-their-times-then-of-their-coming"),
        pytest.param(99, ["b", "a", "c", "d"], None, id="all"),
    ],
)
def test_what_is_taken(second, taken, following):
    made = scheduled(a=2, b=1, c=2, d=9)
    assert made.take(at(second)) == taken
    assert made.next() == (None if following is None else at(following))
    assert len(made) == 4 - len(taken)
    assert made.take(at(second)) == []


def test_putting_anew_moves_it():
    made = scheduled(a=5, b=6)
    made.put("a", at(7))
    assert (made.time("a"), made.next(), len(made)) == (at(7), at(6), 2)
    made.put("a", at(1))
    assert made.take(at(2)) == ["a"]
    assert made.take(at(99)) == ["b"]


def test_putting_it_where_it_is_keeps_its_turn():
    made = scheduled(a=5, b=5)
    made.put("a", at(5))
    assert made.take(at(5)) == ["a", "b"]


def test_dropped_and_kept():
    made = scheduled(a=1, b=2, c=3)
    made.drop("a")
    made.drop("never-there")
    assert (made.time("a"), made.next()) == (None, at(2))
    made.keep({"c", "other"})
    assert (made.take(at(9)), len(made)) == (["c"], 0)


def test_one_that_was_taken_can_be_put_at_the_same_time_again():
    made = scheduled(a=1)
    made.take(at(1))
    made.put("a", at(1))
    assert made.take(at(1)) == ["a"]


def test_overdue():
    made = scheduled(a=1, b=2, c=3)
    made.put("a", at(4))
    assert [made.overdue(at(second)) for second in (0, 2, 3, 9)] == [0, 1, 2, 3]


def test_what_is_moved_again_and_again_leaves_nothing_behind():
    made = scheduled(a=0, b=0)
    for second in range(10_000):
        made.put("a", at(second))
        made.put("b", at(-second))
    assert len(made._heap) < 1100
    assert made.take(at(10_000)) == ["b", "a"]


deeds = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.integers(0, 20)),
        st.tuples(st.just("drop"), st.sampled_from("abcdef"), st.just(0)),
        st.tuples(st.just("take"), st.just(""), st.integers(0, 20)),
    )
)


@given(deeds)
def test_it_takes_each_key_once_and_in_order(done):
    """Beside a dict that is searched from end to end each time."""
    made, known = Schedule(), {}
    for what, key, second in done:
        if what == "put":
            made.put(key, at(second))
            known[key] = second
        elif what == "drop":
            made.drop(key)
            known.pop(key, None)
        else:
            due = {key: time for key, time in known.items() if time <= second}
            taken = made.take(at(second))
            assert sorted(taken) == sorted(due)
            assert [due[key] for key in taken] == sorted(due.values())
            known = {key: time for key, time in known.items() if key not in due}
        assert len(made) == len(known)
        assert made.next() == (at(min(known.values())) if known else None)
        assert {key: made.time(key) for key in known} == {key: at(time) for key, time in known.items()}
