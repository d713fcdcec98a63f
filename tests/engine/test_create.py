"""Creation: what is sent, and what becomes of answers that are lost, refused or in the way (facts 1.1, 2.1, 3.5)."""

import asyncio
import datetime as dt

import pytest

from reconciler.core.catalog import Version
from reconciler.core.client_state import client_state
from reconciler.engine.looking import SharedListing
from reconciler.engine.ports import Body, Intent, Listing
from reconciler.store import Store
from tests.support.world import (
    DAY,
    HOUR,
    MAIL,
    MEETING,
    OWNER,
    RING,
    TEAM,
    USERS,
    due,
    expiry_of,
    lines,
    mark_in,
    planned,
    said,
    until,
)


async def test_what_graph_is_asked_for(scene):
    report = await scene.apply(scene.want("team", TEAM.format(1)))

    assert lines(report) == ["create team done"]
    made = scene.one("team")
    mark = mark_in(made)
    assert (mark.owner, mark.key, mark.digest) == (OWNER, "k1", scene.want("team", TEAM.format(1)).asked.digest)
    assert mark_in(made, "lifecycleNotificationUrl") == mark.for_lifecycle
    assert made["notificationUrl"].startswith(scene.receiver.url("/notifications?reconciler=1.us.team."))
    assert made["lifecycleNotificationUrl"].startswith(scene.receiver.url("/lifecycle?reconciler="))
    tenant = scene.emulator.info["tenantId"]
    assert made["clientState"] == client_state(RING["k1"], key="k1", tenant_id=tenant, birth=mark.birth)
    assert made["changeType"] == "deleted,updated"
    assert made["graphVersion"] == "v1.0"
    assert made["includeResourceData"] is None
    lifetime = expiry_of(made) - scene.clock.now()
    assert dt.timedelta(minutes=4313) < lifetime <= dt.timedelta(minutes=4315)


async def test_with_resource_data_on_beta(scene, certificates):
    await scene.apply(scene.want("meeting", MEETING.format(1), certificate=certificates[0]))

    made = scene.one("meeting")
    assert made["graphVersion"] == "beta"
    assert str(mark_in(made)).startswith("1b.us.meeting.")
    assert made["includeResourceData"] is True
    assert made["encryptionCertificate"] == certificates[0].base64
    assert made["encryptionCertificateId"] == certificates[0].thumbprint


async def test_an_endpoint_without_a_secret(scene):
    scene.ring = {}
    await scene.apply(scene.want("mail", MAIL.format(1)))
    assert scene.one("mail")["clientState"] is None


async def test_the_first_key_of_the_ring_signs(scene):
    await scene.apply(scene.want("mail", MAIL.format(1), key_ids=("k2", "k1")))
    made = scene.one("mail")
    assert mark_in(made).key == "k2"
    expected = client_state(RING["k2"], key="k2", tenant_id=scene.emulator.info["tenantId"], birth=mark_in(made).birth)
    assert made["clientState"] == expected


async def test_what_is_remembered(scene):
    await scene.apply(scene.want("mail", MAIL.format(1)))
    made = scene.one("mail")
    memory = (await scene.remembered())[made["id"]]
    assert (memory.name, memory.birth, memory.key) == ("mail", mark_in(made).birth, "k1")
    assert memory.expires_at == expiry_of(made)
    assert memory.granted
    assert memory.granted > dt.timedelta(days=6.9)
    assert memory.created_at == memory.written_at
    assert await scene.intents() == {}


@pytest.mark.parametrize("resource", [MAIL, TEAM], ids=["shared place", "place for one"])
async def test_a_lost_answer_is_found_by_its_birth(scene, resource):
    scene.emulator.faults({"lost": [{"method": "POST"}]})
    start = scene.requests()
    desired = scene.want("it", resource.format(1))
    report = await scene.apply(desired)

    assert lines(report) == ["create it done"]
    assert scene.held() == ["it"]
    assert len(scene.writes(start)) == 1
    assert scene.one("it")["id"] in await scene.remembered()
    assert await scene.intents() == {}
    assert planned(await scene.look(desired)) == []


