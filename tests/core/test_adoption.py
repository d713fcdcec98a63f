"""What becomes of a wish to adopt: which foreign subscription is meant, and by what it becomes ours."""

import dataclasses

import pytest

from reconciler.core.catalog import Version
from reconciler.core.desired import Adopt
from reconciler.core.mark import UnknownMark
from reconciler.core.reasons import Order
from tests.core.world import (
    CERTIFICATE,
    ELSEWHERE,
    OWNER,
    a_mark,
    have,
    hours,
    lines,
    planned,
    violations,
    want,
)

ANY, KNOWN = Adopt(), Adopt(verifiable=True)
TEAMS = "teams"
THEIRS = a_mark("theirs", owner="them")


def takes(name: str = "mail", adopt: Adopt = KNOWN, **given):
    return want(name, adopt=adopt, **given)


def foreign(like=None, *, id="f1", **given):  # noqa: A002  as Graph calls it
    return have(like or want(), id=id, **{"mark": None, **given})


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected"),
    [
        pytest.param([takes()], [foreign()], {}, ["adopt mail AdoptionRequested"], id="alike"),
        pytest.param([takes()], [], {}, ["create mail Missing"], id="not-there-so-created"),
        pytest.param([takes()], [foreign(left=hours(-1))], {}, ["create mail Missing"], id="ended-so-created"),
        pytest.param([want()], [foreign()], {}, ["create mail Missing"], id="nobody-asked"),
        pytest.param(
            [takes(changes="updated")], [foreign()], {}, ["create mail Missing"], id="other-change-types-are-not-alike"
        ),
        pytest.param(
            [takes()], [have(), foreign()], {}, [], id="ours-is-there-already-so-the-foreign-one-stays-foreign"
        ),
        pytest.param(
            [takes()],
            [foreign(), foreign(id="f2")],
            {},
            ["adopt mail AdoptionRequested Blocked"],
            id="several-are-alike",
        ),
        pytest.param(
            [takes(adopt=Adopt("F2", verifiable=True))],
            [foreign(), foreign(id="f2")],
            {},
            ["adopt mail AdoptionRequested"],
            id="the-one-that-is-named-in-any-letter-case",
        ),
        pytest.param(
            [takes(adopt=Adopt("gone", verifiable=True))],
            [foreign()],
            {},
            ["create mail Missing"],
            id="the-one-that-is-named-is-gone",
        ),
        pytest.param(
            [takes("other", adopt=Adopt("f1", verifiable=True))],
            [foreign()],
            {},
            ["adopt other AdoptionRequested Blocked"],
            id="named-and-about-something-else",
        ),
        pytest.param(
            [takes(changes="updated", adopt=Adopt("f1", verifiable=True))],
            [foreign()],
            {},
            ["replace mail AdoptionRequested"],
            id="named-and-other-in-what-graph-fixes",
        ),
        pytest.param(
            [takes(adopt=ANY)], [foreign()], {}, ["replace mail AdoptionRequested"], id="clientState-is-not-known"
        ),
        pytest.param(
            [takes(adopt=ANY, external=True)],
            [foreign()],
            {},
            ["adopt mail AdoptionRequested"],
            id="clientState-is-the-other-application's-business",
        ),
        pytest.param(
            [takes(lifecycle="https://x.contoso.com/l")],
            [foreign()],
            {},
            ["adopt mail AdoptionRequested"],
            id="the-lifecycle-url-stays-decision-18",
        ),
        pytest.param(
            [takes(version=Version.BETA)],
            [foreign()],
            {},
            ["adopt mail AdoptionRequested"],
            id="which-version-made-it-nobody-tells",
        ),
        pytest.param(
            [takes(notification_url=ELSEWHERE)],
            [foreign()],
            {},
            ["adopt mail AdoptionRequested"],
            id="delivered-elsewhere-is-patched",
        ),
        pytest.param(
            [takes()],
            [foreign(notification_url="EventHub:https://v.vault.azure.net/secrets/s?tenantId=t")],
            {},
            ["replace mail AdoptionRequested"],
            id="no-room-for-a-mark",
        ),
        pytest.param(
            [takes()], [foreign(mark=THEIRS)], {}, ["adopt mail AdoptionRequested Blocked"], id="another-owner's"
        ),
        pytest.param(
            [takes()],
            [foreign(mark=THEIRS)],
            {"previous_owners": frozenset({"them"})},
            ["adopt mail AdoptionRequested"],
            id="the-previous-owner's",
        ),
        pytest.param(
            [takes(key_ids=("k9",))],
            [foreign(mark=THEIRS)],
            {"previous_owners": frozenset({"them"})},
            ["replace mail AdoptionRequested"],
            id="the-previous-owner's-with-a-key-that-is-not-in-the-ring",
        ),
        pytest.param(
            [takes()],
            [foreign(mark=UnknownMark("them", "x", "2"))],
            {"previous_owners": frozenset({"them"})},
            ["adopt mail AdoptionRequested Blocked"],
            id="a-later-version's",
        ),
        pytest.param(
            [takes(adopt=Adopt("1")), want("other")],
            [have(want("other"), id="1")],
            {},
            ["adopt mail AdoptionRequested Blocked"],
            id="our-own-under-another-name",
        ),
        pytest.param(
            [takes(), takes("second", resource="users/mail/messages", adopt=Adopt("f1", verifiable=True))],
            [foreign()],
            {},
            ["adopt mail AdoptionRequested", "adopt second AdoptionRequested Blocked"],
            id="two-that-want-the-same-one",
        ),
        pytest.param(
            [takes()],
            [foreign()],
            {"incomplete": "page 3 failed"},
            ["adopt mail AdoptionRequested Unsafe"],
            id="half-a-list-may-hide-another-one-or-ours",
        ),
        pytest.param(
            [takes()],
            [],
            {"incomplete": "page 3 failed", "absent": frozenset({"mail"})},
            ["create mail Missing Unsafe"],
            id="half-a-list-may-hide-what-is-to-be-adopted",
        ),
        pytest.param(
            [takes()],
            [],
            {"incomplete": "page 3 failed", "gone": frozenset({"mail"})},
            ["create mail Missing"],
            id="it-was-ours-already-and-is-gone",
        ),
        pytest.param(
            [takes(resource=TEAMS)],
            [foreign(want(resource=TEAMS))],
            {},
            ["adopt mail AdoptionRequested"],
            id="its-place-is-taken-by-the-one-it-takes",
        ),
        pytest.param(
            [takes(resource=TEAMS, adopt=ANY)],
            [foreign(want(resource=TEAMS))],
            {},
            ["replace mail AdoptionRequested"],
            id="replaced-in-its-own-place",
        ),
        pytest.param(
            [takes(suspend=True)], [foreign()], {}, ["adopt mail AdoptionRequested Suspended"], id="suspended"
        ),
        pytest.param(
            [takes("a"), takes("b"), takes("c")],
            [foreign(want(name), id=name) for name in "abc"],
            {"adoptions": 2},
            ["adopt a AdoptionRequested", "adopt b AdoptionRequested", "adopt c AdoptionRequested Paced"],
            id="paced",
        ),
    ],
)
def test_adoption(desired, live, given, expected):
    assert lines(planned(desired, live, **given)) == expected


