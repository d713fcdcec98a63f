"""Two installations with one owner and no store in common: recognized, and they do not delete each other for ever."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.catalog import ChangeType
from reconciler.core.rest import Waiting
from reconciler.engine.read import Named
from tests.support.world import HOUR, MAIL, TEAM, lines, planned

MINUTE = dt.timedelta(minutes=1)
AS_THE_DAEMON = {"waiting": Waiting(prune_after=20 * MINUTE), "one_wave": True}
ALLOWED = frozenset({"second-writer"})


def codes(report):
    return [each.code for each in report.plan.violations]


def fewer(desired):
    """The same with other change types: a replacement."""
    few = dataclasses.replace(desired.asked, change_types=frozenset({ChangeType.UPDATED}))
    return dataclasses.replace(desired, asked=few)


@pytest.fixture
async def known(scene):
    """A store that knows something: one that we made, an hour ago."""
    desired = scene.want("ours", MAIL.format(1))
    await scene.apply(desired)
    scene.clock.advance(HOUR)
    return desired


async def rounds(count, *sides):
    """Each side in turn, every ten minutes; what was written in each round, and the last report of each side."""
    scene, reports, written = sides[0][0], {}, []
    for _ in range(count):
        start = scene.requests()
        for side, desired in sides:
            reports[side] = await side.once(*desired, **AS_THE_DAEMON)
        written.append(scene.writes(start))
        scene.clock.advance(600)
    return written, [reports[side] for side, _ in sides]


# Nobody flaps


async def test_each_wants_something_else(scene):
    """The younger one deletes what it did not make once, when it has known it for a while; then both stop."""
    older, younger = scene.beside("older"), scene.beside("younger")
    sides = (older, [scene.want("mail", MAIL.format(1))]), (younger, [scene.want("team", TEAM.format(2))])
    written, reports = await rounds(10, *sides)
    assert scene.held() == ["mail", "team"]
    assert [codes(report) for report in reports] == [["second-writer"]] * 2
    assert [planned(report) for report in reports] == [
        ["delete team NotInManifests Unsafe"],
        ["delete mail NotInManifests Unsafe"],
    ]
    assert sum(line == "DELETE 204" for each in written for line in each) == 1
    assert written[4:] == [[]] * 6


@pytest.mark.parametrize("resource", [TEAM, MAIL], ids=["a place for one", "mail"])
async def test_both_want_the_same_otherwise(scene, resource):
    older, younger = scene.beside("older"), scene.beside("younger")
    desired = scene.want("it", resource.format(1))
    written, reports = await rounds(8, (older, [desired]), (younger, [fewer(desired)]))
    assert scene.held() == ["it"]
    assert codes(reports[0]) == ["second-writer"]
    assert planned(reports[0]) == ["replace it ImmutableFieldChanged Unsafe"]
    assert planned(reports[1]) == []
    assert written[2:] == [[]] * 6


async def test_both_want_the_same(scene):
    """Then there is nothing to quarrel about, and nothing to be said."""
    older, younger = scene.beside("older"), scene.beside("younger")
    desired = scene.want("it", TEAM.format(1))
    written, reports = await rounds(4, (older, [desired]), (younger, [desired]))
    assert written[1:] == [[]] * 3
    assert [codes(report) for report in reports] == [[], []]
    scene.clock.advance(60 * HOUR)
    written, reports = await rounds(2, (older, [desired]), (younger, [desired]))
    assert written == [["PATCH 200"], []]
    assert [codes(report) for report in reports] == [[], []]


# Who is a stranger


async def test_one_that_neither_we_wrote_nor_was_there(scene, known):
    theirs = scene.put(scene.want("theirs", MAIL.format(2)), hours=160)
    for report in (await scene.look(known), await scene.once(known), await scene.once(known)):
        assert codes(report) == ["second-writer"]
        assert planned(report) == ["delete theirs NotInManifests Unsafe"]
    assert (await scene.remembered())[theirs].stranger
    scene.remove(theirs)
    assert codes(await scene.once(known)) == []


async def test_in_a_store_that_knows_nothing_nobody_is(scene, known):
    scene.put(scene.want("theirs", MAIL.format(2)))
    scene.lose_store()
    report = await scene.once(known, **AS_THE_DAEMON)
    assert codes(report) == []
    assert planned(report) == ["delete theirs NotInManifests Paced"]
    assert {each.stranger for each in (await scene.remembered()).values()} == {False}


async def test_our_own_that_could_not_be_written_down_is_none(scene, known):
    scene.forbid("subscriptions", "INSERT")
    new = scene.want("new", MAIL.format(2))
    assert lines(await scene.once(known, new)) == ["create new failed"]
    scene.permit("subscriptions", "INSERT")
    assert codes(await scene.once(known, new)) == []
    assert not (await scene.remembered())[scene.one("new")["id"]].stranger


@pytest.mark.behaviour(twins="accept")
async def test_a_twin_that_graph_made_of_our_own_is_none(scene, known):
    """It has the birth of the one that we know (facts 2.1)."""
    birth = next(iter((await scene.remembered()).values())).birth
    scene.put(known, birth=birth)
    report = await scene.once(known)
    assert codes(report) == []
    assert lines(report) == ["delete ours done"]


@pytest.mark.behaviour(twins="accept")
async def test_a_twin_that_somebody_else_made_is_one(scene, known):
    scene.put(known, hours=160)
    report = await scene.once(known)
    assert codes(report) == ["second-writer"]
    assert planned(report) == ["delete ours Duplicate Unsafe"]
    assert len(scene.all("ours")) == 2


async def test_another_owner_s_and_foreign_ones_are_none(scene, known):
    scene.put(scene.want("a", MAIL.format(2)), owner="them")
    scene.put(scene.want("b", MAIL.format(3)), owner=None)
    assert codes(await scene.once(known)) == []


async def test_in_a_narrow_pass_one_is_recognized_as_well(scene, known):
    theirs = scene.put(scene.want("theirs", MAIL.format(2)))
    report = await scene.once(known, named=Named(ids=frozenset({theirs})))
    assert "second-writer" in codes(report)
    assert (await scene.remembered())[theirs].stranger


@pytest.mark.parametrize("change", ["renew", "update"])
async def test_writing_to_it_makes_it_none_of_ours(scene, known, change):
    """What is renewed in the very pass that has found it is a stranger in the next one all the same."""
    desired = scene.want("theirs", MAIL.format(2))
    theirs = scene.put(desired, hours=1 if change == "renew" else 100)
    if change == "update":
        desired = dataclasses.replace(desired, notification_url=scene.receiver.url("/moved"))
    for expected in ([f"{change} theirs done"], []):
        report = await scene.once(known, desired)
        assert codes(report) == ["second-writer"]
        assert lines(report) == expected
    memory = (await scene.remembered())[theirs]
    assert memory.stranger
    assert memory.noted_at < memory.written_at


# Let through


@pytest.mark.parametrize("found", ["before", "in that very pass"])
async def test_what_is_allowed_is_taken_in(scene, known, found):
    gone, kept = scene.want("gone", MAIL.format(2)), scene.want("kept", MAIL.format(3))
    scene.put(gone)
    scene.put(kept, hours=1)
    if found == "before":
        await scene.look(known, kept)
        assert codes(await scene.once(known, kept, named=None)) == ["second-writer"]
        scene.clock.advance(6.5 * 24 * HOUR)
    report = await scene.once(known, kept, allow=ALLOWED)
    assert codes(report) == []
    assert "renew kept done" in lines(report)
    assert "gone" not in scene.held()
    assert codes(await scene.once(known, kept)) == []
    assert {each.stranger for each in (await scene.remembered()).values()} == {False}


async def test_what_comes_after_that_is_a_stranger_again(scene, known):
    scene.put(scene.want("gone", MAIL.format(2)))
    await scene.once(known, allow=ALLOWED)
    scene.put(scene.want("more", MAIL.format(3)))
    assert codes(await scene.once(known)) == ["second-writer"]


# Since when it is known


async def test_one_that_was_not_made_here_is_pruned_after_a_while(scene):
    scene.put(scene.want("theirs", MAIL.format(2)), hours=100)
    ours = scene.want("ours", MAIL.format(1))
    found = []
    for _ in range(3):
        found.append(planned(await scene.once(ours, **AS_THE_DAEMON)))
        scene.clock.advance(600)
    assert found == [
        ["create ours Missing", "delete theirs NotInManifests Paced"],
        ["delete theirs NotInManifests Paced"],
        ["delete theirs NotInManifests"],
    ]
    assert scene.held() == ["ours"]


async def test_what_we_made_ourselves_is_pruned_at_once(scene, known):
    other = scene.want("other", MAIL.format(2))
    await scene.once(known, other, **AS_THE_DAEMON)
    scene.clock.advance(60)
    assert lines(await scene.once(known, **AS_THE_DAEMON)) == ["delete other done"]


async def test_a_run_on_command_waits_for_nothing(scene):
    scene.put(scene.want("theirs", MAIL.format(2)))
    assert lines(await scene.apply(scene.want("ours", MAIL.format(1)))) == ["create ours done", "delete theirs done"]


async def test_a_store_that_cannot_be_written_to_keeps_nothing_from_being_recognized(scene, known):
    """Nothing is done in that pass, and the next one finds the stranger once more."""
    scene.put(scene.want("theirs", MAIL.format(2)))
    scene.forbid("subscriptions", "INSERT")
    report = await scene.once(known)
    assert list(report.unread) == ["contoso"]
    scene.permit("subscriptions", "INSERT")
    assert codes(await scene.once(known)) == ["second-writer"]