class SlowReader:
    """Lists when it is let, and counts."""

    def __init__(self) -> None:
        self.lists = 0
        self.let = asyncio.Event()

    async def list(self) -> Listing:
        self.lists += 1
        await self.let.wait()
        return Listing(({"id": str(self.lists)},))

    async def get(self, subscription_id: str, version: Version) -> Body:
        raise NotImplementedError  # nobody asks for one by its id here


async def test_those_who_look_at_the_same_time_share_a_list():
    """LISTs are scarce (facts 8.1). One that is under way may have started before the POST that is looked for."""
    reader = SlowReader()
    shared = SharedListing(reader)
    first = asyncio.ensure_future(shared.after_now())
    await until(lambda: reader.lists == 1)
    others = [asyncio.ensure_future(shared.after_now()) for _ in range(20)]
    await asyncio.sleep(0)
    reader.let.set()
    found = [listing.bodies[0]["id"] for listing in await asyncio.gather(first, *others)]
    assert found == ["1", *["2"] * 20]


async def test_answers_that_tell_nothing_are_tried_again_with_the_same_birth(scene):
    scene.emulator.faults({"answers": [{"method": "POST", "status": 500, "count": 2}]})
    start = scene.requests()
    report = await scene.apply(scene.want("mail", MAIL.format(1)))
    assert lines(report) == ["create mail done"]
    assert scene.writes(start) == ["POST 500", "POST 500", "POST 201"]


async def test_the_last_try_is_looked_for_as_well(scene):
    scene.emulator.faults(
        {"answers": [{"method": "POST", "status": 500, "count": 2}], "lost": [{"method": "POST", "count": 3}]}
    )
    report = await scene.apply(scene.want("mail", MAIL.format(1)))
    assert lines(report) == ["create mail done"]
    assert scene.held() == ["mail"]


async def test_three_times_without_success(scene):
    scene.emulator.faults({"answers": [{"method": "POST", "status": 500, "count": 3}]})
    desired = scene.want("mail", MAIL.format(1))
    report = await scene.apply(desired)
    assert lines(report) == ["create mail failed"]
    birth = (await scene.intents())["mail"].birth

    assert lines(await scene.apply(desired)) == ["create mail done"]
    assert mark_in(scene.one("mail")).birth == birth


async def test_a_lost_answer_and_a_list_that_is_not_whole(scene):
    """Not to be found in such a list means nothing: another POST could make a twin."""
    for number in range(4):
        scene.put(scene.want(f"old-{number}", MAIL.format(number)), owner="them")
    desired = scene.want("mail", MAIL.format(9))

    scene.emulator.faults({"lost": [{"method": "POST"}]})
    scene.clock.before_sleep = lambda: scene.emulator.faults({"list": "breaks-off"})
    report = await scene.apply(desired)
    assert scene.held() == ["-", "-", "-", "-", "mail"]
    assert lines(report) == ["create mail failed"]

    scene.clock.before_sleep = None
    scene.emulator.faults({})
    assert planned(await scene.apply(desired)) == []
    assert await scene.intents() == {}


async def test_killed_between_intent_and_answer(scene):
    """The POST was carried out; the next pass finds it by its mark and settles the intent."""
    scene.emulator.faults({"slow": 0.2})
    desired = scene.want("mail", MAIL.format(1))
    async with scene.entered() as parties:
        task = asyncio.create_task(scene.run(parties, [desired]))
        await until(scene.intents)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    birth = (await scene.intents())["mail"].birth
    scene.emulator.faults({})

    await scene.apply(desired)
    assert scene.held() == ["mail"]
    assert mark_in(scene.one("mail")).birth == birth
    assert await scene.intents() == {}


async def test_an_intent_left_behind_gives_its_birth(scene):
    await scene.apply()
    await leave_intent(scene, Intent("mail", "00000000aa", scene.clock.now()))
    await leave_intent(scene, Intent("unwanted", "00000000bb", scene.clock.now()))
    await leave_intent(scene, Intent("stale", "00000000cc", scene.clock.now() - dt.timedelta(days=2)))
    await scene.apply(scene.want("mail", MAIL.format(1)), scene.want("stale", MAIL.format(2)))
    assert mark_in(scene.one("mail")).birth == "00000000aa"
    assert mark_in(scene.one("stale")).birth != "00000000cc"
    assert await scene.intents() == {}


async def leave_intent(scene, intent):
    async with Store.open(scene.state) as store:
        await store.journal(**scene.scope).intend(intent)


