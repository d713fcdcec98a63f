"""Whose a subscription is, with or without a store; twins of ours, and what is not ours (decisions 8, 11)."""

import dataclasses
import datetime as dt

import pytest

from tests.support.world import HOUR, MAIL, MEETING, OWNER, TEAM, lines, mark_in, planned, said


@pytest.mark.behaviour(twins="accept")
async def test_of_twins_the_one_as_wanted_stays(scene):
    """Though another one lives longer."""
    desired = scene.want("mail", MAIL.format(1))
    other = dataclasses.replace(desired, asked=dataclasses.replace(desired.asked, lifecycle_url="https://x.invalid/"))
    odd = scene.put(other, hours=160, body={"lifecycleNotificationUrl": scene.receiver.url("/odd")})
    right = scene.put(desired, hours=100)
    start = scene.requests()
    assert lines(await scene.apply(desired)) == ["delete mail done"]
    assert [each["id"] for each in scene.all("mail")] == [right]
    asked = [each["path"] for each in scene.emulator.requests()[start:] if "/subscriptions/" in each["path"]]
    assert [path.rsplit("/", 1)[1] for path in asked] == [odd, right, odd]
    assert (await scene.remembered())[odd].deleted_at is not None
    assert planned(await scene.look(desired)) == []


@pytest.mark.behaviour(twins="accept")
async def test_of_equal_twins_the_one_that_lives_longest_stays(scene):
    desired = scene.want("mail", MAIL.format(1))
    scene.put(desired, hours=90)
    longest = scene.put(desired, hours=120)
    scene.put(desired, hours=100)
    await scene.apply(desired)
    assert [each["id"] for each in scene.all("mail")] == [longest]


@pytest.mark.behaviour(twins="accept")
async def test_of_twins_that_are_alike_the_smallest_id_stays(scene):
    desired = scene.want("mail", MAIL.format(1))
    until = (scene.clock.now() + dt.timedelta(hours=100)).replace(microsecond=0).isoformat()
    ids = [scene.put(desired, body={"expirationDateTime": until}) for _ in range(4)]
    await scene.apply(desired)
    assert [each["id"] for each in scene.all("mail")] == [min(ids)]


@pytest.mark.behaviour(twins="accept")
async def test_a_twin_stays_where_the_one_to_be_kept_is_gone(scene):
    desired = scene.want("mail", MAIL.format(1))
    kept, twin = scene.put(desired, hours=120), scene.put(desired, hours=100)
    scene.emulator.faults({"ghost": [kept]})
    report = await scene.apply(desired)
    assert lines(report) == ["delete mail failed"]
    assert f"{kept} was to be kept and is gone, so {twin} stays" in said(report, "mail")
    scene.emulator.faults({})
    assert {each["id"] for each in scene.all("mail")} == {kept, twin}


async def test_a_lost_store_loses_no_ownership(scene):
    desired = [
        scene.want("mail", MAIL.format(1)),
        scene.want("team", TEAM.format(1)),
        scene.want("meeting", MEETING.format(1)),
    ]
    await scene.apply(*desired, scene.want("unwanted", MAIL.format(2)))
    scene.clock.advance(50 * HOUR)
    moved = dataclasses.replace(desired[0], notification_url=scene.receiver.url("/moved"))
    wanted = [moved, *desired[1:]]
    before = planned(await scene.look(*wanted))
    assert before == [
        "update mail NotificationUrlChanged",
        "renew meeting RenewalDue",
        "renew team RenewalDue",
        "delete unwanted NotInManifests",
    ]
    scene.lose_store()
    assert planned(await scene.look(*wanted)) == before
    await scene.apply(*wanted)
    assert scene.held() == ["mail", "meeting", "team"]
    assert planned(await scene.look(*wanted)) == []


@pytest.mark.behaviour(twins="accept")
async def test_a_new_store_learns_which_are_ours(scene):
    desired = scene.want("mail", MAIL.format(1))
    identifier = scene.put(desired, hours=100)
    scene.put(scene.want("x", MAIL.format(1)), owner=None)
    await scene.apply(desired)
    memory = await scene.remembered()
    assert set(memory) == {identifier}
    assert memory[identifier].granted is None
    assert memory[identifier].birth == mark_in(scene.one("mail")).birth


