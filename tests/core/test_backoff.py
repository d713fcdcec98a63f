"""When to try again, by the class of the error: the bounds of decision 5, as a table."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.backoff import JITTER, pause, waits_for_a_person
from reconciler.core.errors import (
    AnswerLost,
    Conflict,
    CredentialRefused,
    Denied,
    EndpointRefused,
    Full,
    Gone,
    Invalid,
    LifetimeRefused,
    ReconcilerError,
    SecretError,
    StoreError,
    Throttled,
    Transient,
    Unsorted,
)

SECOND, MINUTE, HOUR, DAY = (dt.timedelta(seconds=count) for count in (1, 60, 3600, 86_400))
LIFETIME = 3 * DAY
TENTH = LIFETIME / 10

BOUNDS = [
    pytest.param(EndpointRefused("x"), 30 * SECOND, 15 * MINUTE, id="endpoint: 30 s to 15 min"),
    pytest.param(Full("x"), HOUR, HOUR, id="full: hourly"),
    pytest.param(Denied("x"), 5 * MINUTE, HOUR, id="denied: slowly"),
    pytest.param(CredentialRefused("x"), 5 * MINUTE, HOUR, id="credential: as denied"),
    pytest.param(Invalid("x"), DAY, DAY, id="invalid: daily"),
    pytest.param(
        LifetimeRefused("x", ceiling=HOUR), 5 * SECOND, 15 * MINUTE, id="lifetime: the next try asks for less"
    ),
    pytest.param(Transient("x"), 5 * SECOND, TENTH, id="transient"),
    pytest.param(AnswerLost("x"), 5 * SECOND, TENTH, id="answer lost"),
    pytest.param(Throttled("x"), 5 * SECOND, TENTH, id="throttled, Graph does not say how long"),
    pytest.param(Gone("x"), 5 * SECOND, TENTH, id="gone"),
    pytest.param(Conflict("x"), 5 * SECOND, TENTH, id="conflict"),
    pytest.param(Unsorted("x"), 5 * SECOND, TENTH, id="unknown: retry, capped"),
    pytest.param(StoreError("x"), 5 * SECOND, 5 * MINUTE, id="store"),
    pytest.param(SecretError("x"), 5 * SECOND, 5 * MINUTE, id="secret"),
    pytest.param(ReconcilerError("x"), 5 * SECOND, 5 * MINUTE, id="a mistake of ours"),
]


def waited(error, attempts, *, lifetime=LIFETIME, key="mail"):
    return pause(error, attempts=attempts, lifetime=lifetime, key=key)


@pytest.mark.parametrize(("error", "first", "longest"), BOUNDS)
def test_from_the_first_to_the_longest(error, first, longest):
    """Each of them less a jitter of up to a tenth."""
    assert first * (1 - JITTER) <= waited(error, 1) <= first
    assert longest * (1 - JITTER) <= waited(error, 1000) <= longest
    waits = [waited(error, attempts) for attempts in range(1, 30)]
    for number, wait in enumerate(waits):
        doubled = min(first * 2**number, longest)
        assert doubled * (1 - JITTER) <= wait <= doubled


@pytest.mark.parametrize(
    ("lifetime", "longest"),
    [
        pytest.param(HOUR, 6 * MINUTE, id="an-hour"),
        pytest.param(30 * DAY, 3 * DAY, id="a-month"),
        pytest.param(20 * SECOND, 5 * SECOND, id="never-less-than-the-first"),
        pytest.param(None, 6 * HOUR, id="not-known"),
    ],
)
def test_up_to_a_tenth_of_the_lifetime(lifetime, longest):
    assert longest * (1 - JITTER) <= waited(Transient("x"), 50, lifetime=lifetime) <= longest


@pytest.mark.parametrize(
    ("told", "attempts", "least"),
    [
        pytest.param(600.0, 1, 600 * SECOND, id="as-told"),
        pytest.param(0.0, 1, 4.5 * SECOND, id="told-to-come-at-once"),
        pytest.param(3.0, 10, 2304 * SECOND, id="our-own-wait-is-longer-by-now"),
        pytest.param(1e6, 1, 1e6 * SECOND, id="for-as-long-as-it-is-told"),
    ],
)
def test_throttled_waits_as_told(told, attempts, least):
    assert waited(Throttled("x", retry_after=told), attempts) >= least


def test_those_that_failed_together_are_not_all_tried_again_together():
    keys = [f"mail-{number}" for number in range(20)]
    waits = {waited(EndpointRefused("x"), 1, key=key) for key in keys}
    assert len(waits) == 20
    assert waits == {waited(EndpointRefused("x"), 1, key=key) for key in keys}, "drawn from the key, always the same"


@given(st.sampled_from([each.values[0] for each in BOUNDS]), st.integers(1, 10**6), st.text(max_size=9))
def test_it_never_overflows_nor_falls_to_nothing(error, attempts, key):
    assert 4 * SECOND < waited(error, attempts, key=key) <= DAY


@pytest.mark.parametrize("error", [each.values[0] for each in BOUNDS], ids=lambda error: type(error).__name__)
def test_only_what_is_denied_waits_for_a_person(error):
    assert waits_for_a_person(error) is isinstance(error, Denied)