def test_several_are_named_so_that_one_can_be_chosen():
    change = planned([takes()], [foreign(id="f2"), foreign(id="f1")]).changes[0]
    assert change.why_withheld == "say which one with management.adopt: {id: …}: f1, f2"


def test_why_it_must_be_replaced_is_said_with_the_order():
    change = planned([takes(resource=TEAMS, adopt=ANY)], [foreign(want(resource=TEAMS))]).changes[0]
    assert change.message == (
        "the manifest asks for it, and f1 cannot be taken over as it is, its clientState is not known here (give"
        " management.adopt.clientState): the old one is deleted first, notifications may be missed until the new one"
        " stands"
    )
    assert (change.order, change.may_miss) == (Order.DELETE_FIRST, True)


def test_what_is_adopted_is_in_sync_although_nobody_can_mark_its_lifecycle_url():
    desired = takes(lifecycle="https://x.contoso.com/l")
    mark = desired.mark(OWNER, birth="0123456789", key="fixed")
    adopted = dataclasses.replace(foreign(), mark=mark, lifecycle_mark=None)
    assert lines(planned([desired], [adopted])) == []
    assert lines(planned([dataclasses.replace(desired, adopt=None)], [adopted])) == ["replace mail KeyUnknown"]


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param(
            [want("new", resource="users/old/messages", previously=frozenset({"old"}))],
            [have(want("old"))],
            ["update new Renamed"],
            id="renamed",
        ),
        pytest.param(
            [want("new", previously=frozenset({"old"}))], [], ["create new Missing"], id="there-is-none-of-either-name"
        ),
        pytest.param(
            [want("new", previously=frozenset({"old"}))],
            [have(want("new")), have(want("new"), id="2", mark=a_mark("old"), left=hours(50))],
            ["delete new Duplicate"],
            id="both-stand-so-one-goes",
        ),
        pytest.param(
            [want("new", changes="updated", previously=frozenset({"old"}))],
            [have(want("new"), mark=a_mark("old"))],
            ["replace new ImmutableFieldChanged"],
            id="a-replacement-renames-too",
        ),
        pytest.param(
            [want("new", resource="users/old/messages", previously=frozenset({"older", "old"}), suspend=True)],
            [have(want("old"))],
            ["update new Renamed Suspended"],
            id="suspended",
        ),
    ],
)
def test_former_names(desired, live, expected):
    made = planned(desired, live)
    assert lines(made) == expected
    assert made.summary.foreign == 0
    assert violations(made) == []


