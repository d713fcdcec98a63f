"""Room and places: what is live and what is wanted, against what Graph takes (facts 2)."""

import dataclasses

import pytest

from reconciler.core.catalog import Quota
from reconciler.core.desired import Adopt
from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.quotas import places_free, room
from tests.core.world import OWNER, have, want


def mails(count, user="megan"):
    return [want(f"mail{number}", resource=f"users/{user}/messages") for number in range(count)]


def lives(wanted, **changes):
    return [have(each, id=str(number), **changes) for number, each in enumerate(wanted)]


def of_three(entry, *, per="mailbox", shared=None):
    return dataclasses.replace(entry, quotas=(Quota(limit=3, per=per, shared=shared),))


@pytest.fixture
def narrow():
    """Makes resources of which Graph takes three."""

    def narrowed(each, **more):
        entry = of_three(each.entry, **more)
        changes = {"entry": entry} if hasattr(each, "id") else {}
        return dataclasses.replace(each, resource=dataclasses.replace(each.resource, entry=entry), **changes)

    return narrowed


@pytest.mark.parametrize(
    ("live", "wanted", "level"),
    [(0, 1, Level.OK), (2, 2, Level.OK), (3, 3, Level.WARNING), (2, 3, Level.WARNING), (3, 4, Level.FAILURE)],
    ids=["empty", "some", "full", "just-fits", "no-room"],
)
def test_room_in_a_mailbox(narrow, live, wanted, level):
    desired = [narrow(each) for each in mails(wanted)]
    verdict = room([narrow(each) for each in lives(mails(live))], desired, owner=OWNER)
    assert verdict.level is level
    assert verdict.found.startswith(f"/users/{{user-id}}/messages, per mailbox (megan): {live} of 3 are live")
    assert (f"and {wanted - live} more are wanted" in verdict.found) is (wanted > live)


def test_each_mailbox_has_its_own_and_the_fullest_one_speaks(narrow):
    live = [narrow(each) for each in [*lives(mails(1)), *lives(mails(2, "adele"))]]
    assert "(adele): 2 of 3" in room(live, [], owner=OWNER).found


def test_foreign_ones_count_as_well(narrow):
    live = [narrow(each) for each in lives(mails(3), mark=None)]
    assert room(live, [narrow(mails(1)[0])], owner=OWNER).level is Level.FAILURE


def test_what_is_shared_counts_together(narrow):
    wanted = [want("a", resource="teams/1"), want("b", resource="teams/getAllChannels"), want("c", resource="teams")]
    live = [narrow(each, per="organization", shared="all Teams resources") for each in lives(wanted)]
    verdict = room(live, [], owner=OWNER)
    assert verdict.found.startswith("all Teams resources, per organization: 3 of 3 are live")
    assert "what others hold is not seen" in verdict.found


def test_the_catalogs_own_figures():
    verdict = room(lives([want("a", resource="teams/1")]), [], owner=OWNER)
    assert verdict.found.startswith("all Teams resources, per organization: 1 of 10000 are live")
    assert verdict.level is Level.OK


def test_nothing_that_counts():
    assert "no" in room([], [], owner=OWNER).found


def test_a_place_that_somebody_else_has():
    wanted = want("hr", resource="teams/1")
    stranger = have(wanted, id="foreign", mark=None)
    other = have(want("hr", resource="teams/1"), id="other", owner="fabrikam")
    for each in (stranger, other):
        verdict = places_free([each], [wanted], owner=OWNER)
        assert verdict.level is Level.FAILURE
        assert f"'hr' by {each.id}" in verdict.found


def test_a_place_that_is_ours_or_free_or_not_exclusive():
    wanted = [want("hr", resource="teams/1"), want("mail")]
    ours = have(wanted[0], id="ours")
    elsewhere = have(want("x", resource="teams/2"), id="foreign", mark=None)
    mail = have(wanted[1], id="mail", mark=None)
    assert places_free([ours, elsewhere, mail], wanted, owner=OWNER).level is Level.OK
    assert places_free([], wanted, owner=OWNER).level is Level.OK


def test_the_schedules_of_different_teams_do_not_count_together():
    wanted = [want(f"shifts{number}", resource=f"teams/t{number}/schedule/shifts") for number in range(11)]
    assert room([], wanted, owner=OWNER).level is Level.OK


def test_a_place_that_is_to_be_taken_over_is_not_taken():
    wanted = want("team", resource="teams/t1", adopt=Adopt())
    assert places_free([have(wanted, mark=None)], [wanted], owner=OWNER).level is Level.OK


def test_what_is_to_be_renamed_is_not_missing(narrow):
    wanted = [narrow(dataclasses.replace(each, previously=frozenset({f"old-{each.name}"}))) for each in mails(3)]
    live = [narrow(have(dataclasses.replace(each, name=f"old-{each.name}"), id=each.name)) for each in mails(3)]
    assert room(live, wanted, owner=OWNER).level is Level.WARNING
