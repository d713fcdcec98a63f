"""What is withheld for a while, as a table of the world: what fails, what others must be ready for, what is new."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.policy import Policy
from reconciler.core.reasons import Action
from reconciler.core.rest import Rest, Waiting
from reconciler.core.safety import Limits
from tests.core.world import (
    CERTIFICATE,
    ELSEWHERE,
    NOW,
    OTHER_CERTIFICATE,
    THREE_DAYS,
    asked_before,
    have,
    hours,
    lines,
    planned,
    want,
)

MINUTE = dt.timedelta(minutes=1)
MAIL = want()
MOVED = want(notification_url=ELSEWHERE)
OTHER_TYPES = want(changes="updated")
TEAM_WATCH, CHANNEL_WATCH = want("a", resource="teams"), want("a", resource="teams/getAllChannels")
DUE, ENDING = THREE_DAYS / 4, THREE_DAYS / 21
A_WEEK = dt.timedelta(minutes=10_080)


def failed(action, desired=MAIL, *, left=5 * MINUTE, essence=None):
    """``action`` has failed for what was wanted then, and rests for as long as is ``left``."""
    essence = essence or (desired.essence if desired else "")
    return Rest(Action(action), NOW + left, "it has failed twice (the URL did not answer)", essence)


@pytest.mark.parametrize(
    ("desired", "live", "rest", "expected"),
    [
        pytest.param([MAIL], [], failed("create"), ["create mail Missing Paced"], id="a-creation-rests"),
        pytest.param([MAIL], [], failed("create", left=0 * MINUTE), ["create mail Missing"], id="its-time-has-come"),
        pytest.param([MAIL], [], failed("create", MOVED), ["create mail Missing"], id="the-manifest-has-changed"),
        pytest.param([MAIL], [], failed("create", None), ["create mail Missing"], id="nothing-was-wanted-then"),
        pytest.param([MAIL], [], failed("renew"), ["create mail Missing"], id="another-action-has-failed"),
        pytest.param(
            [MAIL],
            [have(left=hours(-1))],
            failed("create"),
            ["create mail Expired Paced"],
            id="what-has-ended-is-created-as-well",
        ),
        pytest.param(
            [MOVED], [have()], failed("update", MOVED), ["update mail NotificationUrlChanged Paced"], id="an-update"
        ),
        pytest.param(
            [MOVED],
            [have(left=DUE)],
            failed("update", MOVED),
            ["renew mail RenewalDue", "update mail NotificationUrlChanged Paced"],
            id="an-update-that-rests-is-kept-alive",
        ),
        pytest.param(
            [OTHER_TYPES],
            [asked_before(MAIL, MAIL)],
            failed("replace", OTHER_TYPES),
            ["replace mail ImmutableFieldChanged Paced"],
            id="a-replacement",
        ),
        pytest.param(
            [want(certificate=OTHER_CERTIFICATE)],
            [have(want(certificate=CERTIFICATE), certificate_fixed=True)],
            failed("update", want(certificate=OTHER_CERTIFICATE)),
            ["replace mail CertificateChanged"],
            id="the-replacement-instead-of-a-PATCH-that-failed",
        ),
        pytest.param([MAIL], [have(left=DUE)], failed("renew"), ["renew mail RenewalDue Paced"], id="a-renewal-rests"),
        pytest.param(
            [MAIL], [have(left=ENDING)], failed("renew"), ["renew mail RenewalDue"], id="but-not-in-its-last-twentieth"
        ),
        pytest.param(
            [MAIL],
            [have(granted=None, left=A_WEEK / 21)],
            failed("renew"),
            ["renew mail RenewalDue"],
            id="counted-from-the-ceiling-where-it-is-not-known",
        ),
        pytest.param(
            [want(suspend=True, notification_url=ELSEWHERE)],
            [have(left=DUE)],
            failed("renew", want(suspend=True, notification_url=ELSEWHERE)),
            ["renew mail RenewalDue Paced", "update mail NotificationUrlChanged Suspended"],
            id="what-keeps-it-alive-rests-as-well",
        ),
        pytest.param(
            [want("b")],
            [have(want("b")), have(id="2")],
            failed("delete", None),
            ["delete mail NotInManifests Paced"],
            id="a-deletion",
        ),
        pytest.param(
            [want("b")],
            [have(want("b")), have(id="2")],
            failed("delete", MAIL),
            ["delete mail NotInManifests"],
            id="it-was-wanted-when-that-failed",
        ),
        pytest.param([MAIL], [have()], failed("update"), [], id="nothing-is-to-be-done-any-more"),
    ],
)
def test_what_keeps_failing_rests(desired, live, rest, expected):
    made = planned(desired, live, waiting=Waiting({"mail": rest}))
    assert sorted(lines(made)) == sorted(expected)


@pytest.mark.parametrize(
    ("left", "withheld"),
    [
        pytest.param(THREE_DAYS / 20 + MINUTE, True, id="before"),
        pytest.param(THREE_DAYS / 20, False, id="from-its-first-moment"),
        pytest.param(MINUTE, False, id="to-its-last"),
    ],
)
def test_the_last_twentieth(left, withheld):
    (change,) = planned([MAIL], [have(left=left)], waiting=Waiting({"mail": failed("renew")})).changes
    assert (change.withheld is not None) is withheld


def test_one_that_rests_says_why_and_how_long():
    (change,) = planned([MAIL], waiting=Waiting({"mail": failed("create")})).changes
    assert change.why_withheld == "it has failed twice (the URL did not answer); it is tried again in 5m"


def test_it_rests_in_every_tenant_s_plan_by_its_own_name_only():
    made = planned([want("a"), want("b")], waiting=Waiting({"a": failed("create", want("a"))}))
    assert lines(made) == ["create a Missing Paced", "create b Missing"]


def test_another_word_for_withholding_stands_before():
    made = planned([want(suspend=True)], waiting=Waiting({"mail": failed("create", want(suspend=True))}))
    assert lines(made) == ["create mail Missing Suspended"]


def test_under_observe_nothing_is_kept_alive():
    rests = Waiting({"mail": failed("update", MOVED)})
    made = planned([MOVED], [have(left=DUE)], waiting=rests, policy=Policy.OBSERVE)
    assert lines(made) == ["update mail NotificationUrlChanged Policy"]


@pytest.mark.parametrize(
    ("desired", "live", "rests", "expected"),
    [
        pytest.param(
            [want("b", resource="teams"), want("c")],
            [have(TEAM_WATCH), have(want("c"), id="2")],
            {"a": failed("delete", None)},
            ["delete a NotInManifests Paced", "create b Missing Blocked"],
            id="a-deletion",
        ),
        pytest.param(
            [CHANNEL_WATCH, want("b", resource="teams")],
            [asked_before(CHANNEL_WATCH, TEAM_WATCH)],
            {"a": failed("replace", CHANNEL_WATCH)},
            ["replace a ImmutableFieldChanged Paced", "create b Missing Blocked"],
            id="a-replacement",
        ),
    ],
)
def test_what_rests_keeps_its_place(desired, live, rests, expected):
    """Whoever waits for it must not be sent there, least of all after its own old one was deleted."""
    assert lines(planned(desired, live, waiting=Waiting(rests))) == expected


def test_what_rests_still_counts_among_the_removals():
    live = [have(want(f"m{number}"), id=str(number)) for number in range(9)]
    rests = {f"m{number}": failed("delete", None) for number in range(9)}
    made = planned([want("x")], live, waiting=Waiting(rests), limits=Limits(floor=0))
    assert [each.code for each in made.violations] == ["removals"]


# Certificates

TURNED, BEFORE = want(certificate=OTHER_CERTIFICATE), want(certificate=CERTIFICATE)
PATCH, REPLACE = "update mail CertificateChanged", "replace mail CertificateChanged"
RETYPED = want(certificate=OTHER_CERTIFICATE, changes="updated")


@pytest.mark.parametrize(
    ("desired", "live", "loaded", "expected"),
    [
        pytest.param(TURNED, have(BEFORE), {"A" * 40}, [f"{PATCH} Paced"], id="not-loaded-yet"),
        pytest.param(TURNED, have(BEFORE), set(), [f"{PATCH} Paced"], id="nobody-knows-what-is-loaded"),
        pytest.param(TURNED, have(BEFORE), {"B" * 40}, [PATCH], id="loaded-by-all"),
        pytest.param(TURNED, have(BEFORE), None, [PATCH], id="nobody-asks"),
        pytest.param(TURNED, have(BEFORE, certificate_fixed=True), set(), [f"{REPLACE} Paced"], id="by-replacement"),
        pytest.param(
            RETYPED,
            asked_before(RETYPED, BEFORE),
            {"A" * 40},
            ["replace mail ImmutableFieldChanged Paced"],
            id="a-replacement-for-another-reason-turns-it-as-well",
        ),
        pytest.param(
            want(certificate=CERTIFICATE, changes="updated"),
            asked_before(RETYPED, BEFORE, certificate_id="a" * 40),
            set(),
            ["replace mail ImmutableFieldChanged"],
            id="a-replacement-that-keeps-its-certificate-waits-for-nobody",
        ),
        pytest.param(
            want(certificate=OTHER_CERTIFICATE, notification_url=ELSEWHERE),
            have(TURNED),
            set(),
            ["update mail NotificationUrlChanged"],
            id="another-update-does-not-touch-it",
        ),
        pytest.param(OTHER_TYPES, asked_before(MAIL, MAIL), set(), ["replace mail ImmutableFieldChanged"], id="none"),
        pytest.param(
            TURNED,
            have(BEFORE, left=hours(6), granted=hours(24)),
            set(),
            [f"{PATCH} Paced", "renew mail RenewalDue"],
            id="it-is-kept-alive-meanwhile",
        ),
    ],
)
def test_a_certificate_waits_until_everybody_can_open_it(desired, live, loaded, expected):
    made = planned([desired], [live], waiting=Waiting(loaded=loaded))
    assert sorted(lines(made)) == sorted(expected)


# Ours that we did not make

AN_HOUR = Waiting(prune_after=hours(1))


@pytest.mark.parametrize(
    ("noted", "waiting", "expected"),
    [
        pytest.param({"2": NOW}, AN_HOUR, "delete mail NotInManifests Paced", id="seen-just-now"),
        pytest.param({"2": NOW - hours(0.9)}, AN_HOUR, "delete mail NotInManifests Paced", id="seen-a-while-ago"),
        pytest.param({"2": NOW - hours(1)}, AN_HOUR, "delete mail NotInManifests", id="known-for-long-enough"),
        pytest.param({"1": NOW}, AN_HOUR, "delete mail NotInManifests", id="another-one-was"),
        pytest.param({}, AN_HOUR, "delete mail NotInManifests", id="known-for-long-or-made-here"),
        pytest.param({"2": NOW}, Waiting(), "delete mail NotInManifests", id="nothing-is-waited-for"),
    ],
)
def test_one_that_was_not_made_here_is_pruned_only_after_a_while(noted, waiting, expected):
    made = planned([want("b")], [have(want("b")), have(id="2")], noted=noted, waiting=waiting)
    assert lines(made) == [expected]


def test_how_long_it_is_left_is_said():
    made = planned([want("b")], [have(want("b")), have(id="2")], noted={"2": NOW - 20 * MINUTE}, waiting=AN_HOUR)
    assert "it is deleted in 40m, if nothing wants it then" in str(made.changes[0].why_withheld)


def test_a_twin_that_was_just_seen_is_no_orphan():
    made = planned([MAIL], [have(), have(id="2")], noted={"1": NOW, "2": NOW}, waiting=AN_HOUR)
    assert lines(made) == ["delete mail Duplicate"]


# Essence


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(want(changes="updated"), id="change-types"),
        pytest.param(want(lifecycle="https://x.contoso.com/l"), id="lifecycle-url"),
        pytest.param(want(notification_url=ELSEWHERE), id="notification-url"),
        pytest.param(want(certificate=CERTIFICATE), id="certificate"),
        pytest.param(want(key_ids=("k2",)), id="keys"),
        pytest.param(want(lifetime=hours(5)), id="lifetime"),
        pytest.param(want(renew_before=hours(5)), id="renew-before"),
        pytest.param(want(endpoint="other"), id="endpoint"),
        pytest.param(want(resource="users/Mail/messages"), id="spelling-of-the-resource"),
    ],
)
def test_another_essence(changed):
    assert changed.essence != MAIL.essence


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(want("other", resource="users/mail/messages"), id="name"),
        pytest.param(want(sink="events"), id="sink"),
        pytest.param(want(labels=(("a", "b"),)), id="labels"),
        pytest.param(want(silent_after=hours(5)), id="silent-after"),
    ],
)
def test_the_same_essence(changed):
    """Nothing that a change may fail for."""
    assert changed.essence == MAIL.essence


def test_the_essence_of_a_turned_certificate_is_another_one():
    assert want(certificate=CERTIFICATE).essence != want(certificate=OTHER_CERTIFICATE).essence


def test_an_essence_is_short_and_always_the_same():
    assert MAIL.essence == dataclasses.replace(MAIL).essence
    assert len(MAIL.essence) == 16
