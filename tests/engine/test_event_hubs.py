"""Subscriptions that deliver to Event Hubs and Event Grid, on the emulator: owned through their lifecycle URL alone."""

import pytest

from reconciler.core.catalog import ChangeType
from reconciler.core.desired import Adopt
from reconciler.core.mark import mark_of
from reconciler.core.safety import Limits
from tests.support.world import (
    DAY,
    HOUR,
    MAIL,
    MEETING,
    TEAM,
    USERS,
    expiry_of,
    lines,
    mark_in,
    planned,
)

HUB = "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"
OTHER_HUB = "EventHub:https://contoso.vault.azure.net/secrets/graph?tenantId=contoso.com"
GRID = "EventGrid:?azuresubscriptionid=8A8A8A8A&resourcegroup=Graph&partnertopic=Users&location=westeurope"
LIFECYCLE = "lifecycleNotificationUrl"
NO_LIMIT = Limits(removals=1.0, floor=0)

BOTH = pytest.mark.parametrize("url", [HUB, GRID], ids=["hub", "grid"])
EVERYWHERE = pytest.mark.parametrize("resource", [MAIL, TEAM, USERS, MEETING], ids=["mail", "team", "users", "beta"])


def to(scene, url=HUB, name="it", resource=MAIL, **given):
    return scene.want(name, resource.format(1), notification_url=url, **given)


@BOTH
@EVERYWHERE
async def test_created_and_then_in_sync(scene, url, resource):
    desired = to(scene, url, resource=resource)
    assert lines(await scene.apply(desired)) == ["create it done"]
    made = scene.one("it")
    assert mark_of(made["notificationUrl"]) is None
    mark = mark_in(made, LIFECYCLE)
    assert (mark.digest, mark.version) == (desired.asked.digest, desired.version)
    assert planned(await scene.look(desired)) == []
    scene.lose_store()
    assert planned(await scene.look(desired)) == []
    assert planned(await scene.apply(desired)) == []


async def test_graph_asks_the_lifecycle_url_alone(scene):
    """An event hub needs no reply (facts 4.8)."""
    await scene.apply(to(scene))
    assert {each.path.partition("?")[0] for each in scene.receiver.received} == {"/lifecycle"}


@BOTH
async def test_a_renewal_patches_the_expiration_alone(scene, url):
    desired = to(scene, url)
    await scene.apply(desired)
    before = scene.one("it")
    scene.clock.advance(6 * DAY)
    start = scene.requests()
    assert lines(await scene.apply(desired)) == ["renew it done"]
    assert scene.writes(start) == ["PATCH 200"]
    now = scene.one("it")
    assert expiry_of(now) > expiry_of(before)
    assert {**now, "expirationDateTime": 0, "renewedDateTime": 0, "authorizedUntil": 0} == {
        **before,
        "expirationDateTime": 0,
        "renewedDateTime": 0,
        "authorizedUntil": 0,
    }


@pytest.mark.parametrize(("before", "after"), [(HUB, OTHER_HUB), (HUB, GRID), (GRID, HUB)], ids=["hub", "grid", "back"])
async def test_another_destination_is_one_patch(scene, before, after):
    await scene.apply(to(scene, before))
    made = scene.one("it")
    scene.clock.advance(HOUR)
    start = scene.requests()
    assert lines(await scene.apply(to(scene, after))) == ["update it done"]
    assert scene.writes(start) == ["PATCH 200"]
    now = scene.one("it")
    assert (now["id"], now[LIFECYCLE]) == (made["id"], made[LIFECYCLE])
    assert now["notificationUrl"] == after.removesuffix("&location=westeurope")
    assert planned(await scene.look(to(scene, after))) == []


@pytest.mark.parametrize("resource", [MAIL, TEAM], ids=["mail", "team"])
@pytest.mark.parametrize("there", [True, False], ids=["to-a-hub", "from-a-hub"])
@pytest.mark.behaviour(twins="accept")
async def test_between_https_and_a_hub_it_is_replaced(scene, resource, there):
    https = scene.want("it", resource.format(1))
    hub = to(scene, resource=resource)
    first, second = (https, hub) if there else (hub, https)
    await scene.apply(first)
    before = scene.one("it")
    scene.clock.advance(HOUR)
    assert lines(await scene.apply(second)) == ["replace it done"]
    now = scene.one("it")
    assert now["id"] != before["id"]
    assert (mark_of(now["notificationUrl"]) is None) is there
    assert (mark_in(now, LIFECYCLE).digest is None) is not there
    assert planned(await scene.look(second)) == []
    scene.lose_store()
    assert planned(await scene.look(second)) == []


