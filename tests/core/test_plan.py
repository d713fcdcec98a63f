"""The plan as a table of the world: what is wanted, what Graph has, what would be done."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.catalog import Version
from reconciler.core.change import Summary
from reconciler.core.mark import UnknownMark
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action, Withheld
from reconciler.core.safety import CODES, Limits
from tests.core.world import (
    CERTIFICATE,
    ELSEWHERE,
    NOW,
    OTHER_CERTIFICATE,
    OTHER_TENANT,
    OWNER,
    TENANT,
    a_mark,
    asked_before,
    have,
    hours,
    lines,
    planned,
    violations,
    want,
)

LATER = UnknownMark(OWNER, "mail", "2")
WEEK = dt.timedelta(minutes=10_070)
TEAMS, CHANNELS = "teams", "teams/getAllChannels"


def several(count: int) -> list:
    return [have(want(f"m{number:02}"), id=str(number)) for number in range(count)]


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([want()], [], ["create mail Missing"], id="missing"),
        pytest.param([want()], [have()], [], id="in-sync"),
        pytest.param([], [have()], ["delete mail NotInManifests Unsafe"], id="orphan-and-nothing-wanted"),
        pytest.param(
            [want()],
            [have(), have(want("old"), id="2")],
            ["delete old NotInManifests"],
            id="orphan-beside-a-wanted-one",
        ),
        pytest.param([want()], [have(want("b"), mark=None)], ["create mail Missing"], id="foreign-is-not-ours"),
        pytest.param(
            [want()], [have(owner="someone-else")], ["create mail Missing"], id="another-owner-with-the-same-name"
        ),
        pytest.param([want(tenant=OTHER_TENANT)], [], [], id="wanted-in-another-tenant"),
        pytest.param([want()], [have(left=hours(-1))], ["create mail Expired"], id="listed-though-expired-facts-3.2"),
        pytest.param([want()], [have(left=hours(0))], ["create mail Expired"], id="expires-now"),
        pytest.param(
            [want(changes="created,updated")],
            [asked_before(want(), want())],
            ["replace mail ImmutableFieldChanged"],
            id="change-types",
        ),
        pytest.param(
            [want(resource="users/b/messages")],
            [asked_before(want(), want())],
            ["replace mail ImmutableFieldChanged"],
            id="resource",
        ),
        pytest.param(
            [want(lifecycle="https://x.contoso.com/l")],
            [asked_before(want(), want())],
            ["replace mail ImmutableFieldChanged"],
            id="lifecycle-url-cannot-be-patched-facts-1.4",
        ),
        pytest.param(
            [want(version=Version.BETA)],
            [asked_before(want(), want())],
            ["replace mail ImmutableFieldChanged"],
            id="graph-version",
        ),
        pytest.param(
            [want(tls="v1_3")], [asked_before(want(), want())], ["replace mail ImmutableFieldChanged"], id="tls"
        ),
        pytest.param([want(tls="v1_2")], [have()], [], id="the-default-tls-said-aloud-facts-1.2"),
        pytest.param(
            [want(certificate=CERTIFICATE)],
            [asked_before(want(), want())],
            ["replace mail ImmutableFieldChanged"],
            id="resource-data-wanted",
        ),
        pytest.param([want()], [have(digest="f" * 10)], [], id="only-our-canonical-form-has-changed-decision-9"),
        pytest.param([want()], [have(resource_text="/Users/MAIL/messages/")], [], id="equal-digest-however-spelled"),
        pytest.param([want(key_ids=("k2",))], [have()], ["replace mail KeyUnknown"], id="key-left-the-ring"),
        pytest.param([want(key_ids=("k2", "k1"))], [have()], [], id="any-key-of-the-ring-is-in-sync-decision-10"),
        pytest.param(
            [want(certificate=OTHER_CERTIFICATE)],
            [have(want(certificate=CERTIFICATE))],
            ["update mail CertificateChanged"],
            id="certificate-is-tried-by-patch-decision-14",
        ),
        pytest.param(
            [want(certificate=OTHER_CERTIFICATE)],
            [have(want(certificate=CERTIFICATE), certificate_fixed=True)],
            ["replace mail CertificateChanged"],
            id="certificate-that-graph-would-not-patch",
        ),
        pytest.param(
            [want(certificate=CERTIFICATE)],
            [have(want(certificate=CERTIFICATE), certificate_id="a" * 40)],
            [],
            id="thumbprint-in-any-letter-case-facts-7.1",
        ),
        pytest.param(
            [want()],
            [have(mark=None, lifecycle_mark=a_mark().for_lifecycle, notification_url=ELSEWHERE)],
            ["update mail MarkLost"],
            id="mark-lost",
        ),
        pytest.param(
            [want()],
            [have(notification_url=ELSEWHERE)],
            ["update mail NotificationUrlChanged"],
            id="delivered-elsewhere",
        ),
        pytest.param([want(protect=True)], [have()], ["update mail ManagementChanged"], id="protect-is-new"),
        pytest.param(
            [want()], [have(mark=a_mark(left=True))], ["update mail ManagementChanged"], id="onRemoval-is-delete-again"
        ),
        pytest.param([want()], [have(granted=WEEK, left=hours(50))], ["renew mail RenewalDue"], id="renewal-due"),
        pytest.param([want()], [have(granted=WEEK, left=WEEK * 0.5)], [], id="renewal-not-due"),
        pytest.param(
            [want(renew_before=WEEK * 0.99)],
            [have(granted=WEEK, left=WEEK * 0.6)],
            [],
            id="greedy-renewBefore-does-not-loop-decision-13",
        ),
        pytest.param(
            [want(changes="updated", key_ids=("k2",))],
            [have(left=hours(1), notification_url=ELSEWHERE)],
            ["replace mail ImmutableFieldChanged"],
            id="the-first-check-that-speaks-decides",
        ),
        pytest.param([want()], [have(mark=LATER)], ["update mail MarkUnknown Blocked"], id="mark-of-a-later-version"),
        pytest.param([want("b")], [have(mark=LATER), have(want("b"), id="2")], [], id="later-version-is-never-pruned"),
        pytest.param(
            [want("b")], [have(want("b")), have(mark=a_mark(left=True), id="2")], [], id="left-on-removal-decision-19"
        ),
        pytest.param(
            [want("b")],
            [have(want("b")), have(mark=None, lifecycle_mark=a_mark().for_lifecycle, id="2")],
            [],
            id="overwritten-and-unwanted-ends-by-itself",
        ),
        pytest.param(
            [want("b")],
            [have(want("b")), have(mark=a_mark(protected=True), id="2")],
            ["delete mail NotInManifests Protected"],
            id="protect-outlives-its-manifest-decision-8",
        ),
    ],
)
def test_plan(desired, live, expected):
    assert lines(planned(desired, live)) == expected


@pytest.mark.parametrize(
    ("live", "kept"),
    [
        pytest.param([have(id="1", digest="f" * 10, left=hours(99)), have(id="2", left=hours(70))], "2", id="digest"),
        pytest.param(
            [have(id="1", left=hours(-1)), have(id="2", digest="f" * 10)], "2", id="not-the-one-that-has-ended"
        ),
        pytest.param([have(id="1", key="old", left=hours(90)), have(id="2")], "2", id="a-key-of-the-ring"),
        pytest.param([have(id="1", left=hours(90)), have(id="2", left=hours(91))], "2", id="latest-expiry"),
        pytest.param([have(id="2"), have(id="1")], "1", id="smallest-id"),
        pytest.param([have(id="3"), have(id="2", mark=None, lifecycle_mark=a_mark())], "2", id="by-lifecycle-mark"),
    ],
)
def test_of_twins_the_best_is_kept_decision_11(live, kept):
    made = planned([want()], live)
    duplicates = [change for change in made.changes if change.reason == "Duplicate"]
    assert [change.live.id for change in duplicates if change.live] == [one.id for one in live if one.id != kept]
    assert all(change.twin_of and change.twin_of.id == kept for change in duplicates)


def test_of_twins_the_one_with_the_wanted_certificate_is_kept():
    """After a replacement that was cut short, it is all that tells the new one."""
    old, new = (have(want(certificate=each), id=str(n)) for n, each in enumerate((CERTIFICATE, OTHER_CERTIFICATE)))
    made = planned([want(certificate=OTHER_CERTIFICATE)], [dataclasses.replace(old, expires_at=NOW + hours(99)), new])
    assert [change.live and change.live.id for change in made.changes] == ["0"]


def test_twins_do_not_count_as_removals():
    live = [have(id=str(number)) for number in range(9)]
    made = planned([want()], live, limits=Limits(removals=0, floor=0))
    assert [lines(made), violations(made)] == [["delete mail Duplicate"] * 8, []]


EVERYTHING = [want("new"), want("moved"), want("other", changes="updated"), want("due")]
THERE = [
    have(want("moved"), id="1", notification_url=ELSEWHERE),
    asked_before(want("other"), want("other"), id="2"),
    have(want("due"), id="3", left=hours(1)),
    have(want("gone"), id="4"),
]


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("observe", set()),
        ("create-only", {"create", "renew"}),
        ("upsert-only", {"create", "renew", "update"}),
        ("full", {"create", "renew", "update", "replace", "delete"}),
    ],
)
def test_policies_are_filters_and_show_the_rest(policy, allowed):
    made = planned(EVERYTHING, THERE, policy=Policy(policy))
    assert {change.action for change in made.due} == allowed
    shown = {change.name: change.action.value for change in made.changes}
    assert shown == {"new": "create", "moved": "update", "other": "replace", "due": "renew", "gone": "delete"}
    assert {change.withheld for change in made.changes} <= {None, Withheld.POLICY}


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected"),
    [
        pytest.param([want(suspend=True)], [], {}, ["create mail Missing Suspended"], id="suspended-missing"),
        pytest.param(
            [want(suspend=True)], [have(left=hours(1))], {}, ["renew mail RenewalDue"], id="suspended-is-renewed-19"
        ),
        pytest.param(
            [want(suspend=True)],
            [have(left=hours(1), notification_url=ELSEWHERE)],
            {},
            ["update mail NotificationUrlChanged Suspended", "renew mail RenewalDue"],
            id="suspended-update-kept-alive",
        ),
        pytest.param(
            [want(protect=True, changes="updated")],
            [asked_before(want(), want(protect=True), left=hours(1))],
            {},
            ["renew mail RenewalDue", "replace mail ImmutableFieldChanged Protected"],
            id="protected-replace-kept-alive",
        ),
        pytest.param(
            [want(changes="updated")],
            [asked_before(want(), want(protect=True))],
            {},
            ["replace mail ImmutableFieldChanged"],
            id="the-manifest-decides-while-it-exists",
        ),
        pytest.param(
            [],
            [have(left=hours(1))],
            {},
            ["renew mail RenewalDue", "delete mail NotInManifests Unsafe"],
            id="a-refused-merge-lets-nothing-lapse-decision-4",
        ),
        pytest.param(
            [want("b")],
            [have(want("b")), have(mark=a_mark(protected=True), id="2", left=hours(1))],
            {},
            ["renew mail RenewalDue", "delete mail NotInManifests Protected"],
            id="protected-delete-kept-alive",
        ),
        pytest.param(
            [],
            [have(left=hours(1))],
            {"policy": Policy.OBSERVE},
            ["delete mail NotInManifests Policy"],
            id="observe-renews-nothing",
        ),
        pytest.param(
            [],
            [have(left=hours(-1))],
            {},
            ["delete mail NotInManifests Unsafe"],
            id="what-has-ended-is-not-kept-alive",
        ),
        pytest.param(
            [want(changes="updated")],
            [asked_before(want(), want(), left=hours(1))],
            {"policy": Policy.UPSERT_ONLY},
            ["renew mail RenewalDue", "replace mail ImmutableFieldChanged Policy"],
            id="policy-replace-kept-alive",
        ),
        pytest.param(
            [want()], [have(left=hours(60))], {"renew_within": hours(61)}, ["renew mail RenewalDue"], id="renew-within"
        ),
        pytest.param(
            [want()], [have(left=hours(60))], {"renew_within": hours(59)}, [], id="renew-within-is-not-reached"
        ),
        pytest.param(
            [],
            [have(left=hours(60))],
            {"renew_within": hours(61)},
            ["renew mail RenewalDue", "delete mail NotInManifests Unsafe"],
            id="renew-within-keeps-alive-as-well",
        ),
        pytest.param([want("b")], [have(want("b")), have(id="2")], {"prune": False}, [], id="prune-off"),
        pytest.param(
            [want("a"), want("b")],
            [have(want("c"))],
            {"selected": frozenset({(TENANT, "a")})},
            ["create a Missing"],
            id="a-partial-reading-never-prunes-decision-3",
        ),
        pytest.param([want("a")], [], {"selected": frozenset({(OTHER_TENANT, "a")})}, [], id="selected-elsewhere"),
        pytest.param(
            [want()],
            [have(mark=None, lifecycle_mark=None, notification_url=ELSEWHERE)],
            {"marks": {"1": a_mark()}},
            ["update mail MarkLost"],
            id="mark-remembered",
        ),
        pytest.param(
            [want()],
            [have(mark=None, lifecycle_mark=a_mark("before-the-rename"), notification_url=ELSEWHERE)],
            {"marks": {"1": a_mark()}},
            ["update mail MarkLost"],
            id="memory-before-the-lifecycle-mark-decision-8",
        ),
        pytest.param(
            [want("b")],
            [have(want("b"), id="1", lifecycle_mark=a_mark("c").for_lifecycle)],
            {"marks": {"1": a_mark("d")}},
            [],
            id="the-mark-of-the-notification-url-decides-decision-8",
        ),
        pytest.param(
            [want("b")],
            [have(owner="someone-else", lifecycle_mark=a_mark("b"))],
            {"marks": {"1": a_mark("b")}},
            ["create b Missing"],
            id="whoever's-it-is",
        ),
        pytest.param(
            [want("due")],
            [have(want("due"), granted=None, left=hours(24))],
            {"learned": {"messages": hours(48)}},
            [],
            id="unknown-granted-counts-from-the-learned-ceiling",
        ),
        pytest.param(
            [want("due")],
            [have(want("due"), granted=None, left=hours(24))],
            {},
            ["renew due RenewalDue"],
            id="unknown-granted-counts-from-the-catalog's-ceiling-decision-13",
        ),
    ],
)
def test_what_is_withheld_and_what_is_kept_alive(desired, live, given, expected):
    assert sorted(lines(planned(desired, live, **given))) == sorted(expected)


@pytest.mark.parametrize(
    ("count", "wanted", "given", "expected"),
    [
        pytest.param(12, 9, {}, [], id="three-are-always-allowed"),
        pytest.param(12, 8, {}, ["removals m08,m09,m10,m11"], id="four-of-twelve-are-over-25-percent"),
        pytest.param(16, 12, {}, [], id="four-of-sixteen-are-not"),
        pytest.param(12, 8, {"allow": frozenset({"removals"})}, [], id="let-through"),
        pytest.param(12, 8, {"limits": Limits(removals=0.5)}, [], id="a-wider-limit"),
        pytest.param(2, 0, {}, ["empty m00,m01"], id="nothing-is-wanted"),
        pytest.param(2, 0, {"allow": frozenset({"empty"})}, [], id="nothing-is-wanted-and-let-through"),
        pytest.param(2, 1, {"shrank": "it was empty"}, ["list-shrank m01"], id="list-shrank"),
        pytest.param(2, 2, {"shrank": "it was empty"}, [], id="list-shrank-and-nothing-is-removed"),
        pytest.param(2, 1, {"incomplete": "page 3 failed"}, ["incomplete m01"], id="incomplete"),
        pytest.param(2, 2, {"incomplete": "page 3 failed"}, [], id="incomplete-and-nothing-to-withhold"),
        pytest.param(2, 1, {"incomplete": "x", "allow": frozenset({"incomplete"})}, [], id="incomplete-let-through"),
        pytest.param(4, 0, {}, ["empty m00,m01,m02,m03", "removals m00,m01,m02,m03"], id="two-reasons-are-both-said"),
        pytest.param(12, 8, {"policy": Policy.UPSERT_ONLY}, [], id="what-the-policy-withholds-is-not-at-stake"),
        pytest.param(12, 8, {"prune": False}, [], id="nothing-is-pruned"),
    ],
)
def test_safety_withholds_removals_decision_4(count, wanted, given, expected):
    live = several(count)
    made = planned([want(f"m{number:02}") for number in range(wanted)], live, **given)
    assert violations(made) == expected
    unsafe = {change.name for change in made.changes if change.withheld is Withheld.UNSAFE}
    assert unsafe == {name for line in expected for name in line.split(" ")[1].split(",")}


def test_protected_ones_are_not_counted_among_the_removals():
    live = [have(want(f"m{n}"), mark=a_mark(f"m{n}", protected=True), id=str(n)) for n in range(9)]
    made = planned([want("x")], [*live, have(want("x"), id="x"), have(want("old"), id="y")])
    assert violations(made) == []
    assert [change.name for change in made.due] == ["old"]


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected"),
    [
        pytest.param([want()], [], {}, ["create mail Missing Unsafe"], id="what-lacks-is-unknown"),
        pytest.param(
            [want()], [], {"gone": frozenset({"mail"})}, ["create mail Missing"], id="GET-says-that-it-is-gone"
        ),
        pytest.param([want()], [have(left=hours(-1))], {}, ["create mail Expired"], id="an-expired-one-was-seen"),
        pytest.param([want()], [have(left=hours(1))], {}, ["renew mail RenewalDue"], id="renewals-go-on"),
        pytest.param(
            [want()],
            [have(notification_url=ELSEWHERE)],
            {},
            ["update mail NotificationUrlChanged"],
            id="updates-go-on",
        ),
        pytest.param(
            [want(changes="updated")],
            [asked_before(want(), want())],
            {},
            ["replace mail ImmutableFieldChanged Unsafe"],
            id="no-replace",
        ),
        pytest.param([want()], [have(), have(id="2")], {}, ["delete mail Duplicate Unsafe"], id="no-twin-is-deleted"),
    ],
)
def test_an_incomplete_list_decision_2(desired, live, given, expected):
    assert lines(planned(desired, live, incomplete="page 3 of LIST failed", **given)) == expected


RING = ("k2", "k1")
ROTATING = {"rotate_keys": True}


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected"),
    [
        pytest.param(want(key_ids=RING), have(), ROTATING, ["replace mail KeyRotated"], id="an-older-key"),
        pytest.param(want(key_ids=RING), have(key="k2"), ROTATING, [], id="the-first-key-already"),
        pytest.param(want(key_ids=RING), have(), {}, [], id="nobody-rotates"),
        pytest.param(
            want(key_ids=RING), have(key="k0"), ROTATING, ["replace mail KeyUnknown"], id="no-key-of-the-ring"
        ),
        pytest.param(
            want(key_ids=RING, changes="updated"),
            asked_before(want(), want()),
            ROTATING,
            ["replace mail ImmutableFieldChanged"],
            id="replaced-anyway",
        ),
        pytest.param(
            want(key_ids=RING, notification_url=ELSEWHERE),
            have(),
            ROTATING,
            ["replace mail KeyRotated"],
            id="before-what-a-PATCH-would-do",
        ),
        pytest.param(
            want(key_ids=RING, certificate=OTHER_CERTIFICATE),
            have(want(certificate=CERTIFICATE)),
            ROTATING,
            ["replace mail KeyRotated"],
            id="which-turns-the-certificate-as-well",
        ),
        pytest.param(want(key_ids=RING), have(left=hours(-1)), ROTATING, ["create mail Expired"], id="it-has-ended"),
        pytest.param(
            want(key_ids=RING, suspend=True), have(), ROTATING, ["replace mail KeyRotated Suspended"], id="suspended"
        ),
        pytest.param(
            want(key_ids=RING, protect=True), have(), ROTATING, ["replace mail KeyRotated Protected"], id="protected"
        ),
        pytest.param(
            want(key_ids=RING),
            have(left=hours(1)),
            {**ROTATING, "incomplete": "page 3 failed"},
            ["renew mail RenewalDue", "replace mail KeyRotated Unsafe"],
            id="kept-alive-while-it-waits",
        ),
    ],
)
def test_rotating_the_keys_of_client_state(desired, live, given, expected):
    assert lines(planned([desired], [live], **given)) == expected


def test_a_rotation_names_both_keys_and_the_order():
    change = planned([want(key_ids=RING)], [have()], rotate_keys=True).changes[0]
    assert [(each.field, each.before, each.after) for each in change.differences] == [("clientState key", "k1", "k2")]
    assert change.message.startswith("its clientState is to be made with the first key: the new one is created first")


MINE, THEIRS = have(), have(want("theirs"), id="2")


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected", "said"),
    [
        pytest.param(
            [want()], [MINE, THEIRS], {}, ["delete theirs NotInManifests Unsafe"], ["second-writer theirs"], id="pruned"
        ),
        pytest.param(
            [want(changes="updated")],
            [asked_before(want(), want(), id="2")],
            {},
            ["replace mail ImmutableFieldChanged Unsafe"],
            ["second-writer mail"],
            id="replaced",
        ),
        pytest.param(
            [want()], [MINE, have(id="2")], {}, ["delete mail Duplicate Unsafe"], ["second-writer mail"], id="twin"
        ),
        pytest.param(
            [want(), want("theirs"), want("new"), want("moved", notification_url=ELSEWHERE)],
            [have(left=hours(1)), THEIRS, have(want("moved"), id="3")],
            {},
            ["renew mail RenewalDue", "update moved NotificationUrlChanged", "create new Missing"],
            ["second-writer "],
            id="the-rest-goes-on-and-it-is-said-all-the-same",
        ),
        pytest.param(
            [want()],
            [have(left=hours(1)), have(want("theirs"), id="2", left=hours(1))],
            {},
            ["renew mail RenewalDue", "renew theirs RenewalDue", "delete theirs NotInManifests Unsafe"],
            ["second-writer theirs"],
            id="theirs-is-kept-alive",
        ),
        pytest.param(
            [want()],
            [MINE, THEIRS],
            {"allow": frozenset({"second-writer"})},
            ["delete theirs NotInManifests"],
            [],
            id="let-through",
        ),
        pytest.param(
            [want()],
            [MINE, THEIRS],
            {"policy": Policy.UPSERT_ONLY},
            ["delete theirs NotInManifests Policy"],
            ["second-writer "],
            id="the-policy-withholds-it-anyway",
        ),
        pytest.param(
            [want("x")],
            [have(want("x"), id="x"), *several(9), THEIRS],
            {},
            [
                *(f"delete m{number:02} NotInManifests Unsafe" for number in range(9)),
                "delete theirs NotInManifests Unsafe",
            ],
            [f"{code} {','.join(f'm{n:02}' for n in range(9))},theirs" for code in ("removals", "second-writer")],
            id="two-reasons-are-both-said",
        ),
    ],
)
def test_a_second_writer_under_our_owner(desired, live, given, expected, said):
    """Subscription 2 bears our mark, and was not made with this store."""
    made = planned(desired, live, strangers=frozenset({"2"}), **given)
    assert [lines(made), violations(made)] == [expected, said]


def test_without_strangers_nothing_is_said_of_a_second_writer():
    assert violations(planned([want()], [MINE, THEIRS])) == []


RICH = have(want(certificate=CERTIFICATE))


@pytest.mark.parametrize(
    ("live", "given", "said"),
    [
        pytest.param([RICH], {"thumbprints": frozenset({"B" * 40})}, ["key-in-use mail"], id="of-no-known-certificate"),
        pytest.param([RICH], {"thumbprints": frozenset()}, ["key-in-use mail"], id="none-is-known"),
        pytest.param([RICH], {"thumbprints": frozenset({"A" * 40, "B" * 40})}, [], id="known"),
        pytest.param([RICH], {"thumbprints": None}, [], id="it-is-not-known-which-are"),
        pytest.param(
            [have(want(certificate=CERTIFICATE), certificate_id="a" * 40)],
            {"thumbprints": frozenset({"A" * 40})},
            [],
            id="in-any-letter-case-facts-7.1",
        ),
        pytest.param([have()], {"thumbprints": frozenset()}, [], id="nothing-is-encrypted"),
        pytest.param(
            [have(want("b", certificate=CERTIFICATE), mark=None, id="2")],
            {"thumbprints": frozenset()},
            [],
            id="a-foreign-one-is-none-of-our-business",
        ),
        pytest.param([RICH], {"thumbprints": frozenset(), "allow": frozenset({"key-in-use"})}, [], id="it-is-accepted"),
        pytest.param(
            [RICH, have(want(certificate=CERTIFICATE), id="2"), have(want("a", certificate=CERTIFICATE), id="3")],
            {"thumbprints": frozenset()},
            ["key-in-use a,mail"],
            id="each-name-once",
        ),
    ],
)
def test_a_key_in_use_that_nobody_has(live, given, said):
    """It speaks, and withholds nothing: what is lost is lost whatever is done."""
    desired = [want(certificate=CERTIFICATE), want("a", certificate=CERTIFICATE)]
    made, quiet = planned(desired, live, **given), planned(desired, live)
    assert violations(made) == said
    assert made.changes == quiet.changes


def test_codes_are_all_that_may_be_let_through():
    assert CODES == (
        "empty",
        "incomplete",
        "key-in-use",
        "list-shrank",
        "own-receiver",
        "quota",
        "removals",
        "second-writer",
    )


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        pytest.param({}, ["replace a ImmutableFieldChanged", "update b NotificationUrlChanged"], [], id="it-answers"),
        pytest.param(
            {"deaf": frozenset({"public"})},
            ["replace a ImmutableFieldChanged Unsafe", "update b NotificationUrlChanged"],
            ["own-receiver a"],
            id="it-does-not",
        ),
        pytest.param(
            {"deaf": frozenset({"another"})},
            ["replace a ImmutableFieldChanged", "update b NotificationUrlChanged"],
            [],
            id="another-endpoint-does-not",
        ),
        pytest.param(
            {"deaf": frozenset({"public"}), "allow": frozenset({"own-receiver"})},
            ["replace a ImmutableFieldChanged", "update b NotificationUrlChanged"],
            [],
            id="let-through",
        ),
    ],
)
def test_nothing_is_replaced_where_our_own_receiver_does_not_answer(given, expected, said):
    desired = [want("a", changes="updated"), want("b", notification_url=ELSEWHERE)]
    made = planned(desired, [asked_before(want("a"), want("a")), have(want("b"), id="2")], **given)
    assert lines(made) == expected
    assert violations(made) == said


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, [], id="nobody-asks"),
        pytest.param({"replace": frozenset({"a"})}, ["replace a ReplacementRequested"], id="by-name"),
        pytest.param({"replace": frozenset({"b"})}, ["replace b ReplacementRequested Protected"], id="protected"),
    ],
)
def test_replaced_on_purpose(given, expected):
    desired = [want("a"), want("b", protect=True)]
    assert lines(planned(desired, [have(desired[0]), have(desired[1], id="2")], **given)) == expected


TEAM_WATCH, CHANNEL_WATCH = want("a", resource=TEAMS), want("a", resource=CHANNELS)


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param(
            [TEAM_WATCH], [have(TEAM_WATCH, mark=None)], ["create a Missing Blocked"], id="by-a-foreign-one-facts-2.1"
        ),
        pytest.param([TEAM_WATCH], [have(TEAM_WATCH, mark=None, left=hours(-1))], ["create a Missing"], id="it-ended"),
        pytest.param(
            [want("a", resource=TEAMS, changes="deleted")],
            [have(TEAM_WATCH, mark=None)],
            ["create a Missing Blocked"],
            id="another-change-type-does-not-help",
        ),
        pytest.param(
            [want("b", resource=TEAMS)],
            [have(TEAM_WATCH, mark=a_mark("a", protected=True))],
            ["delete a NotInManifests Protected", "create b Missing Blocked"],
            id="by-our-own-that-stays",
        ),
        pytest.param(
            [want("b", resource=TEAMS), want("c")],
            [have(TEAM_WATCH), have(want("c"), id="2")],
            ["delete a NotInManifests", "create b Missing"],
            id="free-when-the-holder-is-deleted-in-the-same-plan",
        ),
        pytest.param(
            [CHANNEL_WATCH, want("b", resource=TEAMS)],
            [asked_before(CHANNEL_WATCH, TEAM_WATCH)],
            ["replace a ImmutableFieldChanged", "create b Missing"],
            id="free-when-the-holder-moves-away",
        ),
        pytest.param(
            [CHANNEL_WATCH, want("b", resource=TEAMS)],
            [asked_before(CHANNEL_WATCH, TEAM_WATCH), have(CHANNEL_WATCH, mark=None, id="2")],
            ["replace a ImmutableFieldChanged Blocked", "create b Missing Blocked"],
            id="a-holder-that-is-blocked-itself-stays",
        ),
        pytest.param(
            [want("a", resource=TEAMS, changes="deleted")],
            [asked_before(TEAM_WATCH, TEAM_WATCH)],
            ["replace a ImmutableFieldChanged"],
            id="its-own-place-does-not-block",
        ),
        pytest.param([want()], [have(mark=None)], ["create mail Missing"], id="messages-are-not-exclusive"),
        pytest.param(
            [want("a", resource="solutions/virtualEvents/events")],
            [
                have(
                    want(resource="solutions/virtualEvents/events/getEventsFromOrganizers(organizerIds=['x'])"),
                    mark=None,
                )
            ],
            ["create a Missing Blocked"],
            id="tenant-level-virtual-events-share-one-place-facts-2.4",
        ),
    ],
)
def test_places_that_only_one_can_have(desired, live, expected):
    assert lines(planned(desired, live)) == expected


def test_a_place_is_free_the_moment_its_holder_ends():
    holder = have(TEAM_WATCH, mark=None, left=hours(1))
    assert lines(planned([TEAM_WATCH], [holder], now=NOW + hours(1))) == ["create a Missing"]


def test_a_blocked_change_says_by_whom():
    foreign = planned([TEAM_WATCH], [have(TEAM_WATCH, mark=None, id="abc")]).changes[0]
    stays = have(TEAM_WATCH, id="abc", mark=a_mark("a", protected=True))
    ours = planned([want("b", resource=TEAMS)], [stays]).changes[1]
    theirs = planned([TEAM_WATCH], [have(TEAM_WATCH, owner="them", id="abc")]).changes[0]
    place = "Graph takes one for this resource, and"
    assert foreign.why_withheld == (
        f"{place} a foreign subscription without a mark has the place (abc): remove it where it is managed, or take it"
        " over with adopt"
    )
    assert theirs.why_withheld == (
        f"{place} 'a' of the owner 'them' has the place (abc): remove it where it is managed, or take it over with"
        " adopt"
    )
    assert ours.why_withheld == f"{place} our own 'a' has the place (abc): one of the two must go"


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        (
            [want("a", changes="updated", lifecycle="https://h.contoso.com/l?code=s3cret")],
            [asked_before(want("a"), want("a"))],
            {"changeTypes": ("created", "updated"), "lifecycleNotificationUrl": None},
        ),
        (
            [want("a", notification_url="https://h.contoso.com/n?code=s3cret")],
            [have(want("a"))],
            {"notificationUrl": None},
        ),
        ([want("a", key_ids=("k3", "k2"))], [have(want("a"))], {"clientState key": ("k1", "k3")}),
        (
            [want("a", protect=True, leave=True)],
            [have(want("a"))],
            {"management": ("not protected, deleted on removal", "protected, left on removal")},
        ),
        (
            [want("a", certificate=OTHER_CERTIFICATE)],
            [have(want("a", certificate=CERTIFICATE))],
            {"certificate": ("A" * 40, "B" * 40)},
        ),
        (
            [want("a", version=Version.BETA, query_options="x=1")],
            [asked_before(want("a"), want("a"))],
            {"graphVersion": ("v1.0", "beta"), "notificationQueryOptions": (None, "x=1")},
        ),
    ],
    ids=["asked", "url", "key", "management", "certificate", "version"],
)
def test_differences_are_spelled_for_people_and_without_secrets(desired, live, expected):
    change = planned(desired, live).changes[0]
    assert {each.field for each in change.differences} == set(expected)
    assert "s3cret" not in repr(change.differences)
    found = {each.field: (each.before, each.after) for each in change.differences}
    assert {field: found[field] for field, pair in expected.items() if pair} == {k: v for k, v in expected.items() if v}


def test_a_replacement_says_which_order_is_taken_decision_15():
    exclusive = planned([want("a", resource=TEAMS, changes="deleted")], [asked_before(TEAM_WATCH, TEAM_WATCH)])
    plain = planned([want(changes="updated")], [asked_before(want(), want())])
    assert "the old one is deleted first, notifications may be missed" in exclusive.changes[0].message
    assert "the new one is created first, notifications may come twice" in plain.changes[0].message


def test_the_numbers_of_the_summary_add_up():
    desired = [*EVERYTHING, want("same"), want("still", suspend=True), want("not-asked-about")]
    live = [*THERE, have(want("same"), id="5"), have(want("b"), id="6", mark=None), have(want("c"), id="7", mark=LATER)]
    live += [have(mark=a_mark("left", left=True), id="8"), have(want("same"), id="9")]
    whole = planned(desired, live)
    assert whole.summary == Summary(
        create=3, update=1, renew=1, replace=1, delete=2, unchanged=1, withheld=1, foreign=3, suspended=1
    )
    by_action = dataclasses.asdict(whole.summary)
    assert sum(by_action[action] for action in Action) == len(whole.changes)
    selected = frozenset((TENANT, each.name) for each in desired if each.name != "not-asked-about")
    part = planned(desired, live, selected=selected)
    assert (part.summary.unselected, part.summary.create, part.summary.foreign) == (1, 2, 3)


def test_the_order_is_stable_whatever_comes_first():
    forward = planned(EVERYTHING, THERE)
    backward = planned(reversed(EVERYTHING), reversed(THERE))
    assert forward == backward
    assert [change.name for change in forward.changes] == sorted(change.name for change in forward.changes)


def test_plans_of_tenants_add_up():
    one, other = planned(EVERYTHING, THERE), planned([want("a")], [], incomplete="x")
    both = other + one
    assert lines(both)[0] == "create a Missing Unsafe"
    assert both.summary.create == one.summary.create + other.summary.create
    assert both.violations == other.violations


def test_the_digest_ignores_renewals_and_times_and_nothing_else():
    made = planned(EVERYTHING, THERE)
    assert planned(EVERYTHING[:3], [each for each in THERE if each.id != "3"]).digest == made.digest
    assert planned(EVERYTHING, THERE, now=NOW + hours(0.1)).digest == made.digest
    assert planned(EVERYTHING[1:], THERE).digest != made.digest
    assert planned(EVERYTHING, THERE, policy=Policy.OBSERVE).digest != made.digest
    moved = [want("moved", notification_url="https://third.contoso.com/n"), *EVERYTHING[:1], *EVERYTHING[2:]]
    assert planned(moved, THERE).digest != made.digest


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(hours(20), [], id="four-hours-would-gain-nothing"),
        pytest.param(hours(3), [], id="nor-before-two-thirds-of-them"),
        pytest.param(hours(1), ["renew mail RenewalDue"], id="now-they-do"),
    ],
)
def test_a_lifetime_that_was_shortened(left, expected):
    """It was granted three days, and is to live four hours from now on: it is not due before that gains something."""
    assert lines(planned([want(lifetime=hours(4))], [have(left=left)])) == expected