@pytest.mark.parametrize("owner", [None, "them", "us-too"])
@pytest.mark.behaviour(twins="accept")
async def test_a_foreign_one_is_never_touched(scene, owner):
    """Not even one that has our name for it and is about to end."""
    desired = scene.want("mail", MAIL.format(1))
    scene.put(desired, owner=owner, hours=1)
    scene.put(scene.want("unwanted", MAIL.format(2)), owner=owner)
    before = scene.emulator.subscriptions()
    report = await scene.apply(desired)
    assert lines(report) == ["create mail done"]
    assert [each for each in scene.emulator.subscriptions() if each in before] == before
    assert report.plan.summary.foreign == 2


@pytest.mark.behaviour(twins="accept")
async def test_one_that_somebody_took_over_is_foreign(scene):
    """The mark in the notification URL decides, whoever's it is; our own is made anew, theirs stays."""
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    taken = scene.one("mail")
    url = taken["notificationUrl"].replace("1.us.", "1.them.")
    scene.change(taken["id"], notificationUrl=url)
    assert lines(await scene.apply(desired)) == ["create mail done"]
    (theirs,) = [each for each in scene.emulator.subscriptions() if each["id"] == taken["id"]]
    assert theirs["notificationUrl"] == url


async def test_a_mark_of_a_later_version_occupies_its_name(scene):
    desired = scene.want("mail", MAIL.format(1))
    url = scene.receiver.url(f"/notifications?reconciler=7.{OWNER}.mail.whatever")
    scene.put(desired, body={"notificationUrl": url})
    start = scene.requests()
    report = await scene.apply(desired)
    assert planned(report) == ["update mail MarkUnknown Blocked"]
    assert "upgrade this program" in said(report, "mail")
    assert scene.writes(start) == []


async def test_orphans_are_deleted_but_for_those_that_are_left_or_protected(scene):
    scene.put(scene.want("orphan", MAIL.format(1)))
    scene.put(scene.want("left", MAIL.format(2), leave=True))
    scene.put(scene.want("guarded", MAIL.format(3), protect=True), hours=1)
    report = await scene.apply(scene.want("mail", MAIL.format(4)))
    assert lines(report) == [
        "renew guarded done",
        "delete guarded withheld",
        "create mail done",
        "delete orphan done",
    ]
    assert scene.held() == ["guarded", "left", "mail"]


async def test_an_orphan_whose_url_was_overwritten_ends_by_itself(scene):
    identifier = scene.put(scene.want("orphan", MAIL.format(1)))
    scene.change(identifier, notificationUrl=scene.receiver.url("/else"))
    start = scene.requests()
    assert lines(await scene.apply(scene.want("mail", MAIL.format(2)))) == ["create mail done"]
    assert scene.writes(start) == ["POST 201"]


async def test_a_partial_run_neither_prunes_nor_touches_others(scene):
    mail, team = scene.want("mail", MAIL.format(1)), scene.want("team", TEAM.format(1))
    scene.put(scene.want("orphan", MAIL.format(2)))
    report = await scene.apply(mail, team, selected=frozenset({("contoso", "mail")}))
    assert lines(report) == ["create mail done"]
    assert scene.held() == ["mail", "orphan"]
    assert report.plan.summary.unselected == 1


async def test_too_many_removals_wait_and_are_renewed(scene):
    for number in range(6):
        scene.put(scene.want(f"orphan-{number}", MAIL.format(number)), hours=1)
    report = await scene.apply(scene.want("mail", MAIL.format(9)))
    assert [each.code for each in report.plan.violations] == ["removals"]
    assert len(scene.held()) == 7
    assert sum(line.startswith("renew orphan") and line.endswith("done") for line in lines(report)) == 6
    await scene.apply(scene.want("mail", MAIL.format(9)), allow=frozenset({"removals"}))
    assert scene.held() == ["mail"]


async def test_nothing_wanted_at_all(scene):
    scene.put(scene.want("orphan", MAIL.format(1)), hours=150)
    report = await scene.apply()
    assert planned(report) == ["delete orphan NotInManifests Unsafe"]
    assert scene.held() == ["orphan"]
