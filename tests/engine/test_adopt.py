"""Adopting on the emulator: a PATCH where that is enough, a replacement where not, and nothing foreign beside it."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.catalog import Version
from reconciler.core.desired import Adopt
from reconciler.core.reasons import Action
from reconciler.core.rest import Rest, Waiting
from tests.support.world import (
    HOUR,
    MAIL,
    MEETING,
    OWNER,
    TEAM,
    lines,
    mark_in,
    planned,
    said,
)

KNOWN = Adopt(verifiable=True)


def taker(scene, resource, name="it", **given):
    return scene.want(name, resource.format(1), **{"adopt": KNOWN, **given})


@pytest.mark.parametrize("resource", [MAIL, TEAM, MEETING], ids=["mail", "team", "beta"])
async def test_it_becomes_ours_by_one_patch(scene, resource):
    desired = taker(scene, resource)
    identifier = scene.put(desired, owner=None, hours=24)
    lifecycle = scene.emulator.subscriptions()[0]["lifecycleNotificationUrl"]
    start = scene.requests()
    assert lines(await scene.apply(desired)) == ["adopt it done"]
    assert scene.writes(start) == ["PATCH 200"]
    now = scene.one("it")
    assert now["id"] == identifier
    assert now["lifecycleNotificationUrl"] == lifecycle
    assert (mark_in(now).key, mark_in(now).digest) == ("fixed", desired.asked.digest)
    assert planned(await scene.look(desired)) == []
    assert (await scene.remembered())[identifier].granted is not None


async def test_one_that_was_made_on_another_version_than_the_manifest_says(scene):
    """Nobody can tell before it is tried; from then on its mark says so."""
    desired = taker(scene, MAIL)
    identifier = scene.put(
        dataclasses.replace(desired, asked=dataclasses.replace(desired.asked, version=Version.BETA)),
        owner=None,
        hours=24,
    )
    assert lines(await scene.apply(desired)) == ["adopt it done"]
    assert scene.one("it")["id"] == identifier
    assert planned(await scene.look(desired)) == []
    protected = dataclasses.replace(desired, protect=True)
    assert lines(await scene.apply(protected)) == ["update it done"]
    scene.clock.advance(20 * HOUR)
    assert lines(await scene.apply(protected, renew_within=dt.timedelta(days=30))) == ["renew it done"]
    assert scene.one("it")["id"] == identifier


async def test_without_the_store_it_is_ours_all_the_same(scene):
    desired = taker(scene, MAIL)
    scene.put(desired, owner=None)
    await scene.apply(desired)
    scene.lose_store()
    assert planned(await scene.look(desired)) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(TEAM, ["PATCH 200", "DELETE 204", "POST 201"], id="a-place-for-one"),
        pytest.param(MAIL, ["PATCH 200", "POST 201", "DELETE 204"], id="mail"),
    ],
)
@pytest.mark.behaviour(twins="accept")
async def test_one_whose_secret_nobody_knows_is_replaced(scene, resource, expected):
    desired = taker(scene, resource, adopt=Adopt())
    identifier = scene.put(desired, owner=None, hours=24)
    start = scene.requests()
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert scene.writes(start) == expected
    assert [each["id"] for each in scene.emulator.subscriptions()] != [identifier]
    assert mark_in(scene.one("it")).key == "k1"
    assert planned(await scene.look(desired)) == []


@pytest.mark.behaviour(validate_on_patch="always", twins="accept")
async def test_a_dead_endpoint_of_others_is_no_reason_to_leave_it(scene):
    """Graph may ask their URL when the expiration is patched; where that fails, the replacement goes on."""
    desired = taker(scene, MAIL, adopt=Adopt())
    theirs = scene.put(desired, owner=None, hours=24, body={"notificationUrl": scene.receiver.url("/theirs")})
    scene.receiver.modes["/theirs"] = "refuse"
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert theirs not in [each["id"] for each in scene.emulator.subscriptions()]


async def test_a_replacement_that_fails_leaves_theirs_as_it_was(scene):
    desired = taker(scene, MAIL, adopt=Adopt())
    identifier = scene.put(desired, owner=None, hours=24)
    before = scene.emulator.subscriptions()[0]["notificationUrl"]
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403}]})
    report = await scene.apply(desired)
    assert lines(report) == ["replace it failed"]
    (left,) = scene.emulator.subscriptions()
    assert (left["id"], left["notificationUrl"]) == (identifier, before)


async def test_from_a_previous_owner_birth_and_key_are_kept(scene):
    desired = taker(scene, MAIL, adopt=Adopt())
    scene.put(desired, owner="them", birth="abcdef0123")
    withheld = await scene.apply(desired)
    assert lines(withheld) == ["adopt it withheld"]
    assert "--previous-owner them" in said(withheld, "it")
    assert lines(await scene.apply(desired, previous_owners=frozenset({"them"}))) == ["adopt it done"]
    mark = mark_in(scene.one("it"))
    assert (mark.owner, mark.birth, mark.key) == (OWNER, "abcdef0123", "k1")
    assert planned(await scene.look(desired)) == []


async def test_from_a_previous_owner_whose_mark_was_overwritten(scene):
    """Its lifecycle URL still tells which birth and key its ``clientState`` was made with."""
    desired = taker(scene, MAIL, adopt=Adopt())
    identifier = scene.put(desired, owner="them", birth="abcdef0123")
    scene.change(identifier, notificationUrl=desired.notification_url)
    assert lines(await scene.apply(desired, previous_owners=frozenset({"them"}))) == ["adopt it done"]
    assert (mark_in(scene.one("it")).birth, mark_in(scene.one("it")).key) == ("abcdef0123", "k1")
    assert planned(await scene.look(desired)) == []


@pytest.mark.behaviour(twins="accept")
async def test_one_that_is_gone_by_now_is_created(scene):
    desired = taker(scene, MAIL)
    identifier = scene.put(desired, owner=None)
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": 404, "count": 2}]})
    report = await scene.apply(desired)
    assert lines(report) == ["adopt it done"]
    assert said(report, "it") == f"{identifier} was gone, created instead"
    assert scene.held().count("it") == 1


@pytest.mark.parametrize("owner", [None, "them"], ids=["unmarked", "of-a-previous-owner"])
@pytest.mark.behaviour(twins="accept")
async def test_a_patch_whose_answer_is_lost_is_no_second_writer(scene, owner):
    other, desired = scene.want("other", MAIL.format(2)), taker(scene, MAIL)
    allowed = {"previous_owners": frozenset({"them"})}
    await scene.apply(other)
    scene.put(desired, owner=owner, hours=24)
    scene.emulator.faults({"lost": [{"method": "PATCH", "count": 9}]})
    assert lines(await scene.apply(desired, other, **allowed)) == ["adopt it failed"]
    scene.emulator.faults({})
    for _ in range(2):
        report = await scene.apply(desired, other, **allowed)
        assert (lines(report), report.plan.violations) == ([], ())
    assert scene.held() == ["it", "other"]


async def test_a_rename_is_one_patch(scene):
    old = scene.want("old", MAIL.format(1))
    await scene.apply(old)
    identifier, birth = scene.one("old")["id"], mark_in(scene.one("old")).birth
    scene.clock.advance(HOUR)
    new = dataclasses.replace(old, name="new", previously=frozenset({"old"}))
    start = scene.requests()
    assert lines(await scene.apply(new)) == ["update new done"]
    assert scene.writes(start) == ["PATCH 200"]
    assert (scene.one("new")["id"], mark_in(scene.one("new")).birth) == (identifier, birth)
    assert planned(await scene.look(new)) == []
    assert {each.name for each in (await scene.remembered()).values()} == {"new"}


@pytest.mark.behaviour(twins="accept")
async def test_a_rename_while_both_stand_leaves_one(scene):
    old = scene.want("old", MAIL.format(1))
    new = dataclasses.replace(old, name="new", previously=frozenset({"old"}))
    scene.put(old, hours=100)
    scene.put(new, hours=150)
    assert lines(await scene.apply(new)) == ["delete new done"]
    assert scene.held() == ["new"]
    assert planned(await scene.look(new)) == []


async def test_replaced_on_purpose(scene):
    desired = scene.want("it", TEAM.format(1))
    await scene.apply(desired)
    before = scene.one("it")["id"]
    scene.clock.advance(HOUR)
    assert lines(await scene.apply(desired, replace=frozenset({"it"}))) == ["replace it done"]
    assert scene.one("it")["id"] != before
    assert planned(await scene.look(desired)) == []


async def test_no_more_than_the_limit(scene):
    desired = [scene.want(f"it-{number}", MAIL.format(number), adopt=KNOWN) for number in range(3)]
    for each in desired:
        scene.put(each, owner=None)
    assert lines(await scene.apply(*desired, adoptions=2)) == [
        "adopt it-0 done",
        "adopt it-1 done",
        "adopt it-2 withheld",
    ]
    assert lines(await scene.apply(*desired, adoptions=2)) == ["adopt it-2 done"]


@pytest.mark.behaviour(twins="accept")
async def test_one_that_was_made_on_beta_is_replaced_there(scene):
    """Nobody may be left behind that delivers twice from then on."""
    desired = taker(scene, MAIL, adopt=Adopt())
    on_beta = dataclasses.replace(desired, asked=dataclasses.replace(desired.asked, version=Version.BETA))
    scene.put(on_beta, owner=None, hours=24)
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert scene.held() == ["it"]


async def test_what_was_lost_under_a_former_name_is_a_gap_and_then_forgotten(scene):
    old = scene.want("old", MAIL.format(1))
    await scene.apply(old)
    lost = scene.one("old")["id"]
    scene.remove(lost)
    scene.clock.advance(HOUR)
    new = dataclasses.replace(old, name="new", previously=frozenset({"old"}))
    assert lines(await scene.apply(new)) == ["create new done"]
    assert [(each.name, each.subscription_id) for each in await scene.gaps()] == [("new", lost)]
    assert [each.name for each in (await scene.remembered()).values()] == ["new"]


async def test_nothing_is_deleted_for_a_successor_that_has_to_wait(scene):
    """Of a place for one alone the present holder stays until the next one can take it."""
    old = scene.want("old", TEAM.format(1))
    await scene.apply(old)
    new = scene.want("new", TEAM.format(1))
    resting = Rest(Action.CREATE, scene.clock.now() + dt.timedelta(hours=1), "it has failed", new.essence)
    report = await scene.apply(new, waiting=Waiting({"new": resting}), allow=frozenset({"empty"}))
    assert lines(report) == ["create new withheld", "delete old withheld"]
    assert scene.held() == ["old"]
    assert lines(await scene.apply(new)) == ["create new done", "delete old done"]
