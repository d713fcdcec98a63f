"""What is set aside at a glance changes no plan; and most of what is as wanted is set aside."""

import dataclasses
import datetime as dt
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import plan as plans
from reconciler.core.catalog import Version
from reconciler.core.due import Clockwork
from reconciler.core.mark import UnknownMark
from reconciler.core.settled import set_aside
from reconciler.core.world import World
from tests.core.test_plan_properties import lives, options, wanted
from tests.core.world import (
    CERTIFICATE,
    ELSEWHERE,
    NOW,
    OTHER_CERTIFICATE,
    OWNER,
    SIXTY_HOURS,
    TENANT,
    THREE_DAYS,
    a_mark,
    have,
    hours,
    planned,
    want,
)

CLOCKWORK = Clockwork(NOW)
RICH = want(certificate=CERTIFICATE)


def nothing(desired, world, owner, clockwork):
    return list(desired), list(world.owned(owner)), 0


@given(wanted, lives, options)
def test_no_plan_is_another_for_it(desired, live, given_options):
    with mock.patch.object(plans, "set_aside", nothing):
        slow = planned(desired, live, **given_options)
    assert planned(desired, live, **given_options) == slow


moments = st.timedeltas(min_value=dt.timedelta(hours=-1), max_value=dt.timedelta(days=4))
durations = st.none() | st.timedeltas(min_value=dt.timedelta(minutes=45), max_value=dt.timedelta(days=4))


@given(moments, durations, durations, durations, durations, st.sampled_from(["mail", "m", "x-1"]))
def test_none_that_is_due_is_set_aside(left, granted, lifetime, renew_before, within, name):
    desired = [want(name, lifetime=lifetime, renew_before=renew_before)]
    live = [have(desired[0], left=left, granted=granted)]
    with mock.patch.object(plans, "set_aside", nothing):
        slow = planned(desired, live, renew_within=within)
    assert planned(desired, live, renew_within=within) == slow


def aside(desired, live, *, clockwork=CLOCKWORK, never=()):
    return set_aside([desired], World(TENANT, (live,)), OWNER, clockwork, never=never) == ([], [], 1)


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        pytest.param(want(), have(), id="plain"),
        pytest.param(RICH, have(RICH), id="rich"),
        pytest.param(want(), have(granted=None, left=hours(150)), id="of-an-unknown-lifetime"),
        pytest.param(want(protect=True, leave=True), have(want(protect=True, leave=True)), id="protected-and-left"),
        pytest.param(want(renew_before=hours(12)), have(left=hours(20)), id="late-on-purpose"),
        pytest.param(want(suspend=True), have(want(suspend=True)), id="suspended"),
    ],
)
def test_what_is_as_wanted_is_set_aside(desired, live):
    assert aside(desired, live)


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        pytest.param(want(), have(left=hours(20)), id="due"),
        pytest.param(want(changes="updated"), have(), id="another-digest"),
        pytest.param(want(key_ids=("k2",)), have(), id="another-key"),
        pytest.param(want(notification_url=ELSEWHERE), have(), id="delivered-elsewhere"),
        pytest.param(want(protect=True), have(), id="not-yet-protected"),
        pytest.param(RICH, have(RICH, certificate_id=OTHER_CERTIFICATE.thumbprint), id="another-certificate"),
        pytest.param(want(), have(mark=None, lifecycle_mark=a_mark()), id="its-mark-overwritten"),
        pytest.param(want(previously=frozenset({"post"})), have(), id="it-had-another-name"),
        pytest.param(want(), have(granted=None, entry=None), id="nothing-is-known-of-its-lifetime"),
    ],
)
def test_what_is_to_be_looked_at_is_not(desired, live):
    assert not aside(desired, live)


@pytest.mark.parametrize(
    "clockwork",
    [
        pytest.param(dataclasses.replace(CLOCKWORK, within=SIXTY_HOURS), id="renewed-early"),
        pytest.param(dataclasses.replace(CLOCKWORK, rotate_keys=True), id="keys-are-rotated"),
        pytest.param(dataclasses.replace(CLOCKWORK, replace=frozenset({"mail"})), id="replaced-on-purpose"),
    ],
)
def test_a_run_that_asks_for_more_looks_at_it(clockwork):
    assert not aside(want(), have(), clockwork=clockwork)


def test_a_name_that_is_occupied_is_looked_at():
    assert not aside(want(), have(), never={"mail"})
    unknown = UnknownMark(OWNER, "mail", "7")
    made = planned([want()], [have(), have(id="2", mark=unknown)])
    assert [change.reason for change in made.changes] == ["MarkUnknown"]


def test_twins_are_looked_at_and_others_beside_them_are_not():
    desired = [want("a"), want("b")]
    live = (have(desired[0]), have(desired[0], id="2"), have(desired[1], id="3"), have(mark=None, id="4"))
    left, others, settled = set_aside(desired, World(TENANT, live), OWNER, CLOCKWORK)
    assert (left, [each.live.id for each in others], settled) == (desired[:1], ["1", "2"], 1)


def test_a_twin_whose_mark_is_only_remembered_is_one():
    live = (have(), have(id="2", mark=None, lifecycle_mark=None))
    world = World(TENANT, live, marks={"2": a_mark()})
    left, others, settled = set_aside([want()], world, OWNER, CLOCKWORK)
    assert (left, len(others), settled) == ([want()], 2, 0)


def test_the_digest_of_a_mark_counts_not_the_spelling_of_the_resource():
    desired = want(version=Version.BETA)
    live = have(desired, asked=dataclasses.replace(desired.asked, resource="as Graph spells it"), granted=THREE_DAYS)
    assert aside(desired, live)