@pytest.mark.behaviour(twins="accept")
async def test_a_replacement_that_fails_half_way_is_taken_up(scene):
    """Of the old one nothing but the expiration was patched, so that it still is where it was."""
    await scene.apply(scene.want("it", MAIL.format(1)))
    before = scene.one("it")["notificationUrl"]
    scene.clock.advance(HOUR)
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "count": 1}]})
    assert lines(await scene.apply(to(scene))) == ["replace it failed"]
    assert scene.one("it")["notificationUrl"] == before
    assert lines(await scene.apply(to(scene))) == ["replace it done"]
    assert planned(await scene.look(to(scene))) == []


@BOTH
@pytest.mark.behaviour(twins="accept")
async def test_a_rename_is_a_replacement(scene, url):
    await scene.apply(to(scene, url, "old"))
    scene.clock.advance(HOUR)
    new = to(scene, url, "new", previously=frozenset({"old"}))
    assert lines(await scene.apply(new)) == ["replace new done"]
    assert scene.held() == ["new"]
    scene.lose_store()
    assert planned(await scene.look(new)) == []


@BOTH
@pytest.mark.behaviour(twins="accept")
async def test_what_graph_fixes_is_replaced(scene, url):
    desired = to(scene, url, change_types=frozenset({ChangeType.CREATED}))
    await scene.apply(to(scene, url))
    scene.clock.advance(HOUR)
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert planned(await scene.look(desired)) == []


@BOTH
async def test_without_its_manifest_it_is_deleted_even_if_the_store_is_lost(scene, url):
    await scene.apply(to(scene, url))
    scene.lose_store()
    assert lines(await scene.apply(limits=NO_LIMIT, allow=frozenset({"empty"}))) == ["delete it done"]
    assert scene.held() == []


@BOTH
@pytest.mark.parametrize("lost", [False, True], ids=["store", "lost-store"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [({"protect": True}, ["delete it NotInManifests Protected"]), ({"leave": True}, [])],
    ids=["protected", "left"],
)
async def test_what_was_asked_at_its_creation_outlives_the_manifest(scene, url, lost, given, expected):
    await scene.apply(to(scene, url, **given))
    if lost:
        scene.lose_store()
    assert planned(await scene.look(limits=NO_LIMIT, allow=frozenset({"empty"}))) == expected


async def test_management_that_changes_writes_nothing(scene):
    await scene.apply(to(scene))
    start = scene.requests()
    assert planned(await scene.apply(to(scene, protect=True))) == []
    assert scene.writes(start) == []


@BOTH
@pytest.mark.behaviour(twins="accept")
async def test_a_foreign_one_is_adopted_by_a_replacement(scene, url):
    desired = to(scene, url, adopt=Adopt(verifiable=True))
    identifier = scene.put(desired, owner=None, hours=24)
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert identifier not in [each["id"] for each in scene.emulator.subscriptions()]
    assert planned(await scene.look(desired)) == []


@BOTH
@pytest.mark.parametrize("resource", [MAIL, TEAM], ids=["shared-place", "place-for-one"])
async def test_a_creation_that_was_not_answered_is_found_by_its_birth(scene, url, resource):
    """Which the lifecycle URL bears."""
    scene.emulator.faults({"lost": [{"method": "POST"}]})
    start = scene.requests()
    desired = to(scene, url, resource=resource)
    assert lines(await scene.apply(desired)) == ["create it done"]
    assert len(scene.writes(start)) == 1
    assert scene.one("it")["id"] in await scene.remembered()
    assert await scene.intents() == {}


@pytest.mark.behaviour(twins="conflict")
async def test_409_with_our_own_id_is_taken_as_ours(scene):
    """LIST hid it."""
    desired = to(scene)
    identifier = scene.put(desired, hours=30, birth="0123456789")
    scene.emulator.faults({"omit": [identifier]})
    assert lines(await scene.apply(desired)) == ["create it done"]
    assert (await scene.remembered())[identifier].birth == "0123456789"
    scene.emulator.faults({})
    assert planned(await scene.look(desired)) == []


async def test_what_somebody_sent_to_a_hub_comes_back(scene):
    desired = scene.want("it", MAIL.format(1))
    await scene.apply(desired)
    identifier = scene.one("it")["id"]
    scene.change(identifier, notificationUrl=HUB)
    assert lines(await scene.apply(desired)) == ["update it done"]
    assert mark_in(scene.one("it")).name == "it"
    assert scene.one("it")["id"] == identifier
    assert planned(await scene.look(desired)) == []


async def test_an_older_key_is_replaced_like_others(scene):
    scene.put(to(scene, resource=TEAM, key_ids=("k2",)))
    desired = to(scene, resource=TEAM)
    assert lines(await scene.apply(desired)) == ["replace it done"]
    assert mark_in(scene.one("it"), LIFECYCLE).key == "k1"
