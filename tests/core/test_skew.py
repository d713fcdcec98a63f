"""By how much Graph's clock is ahead of ours, from answers that each tell little."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.skew import KEPT, NOISE, Sample, Skew

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
NONE = dt.timedelta()


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


def answered(offset: float, *, at: float = 0.0, took: float = 0.2, written: float = 0.5) -> Sample:
    """Graph is ``offset`` ahead; it wrote the Date after that part of the time that the answer took."""
    sent = NOW + seconds(at)
    date = sent + seconds(took * written + offset)
    return Sample(date.replace(microsecond=0), sent, sent + seconds(took))


def skew(*samples: Sample) -> Skew:
    found = Skew()
    for sample in samples:
        found = found.seen(sample)
    return found


def steady(offset: float, *, count: int = KEPT, took: float = 0.2) -> list[Sample]:
    """At different parts of the second."""
    return [answered(offset, at=number * 7.31, took=took) for number in range(count)]


def test_nothing_is_known_before_the_first() -> None:
    assert (Skew().offset, Skew().uncertainty, Skew().correction) == (None, None, NONE)


def test_one_tells_and_does_not_decide() -> None:
    """The Date is cut to whole seconds, so it is half a second early on average."""
    found = skew(Sample(NOW + seconds(60), NOW, NOW + seconds(4)))
    assert (found.offset, found.uncertainty) == (seconds(58.5), seconds(2.5))
    assert found.correction == NONE


@pytest.mark.parametrize("offset", [3.6, 30.0, -3.6, -3600.0, 86_400.0 * 400])
def test_what_is_off_is_corrected(offset: float) -> None:
    found = skew(*steady(offset)).correction
    assert abs(found - seconds(offset)) <= seconds(0.6)


@pytest.mark.parametrize("offset", [0.0, 1.0, -1.0, 1.9, -1.9])
@pytest.mark.parametrize("took", [0.01, 1.0, 20.0])
def test_noise_never_moves_the_clock(offset: float, took: float) -> None:
    for count in range(1, KEPT + 1):
        assert skew(*steady(offset, count=count, took=took)).correction == NONE


def test_three_are_needed() -> None:
    counts = {count: skew(*steady(60, count=count)).correction != NONE for count in range(1, 5)}
    assert counts == {1: False, 2: False, 3: True, 4: True}


@pytest.mark.parametrize("written", [0.0, 1.0])
def test_slow_answers_do_not_blur_quick_ones(written: float) -> None:
    """A PATCH waits for our endpoints (facts 4), before its Date is written or after."""
    slow = [answered(60, at=number, took=20, written=written) for number in range(6)]
    found = skew(*slow, *steady(60, count=3))
    assert found.uncertainty == seconds(0.6)
    assert abs(found.correction - seconds(60)) <= seconds(0.6)


def test_slow_answers_alone_are_as_uncertain_as_they_are() -> None:
    slow = [answered(11, at=number, took=20, written=1.0) for number in range(5)]
    assert skew(*slow).uncertainty == seconds(10.5)
    assert skew(*slow).correction != NONE, "11 and 10 for the waiting is more than 10.5 and 2"
    assert skew(*(answered(2, at=number, took=20, written=1.0) for number in range(5))).correction == NONE


def test_a_clock_that_was_set_is_followed_when_most_samples_say_so() -> None:
    before, after = steady(0), steady(600)
    found = {count: skew(*before, *after[:count]).correction for count in range(KEPT + 1)}
    assert [count for count, correction in found.items() if correction == NONE] == [0, 1, 2, 3, 4]
    assert abs(found[KEPT] - seconds(600)) <= seconds(0.6)


def test_samples_that_all_disagree_correct_nothing() -> None:
    assert skew(*(answered(100.0 * number) for number in range(KEPT))).correction == NONE


def test_our_clock_set_back_meanwhile() -> None:
    good = skew(*steady(60))
    assert good.seen(Sample(NOW, NOW, NOW - seconds(10))) == good


def test_only_the_latest_are_kept() -> None:
    assert len(skew(*steady(60, count=50)).samples) == KEPT


good_answers = st.builds(
    lambda at, took, written: (at, took, written),
    st.floats(0, 1000),
    st.floats(0, 30),
    st.floats(0, 1),
)
wild_ones = st.builds(
    lambda date, took: Sample(NOW + seconds(round(date)), NOW, NOW + seconds(took)),
    st.floats(-1e8, 1e8),
    st.floats(0, 30),
)


@given(st.lists(good_answers, min_size=1, max_size=2 * KEPT), wild_ones, st.integers(0), st.floats(-2, 2))
def test_a_single_wild_one_changes_nothing_where_all_is_well(
    good: list[tuple[float, float, float]], wild: Sample, place: int, offset: float
) -> None:
    samples = [answered(offset, at=at, took=took, written=written) for at, took, written in good]
    samples.insert(place % (len(samples) + 1), wild)
    assert skew(*samples).correction == NONE


@given(st.lists(good_answers, min_size=4, max_size=2 * KEPT), wild_ones, st.integers(0), st.floats(-1e6, 1e6))
def test_a_single_wild_one_changes_nothing_where_much_is_corrected(
    good: list[tuple[float, float, float]], wild: Sample, place: int, offset: float
) -> None:
    """The correction stays what it is within what is uncertain, or is left out."""
    samples = [answered(offset, at=at, took=took, written=written) for at, took, written in good]
    samples.insert(place % (len(samples) + 1), wild)
    found = skew(*samples)
    assert found.uncertainty is not None
    if found.correction != NONE:
        assert abs(found.correction - seconds(offset)) <= max(sample.uncertainty for sample in samples)


def test_the_bound_is_what_is_uncertain_and_the_noise() -> None:
    exact = [Sample(NOW + seconds(3), NOW + seconds(at), NOW + seconds(at)) for at in (0.0, 0.0, 0.0)]
    assert skew(*exact).offset == seconds(3.5)
    assert skew(*exact).correction == seconds(3.5)
    within = [Sample(NOW + seconds(2), NOW, NOW)] * 3
    assert skew(*within).offset == NOISE + seconds(0.5)
    assert skew(*within).correction == NONE