async def test_409_with_our_own_id_is_taken_as_ours(scene):
    """Of another birth, and LIST hid it: it is adopted, and nothing is made."""
    scene.emulator.behave(twins="conflict")
    desired = scene.want("mail", MAIL.format(1))
    identifier = scene.put(desired, hours=30, birth="0123456789")
    scene.emulator.faults({"omit": [identifier]})
    report = await scene.apply(desired)

    assert lines(report) == ["create mail done"]
    assert scene.one("mail")["id"] == identifier
    assert mark_in(scene.one("mail")).birth == "0123456789"
    assert expiry_of(scene.one("mail")) > scene.clock.now() + dt.timedelta(days=6)
    assert (await scene.remembered())[identifier].birth == "0123456789"
    assert await scene.intents() == {}
    scene.emulator.faults({})
    assert planned(await scene.look(desired)) == []


async def test_409_with_our_own_id_that_is_other_than_wanted(scene):
    """It is not said to be as wanted: the next pass replaces it."""
    scene.emulator.behave(twins="conflict")
    old = scene.want("mail", MAIL.format(1), lifecycle_url=scene.receiver.url("/old"))
    identifier = scene.put(old)
    scene.emulator.faults({"omit": [identifier]})
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    scene.emulator.faults({})
    assert planned(await scene.look(desired)) == ["replace mail ImmutableFieldChanged"]


async def test_409_of_the_same_birth_is_the_post_that_was_lost(scene):
    scene.emulator.behave(twins="conflict")
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply()
    await leave_intent(scene, Intent("mail", "0123456789", scene.clock.now()))
    identifier = scene.put(desired, birth="0123456789")
    scene.emulator.faults({"omit": [identifier]})
    start = scene.requests()
    report = await scene.apply(desired)
    assert lines(report) == ["create mail done"]
    assert scene.writes(start) == ["POST 409"]
    assert await scene.intents() == {}


@pytest.mark.parametrize("owner", [None, "them"])
async def test_409_of_a_foreign_one(scene, owner):
    scene.emulator.behave(twins="conflict")
    desired = scene.want("mail", MAIL.format(1))
    identifier = scene.put(scene.want("mail", MAIL.format(1)), owner=owner)
    before = scene.emulator.subscriptions()
    report = await scene.apply(desired)
    assert lines(report) == ["create mail failed"]
    assert identifier in said(report, "mail")
    assert scene.emulator.subscriptions() == before


async def test_a_place_that_is_taken_behind_our_back(scene):
    """LIST does not show who has it, so Graph's own words are what there is to say."""
    identifier = scene.put(scene.want("x", TEAM.format(1)), owner=None)
    scene.emulator.faults({"omit": [identifier]})
    report = await scene.apply(scene.want("team", TEAM.format(1)), scene.want("mail", MAIL.format(1)))
    assert lines(report) == ["create mail done", "create team failed"]
    assert "has reached its limit of '1'" in said(report, "team")
    assert scene.held() == ["-", "mail"]


async def test_a_place_that_a_foreign_one_has_is_blocked(scene):
    identifier = scene.put(scene.want("x", TEAM.format(1)), owner=None)
    start = scene.requests()
    report = await scene.apply(scene.want("team", TEAM.format(1)))
    assert planned(report) == ["create team Missing Blocked"]
    assert identifier in said(report, "team")
    assert scene.writes(start) == []


@pytest.mark.parametrize("mode", ["refuse", "wrong", "accepted"])
async def test_an_endpoint_that_does_not_answer(scene, mode):
    scene.receiver.modes = {"/bad": mode}
    bad = scene.want("bad", MAIL.format(1), notification_url=scene.receiver.url("/bad"))
    report = await scene.apply(bad, scene.want("good", MAIL.format(2)))
    assert lines(report) == ["create bad failed", "create good done"]
    assert "this is our own endpoint: it must be reachable from the internet" in said(report, "bad")
    assert scene.held() == ["good"]
    birth = (await scene.intents())["bad"].birth

    scene.receiver.modes = {}
    assert lines(await scene.apply(bad, scene.want("good", MAIL.format(2)))) == ["create bad done"]
    assert mark_in(scene.one("bad")).birth == birth