def test_a_rename_shows_both_names():
    (change,) = planned(
        [want("new", resource="users/old/messages", previously=frozenset({"old"}))], [have(want("old"))]
    ).changes
    assert [dataclasses.astuple(each) for each in change.differences] == [("name", "old", "new")]


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param(
            want(),
            have(want(certificate=CERTIFICATE)),
            ("its notifications will carry no resource data any more: certificate was removed",),
            id="resource-data-is-given-up",
        ),
        pytest.param(
            want(notification_url="https://elsewhere.example/n"),
            have(),
            ("its notifications will go to another host, from hooks.contoso.com to elsewhere.example",),
            id="another-host",
        ),
        pytest.param(want(notification_url="https://hooks.contoso.com/m"), have(), (), id="another-path"),
        pytest.param(want(certificate=CERTIFICATE), have(), (), id="resource-data-is-new"),
        pytest.param(
            want(notification_url="EventHub:https://vault.example/secrets/s?tenantId=t"),
            have(),
            ("its notifications will go to another host, from hooks.contoso.com to vault.example",),
            id="to-an-event-hub",
        ),
    ],
)
def test_what_a_reviewer_must_not_overlook(desired, live, expected):
    live = dataclasses.replace(live, mark=dataclasses.replace(live.mark, name=desired.name))
    assert planned([desired], [live]).changes[0].warnings == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(want("old", resource="users/x/messages"), ["delete a Duplicate"], id="about-the-same"),
        pytest.param(
            want("old", resource="users/y/messages"), ["delete a Duplicate Blocked"], id="about-something-else"
        ),
        pytest.param(
            want("old", resource="users/x/messages", protect=True),
            ["delete a Duplicate Protected"],
            id="protected-under-its-own-name",
        ),
    ],
)
def test_a_former_name_is_no_leave_to_delete_anything(other, expected):
    """A slip in ``previously`` must not cost a subscription that is about something else."""
    desired = want("a", resource="users/x/messages", previously=frozenset({"old"}))
    made = planned([desired], [have(desired), have(other, id="2", left=hours(50))])
    assert lines(made) == expected
    assert made.changes[0].message == "it is 'old', which this one was before, 1 is kept"


def test_a_former_name_that_a_later_version_has_marked_is_blocked():
    desired = want("new", previously=frozenset({"old"}))
    assert lines(planned([desired], [have(desired, mark=UnknownMark(OWNER, "old", "2"))])) == [
        "update new MarkUnknown Blocked"
    ]


def test_an_overwritten_url_of_an_adopted_one_is_put_right_and_no_reason_to_replace_it():
    desired = takes(lifecycle="https://x.contoso.com/l")
    remembered = dataclasses.replace(desired.mark(OWNER, birth="0123456789", key="fixed"), digest=None)
    overwritten = foreign(notification_url=ELSEWHERE)
    assert lines(planned([desired], [overwritten], marks={"f1": remembered})) == ["update mail MarkLost"]


def test_an_id_that_graph_does_not_have_is_said_before_another_one_is_created():
    (change,) = planned([takes(adopt=Adopt("mistyped"))], [foreign()]).changes
    assert change.warnings == ("mistyped was to be adopted and Graph has none of that id, so another one is created",)


def test_a_place_that_changes_hands_by_deletion_is_flagged():
    old, new = want("old", resource=TEAMS), want("new", resource=TEAMS)
    made = planned([new, want()], [have(old), have(want(), id="2")])
    assert lines(made) == ["create new Missing", "delete old NotInManifests"]
    change = next(each for each in made.changes if each.name == "new")
    assert change.may_miss
    (warning,) = change.warnings
    assert warning == (
        "its place is that of 'old', which is deleted first: where it is the same under another name,"
        " management.previously keeps it"
    )


def test_what_else_differs_is_shown_beside_a_replacement_on_request():
    desired = want("a", resource="users/y/messages", notification_url=ELSEWHERE)
    (change,) = planned([desired], [have(want("a", resource="users/x/messages"))], replace=frozenset({"a"})).changes
    assert [each.field for each in change.differences] == ["resource", "notificationUrl"]
