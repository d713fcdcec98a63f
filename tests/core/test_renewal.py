"""How long to ask for, and when to ask again (decision 13)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.catalog import ENTRIES
from reconciler.core.renewal import Kind, asked_lifetime, renewal_time

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
lifetimes = st.timedeltas(45 * MINUTE, dt.timedelta(days=30))
names = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


@given(names, lifetimes)
def test_two_thirds_of_what_was_granted_and_a_bounded_jitter(name, lifetime):
    left = NOW + lifetime - renewal_time(name, NOW + lifetime, lifetime=lifetime)
    assert lifetime / 3 <= left <= lifetime / 3 + lifetime * 0.05


@given(names, lifetimes, st.timedeltas(MINUTE, dt.timedelta(days=60)))
def test_renew_before_is_capped_at_half_of_what_was_granted(name, lifetime, renew_before):
    due = renewal_time(name, NOW + lifetime, lifetime=lifetime, renew_before=renew_before)
    margin = min(renew_before, lifetime / 2)
    assert margin <= NOW + lifetime - due <= margin + lifetime * 0.05
    assert due > NOW, "what was renewed just now is not due again"


def test_the_jitter_is_drawn_from_the_name():
    due = {name: renewal_time(name, NOW, lifetime=HOUR) for name in ("a", "b", "c")}
    assert len(set(due.values())) == 3
    assert due == {name: renewal_time(name, NOW, lifetime=HOUR) for name in ("a", "b", "c")}


@pytest.mark.parametrize(
    ("ceiling", "wanted", "expected"),
    [
        pytest.param(4320, None, 4315, id="the-ceiling-less-5-minutes"),
        pytest.param(60, None, 55, id="presence"),
        pytest.param(47, None, 45, id="never-under-45-minutes-facts-1.1"),
        pytest.param(4320, 4320, 4320, id="the-ceiling-if-asked-for"),
        pytest.param(4320, 60, 60, id="less-if-asked-for"),
        pytest.param(60, 4320, 55, id="a-learned-ceiling-wins"),
        pytest.param(None, None, 60, id="nothing-known"),
        pytest.param(None, 99, 99, id="nothing-known-but-asked-for"),
    ],
)
def test_asked_lifetime(ceiling, wanted, expected):
    minutes = {"ceiling": ceiling, "wanted": wanted}
    given_times = {name: None if count is None else count * MINUTE for name, count in minutes.items()}
    assert asked_lifetime(**given_times) == expected * MINUTE


MESSAGES = next(entry for entry in ENTRIES if entry.id == "messages")


@pytest.mark.parametrize(
    ("rich", "learned", "expected"),
    [
        pytest.param(False, {}, 10_070, id="the-catalog's"),
        pytest.param(True, {}, 1440, id="with-resource-data"),
        pytest.param(False, {"messages": 4230}, 4230, id="learned"),
        pytest.param(True, {"messages": 60}, 1440, id="learned-without-resource-data"),
        pytest.param(True, {"messages rich": 60}, 60, id="learned-with-resource-data"),
        pytest.param(False, {"messages": 99_999}, 10_070, id="never-raised"),
    ],
)
def test_ceilings(rich, learned, expected):
    taught = {key: count * MINUTE for key, count in learned.items()}
    assert Kind(MESSAGES, "users/u/messages", rich).longest(taught) == expected * MINUTE


def test_an_unknown_resource_has_the_ceiling_that_it_taught():
    kind = Kind(None, "new/things", rich=False)
    assert kind.longest({}) is None
    assert kind.longest({kind.key: HOUR, "new/others": MINUTE}) == HOUR