TOO_LONG = "Subscription expiration can only be 4230 minutes in the future."


def too_long(count=1, method="POST"):
    """A tenant whose ceiling is lower than the catalog's."""
    return {"method": method, "status": 400, "code": "ExtensionError", "message": TOO_LONG, "count": count}


async def test_a_refused_lifetime_teaches_the_ceiling(scene):
    scene.emulator.faults({"answers": [too_long()]})
    mail, other = scene.want("mail", MAIL.format(1)), scene.want("other", MAIL.format(2))
    report = await scene.apply(mail)
    assert lines(report) == ["create mail done"]
    assert expiry_of(scene.one("mail")) <= scene.clock.now() + dt.timedelta(minutes=4225)
    assert await scene.ceilings() == {"messages": dt.timedelta(minutes=4230)}

    start = scene.requests()
    await scene.apply(mail, other)
    assert scene.writes(start) == ["POST 201"]
    assert expiry_of(scene.one("other")) <= scene.clock.now() + dt.timedelta(minutes=4225)


async def test_refused_side_by_side_teaches_once(scene):
    """Each refusal is of what was asked before any of them was heard: the margin is not taken off again and again."""
    # All eight must have been asked before the first of them is answered, on a busy machine too.
    scene.emulator.faults({"answers": [too_long(8)], "slow": {"POST": 1.5}})
    await scene.apply(*(scene.want(f"mail-{number}", MAIL.format(number)) for number in range(8)))
    assert await scene.ceilings() == {"messages": dt.timedelta(minutes=4230)}
    shortest = min(expiry_of(each) for each in scene.emulator.subscriptions())
    assert shortest > scene.clock.now() + dt.timedelta(minutes=4220)


async def test_who_asks_for_exactly_the_ceiling_gets_a_little_less(scene):
    desired = scene.want("team", TEAM.format(1), lifetime=dt.timedelta(minutes=4320))
    assert lines(await scene.apply(desired)) == ["create team done"]
    lifetime = expiry_of(scene.one("team")) - scene.clock.now()
    assert dt.timedelta(minutes=4300) < lifetime < dt.timedelta(minutes=4319)
    assert await scene.ceilings() == {}
    assert planned(await scene.look(desired)) == []


async def test_renewals_count_from_what_was_granted(scene):
    scene.emulator.faults({"granted": 2 * HOUR})
    desired = scene.want("users", USERS, renew_before=dt.timedelta(hours=12))
    await scene.apply(desired)
    identifier = scene.one("users")["id"]
    assert planned(await scene.look(desired)) == []
    scene.clock.advance(0.4 * HOUR)
    assert planned(await scene.look(desired)) == []
    scene.clock.advance(1.0 * HOUR)
    report = await scene.apply(desired)
    assert lines(report) == ["renew users done"]
    assert planned(await scene.look(desired)) == []
    assert scene.one("users")["id"] == identifier
    granted = (await scene.remembered())[identifier].granted
    assert granted
    assert abs(granted - dt.timedelta(hours=2)) < dt.timedelta(seconds=5)


async def test_a_manifests_own_lifetime(scene):
    desired = scene.want("mail", MAIL.format(1), lifetime=dt.timedelta(hours=2))
    await scene.apply(desired)
    assert scene.clock.now() + dt.timedelta(hours=1.9) < expiry_of(scene.one("mail"))
    assert expiry_of(scene.one("mail")) <= scene.clock.now() + dt.timedelta(hours=2)
    scene.clock.advance(1.5 * HOUR)
    assert due(await scene.look(desired)) == ["renew mail RenewalDue"]


async def test_one_that_has_ended_is_made_anew(scene):
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    old = scene.one("mail")["id"]
    scene.clock.advance(8 * DAY)
    assert lines(await scene.apply(desired)) == ["create mail done"]
    assert scene.one("mail")["id"] != old
    assert old not in await scene.remembered()


async def test_only_what_may_be_created_is_asked_for(scene):
    app = scene.emulator.register(roles=["Mail.Read"])
    scene.tenants = {"contoso": app}
    report = await scene.apply(scene.want("mail", MAIL.format(1)), scene.want("team", TEAM.format(1)))
    assert lines(report) == ["create mail done", "create team failed"]
    assert "grant the application a permission" in said(report, "team")
