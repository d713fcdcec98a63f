"""Renewal and the other changes that a PATCH makes, and what becomes of one that is gone (decisions 13, 14, 17)."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.policy import Policy
from reconciler.store import Store
from tests.support.world import (
    DAY,
    HOUR,
    MAIL,
    MEETING,
    TEAM,
    due,
    expiry_of,
    lines,
    mark_in,
    planned,
    said,
)


@pytest.fixture
async def aged(scene):
    """A team's subscription, 60 of its 72 hours old."""
    desired = scene.want("team", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(60 * HOUR)
    return desired


async def test_it_is_extended(scene, aged):
    before = scene.one("team")
    report = await scene.apply(aged)
    assert lines(report) == ["renew team done"]
    after = scene.one("team")
    assert expiry_of(after) - expiry_of(before) > dt.timedelta(hours=59)
    moved = dict.fromkeys(("authorizedUntil", "expirationDateTime", "renewedDateTime"))
    assert before | moved == after | moved
    memory = (await scene.remembered())[after["id"]]
    assert memory.expires_at == expiry_of(after)
    assert memory.granted
    assert memory.granted > dt.timedelta(hours=71)
    assert planned(await scene.look(aged)) == []


async def test_only_what_is_due(scene):
    wanted = [scene.want("team", TEAM.format(1)), scene.want("mail", MAIL.format(1))]
    await scene.apply(*wanted)
    scene.clock.advance(60 * HOUR)
    start = scene.requests()
    assert lines(await scene.apply(*wanted)) == ["renew team done"]
    assert scene.writes(start) == ["PATCH 200"]


async def test_renew_within(scene):
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    scene.clock.advance(DAY)
    assert planned(await scene.look(desired, renew_within=dt.timedelta(days=5))) == []
    assert lines(await scene.apply(desired, renew_within=dt.timedelta(days=6.5))) == ["renew mail done"]
    assert expiry_of(scene.one("mail")) > scene.clock.now() + dt.timedelta(days=6.9)


async def test_a_patch_that_extends_nothing_is_a_failure(scene, aged):
    before = await scene.remembered()
    scene.emulator.faults({"extend": False})
    report = await scene.apply(aged)
    assert lines(report) == ["renew team failed"]
    assert "NotExtended" in said(report, "team")
    assert await scene.remembered() == before
    scene.emulator.faults({})
    assert lines(await scene.apply(aged)) == ["renew team done"]


@pytest.mark.behaviour(validate_on_patch="always")
async def test_no_answer_of_the_endpoint_is_the_renewals_failure_alone(scene):
    wanted = [
        scene.want("bad", TEAM.format(1), notification_url=scene.receiver.url("/bad")),
        scene.want("good", TEAM.format(2)),
    ]
    await scene.apply(*wanted)
    scene.clock.advance(60 * HOUR)
    scene.receiver.modes = {"/bad": "refuse"}
    report = await scene.apply(*wanted)
    assert lines(report) == ["renew bad failed", "renew good done"]
    assert "this is our own endpoint" in said(report, "bad")
    assert scene.held() == ["bad", "good"]


async def test_gone_is_created_anew_in_the_same_pass(scene, aged):
    """LIST and GET still have it when the pass reads, and PATCH no more."""
    old = scene.one("team")["id"]
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": 404, "code": "ResourceNotFound"}]})
    scene.receiver.received.clear()
    async with scene.entered() as parties:
        parties[0] = dataclasses.replace(parties[0], reader=Once(parties[0].reader, then=lambda: scene.remove(old)))
        report = await scene.run(parties, [aged])
    assert lines(report) == ["renew team done"]
    assert f"{old} was gone, created anew" in said(report, "team")
    assert scene.one("team")["id"] != old
    assert set(await scene.remembered()) == {scene.one("team")["id"]}
    assert await scene.intents() == {}


class Once:
    """A reader; after its first LIST something happens behind its back."""

    def __init__(self, reader, *, then):
        self.reader, self.then = reader, then

    async def list(self):
        listing = await self.reader.list()
        self.then()
        return listing

    async def get(self, subscription_id, version):
        return await self.reader.get(subscription_id, version)


@pytest.mark.parametrize("change", ["renew", "update", "replace"])
async def test_a_young_one_is_looked_for_again(scene, change):
    """Graph may not find what it has just made: it is not made twice."""
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    scene.clock.advance(120)
    old = scene.one("mail")["id"]
    options = {"renew_within": dt.timedelta(days=8)} if change == "renew" else {}
    if change == "update":
        desired = scene.want("mail", MAIL.format(1), notification_url=scene.receiver.url("/new"))
    if change == "replace":
        desired = scene.want("mail", MAIL.format(1), lifecycle_url=scene.receiver.url("/new"))
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": 404, "code": "ResourceNotFound"}]})
    start = scene.requests()
    report = await scene.apply(desired, **options)
    assert lines(report) == [f"{change} mail failed"]
    assert "younger than 5 minutes" in said(report, "mail")
    assert scene.writes(start) == ["PATCH 404"]
    assert [each["id"] for each in scene.all("mail")] == [old]

    assert lines(await scene.apply(desired, **options)) == [f"{change} mail done"]


async def test_a_ghost_does_not_loop(scene, aged):
    """404 by id while its place stays taken: one POST in a pass, and nothing is deleted (facts 3.5)."""
    ghost = scene.one("team")["id"]
    scene.emulator.faults({"ghost": [ghost]})
    for _ in range(2):
        start = scene.requests()
        report = await scene.apply(aged)
        assert [line.split()[2] for line in lines(report)] == ["failed"]
        assert "a subscription removed in the last 3 hours may still count" in said(report, "team")
        assert scene.writes(start) in (["PATCH 404", "POST 403"], ["POST 403"])
    assert len(scene.emulator.subscriptions()) == 1
    birth = (await scene.intents())["team"].birth

    scene.emulator.faults({})
    scene.remove(ghost)
    assert lines(await scene.apply(aged)) == ["create team done"]
    assert mark_in(scene.one("team")).birth == birth


async def test_creating_anew_fails_and_is_finished_with_a_list_that_is_not_whole(scene, aged):
    """That it is gone is known from GET, not from LIST: the id must not be forgotten too early."""
    old = scene.one("team")["id"]
    async with scene.entered() as parties:
        parties[0] = dataclasses.replace(parties[0], reader=Once(parties[0].reader, then=lambda: scene.remove(old)))
        scene.receiver.mode = "refuse"
        report = await scene.run(parties, [aged])
    assert lines(report) == ["renew team failed"]
    scene.receiver.mode = "ok"
    scene.emulator.faults({"answers": [{"method": "LIST", "status": 500, "version": "beta", "count": 5}]})
    assert lines(await scene.apply(aged)) == ["create team done"]


@pytest.mark.behaviour(twins="accept")
async def test_a_twin_that_is_gone_is_not_made_again(scene):
    """Its delete was withheld and its renewal due: the other one stands, so there is nothing to make."""
    desired = scene.want("mail", MAIL.format(1))
    kept, twin = scene.put(desired, hours=100), scene.put(desired, hours=10)
    await scene.look(desired)
    scene.emulator.faults({"answers": [{"method": "LIST", "status": 500, "version": "beta", "count": 5}]})
    async with scene.entered() as parties:
        parties[0] = dataclasses.replace(parties[0], reader=Once(parties[0].reader, then=lambda: scene.remove(twin)))
        report = await scene.run(parties, [desired])
    assert "renew mail done" in lines(report)
    assert [each["id"] for each in scene.all("mail")] == [kept]


async def test_withheld_and_renewed_all_the_same(scene, aged):
    other = dataclasses.replace(aged, asked=dataclasses.replace(aged.asked, lifecycle_url="https://x.invalid/"))
    for options, word in [({"policy": Policy.UPSERT_ONLY}, "Policy"), ({"policy": Policy.CREATE_ONLY}, "Policy")]:
        report = await scene.look(other, **options)
        assert planned(report) == ["renew team RenewalDue", f"replace team ImmutableFieldChanged {word}"]
    protected = dataclasses.replace(other, protect=True)
    report = await scene.apply(protected)
    assert lines(report) == ["renew team done", "replace team withheld"]
    assert expiry_of(scene.one("team")) > scene.clock.now() + dt.timedelta(hours=71)
    assert mark_in(scene.one("team")).digest == aged.asked.digest


async def test_observe_renews_nothing(scene, aged):
    start = scene.requests()
    assert lines(await scene.apply(aged, policy=Policy.OBSERVE)) == ["renew team withheld"]
    assert scene.writes(start) == []


async def test_suspended_is_renewed_only(scene, aged):
    suspended = dataclasses.replace(aged, suspend=True, notification_url=scene.receiver.url("/new"))
    report = await scene.apply(suspended)
    assert lines(report) == ["update team withheld", "renew team done"]
    assert scene.one("team")["notificationUrl"].startswith(scene.receiver.url("/notifications?"))


async def test_a_mark_of_an_older_canonical_form_is_refreshed_with_the_renewal(scene):
    """Nothing differs but the digest: no change by itself, and none after."""
    desired = scene.want("team", TEAM.format(1))
    older = dataclasses.replace(desired, asked=dataclasses.replace(desired.asked, resource="the older form"))
    identifier = scene.put(older, hours=71, body={"resource": desired.resource.text})
    assert planned(await scene.look(desired)) == []
    assert mark_in(scene.one("team")).digest == older.asked.digest
    scene.clock.advance(60 * HOUR)
    assert lines(await scene.apply(desired)) == ["renew team done"]
    assert mark_in(scene.one("team")).digest == desired.asked.digest
    assert scene.one("team")["id"] == identifier
    assert planned(await scene.look(desired)) == []


async def test_beta_is_renewed_on_beta(scene):
    desired = scene.want("meeting", MEETING.format(1))
    await scene.apply(desired)
    scene.clock.advance(60 * HOUR)
    start = len(scene.emulator.requests())
    assert lines(await scene.apply(desired)) == ["renew meeting done"]
    written = [each["path"] for each in scene.emulator.requests()[start:] if each["method"] == "PATCH"]
    assert written == [f"/beta/subscriptions/{scene.one('meeting')['id']}"]


async def test_a_refused_lifetime_on_renewal(scene, aged):
    too_long = (
        "Operation: Update; Exception: [Status Code: BadRequest; Reason: Expiration time 'x' ('-3' from now) is "
        "beyond allowed max '0.06:00:00'.]"
    )
    scene.emulator.faults(
        {"answers": [{"method": "PATCH", "status": 400, "code": "ExtensionError", "message": too_long}]}
    )
    before = scene.one("team")["expirationDateTime"]
    assert lines(await scene.apply(aged)) == ["renew team done"]
    scene.emulator.faults({})
    assert await scene.ceilings() == {"team": dt.timedelta(hours=6)}
    # 12 hours are left: to ask for 6 would shorten its life
    assert scene.one("team")["expirationDateTime"] == before
    assert planned(await scene.look(aged)) == []
    scene.clock.advance(10 * HOUR)
    assert lines(await scene.apply(aged)) == ["renew team done"]
    assert expiry_of(scene.one("team")) > scene.clock.now() + dt.timedelta(hours=5.8)
    assert planned(await scene.look(aged)) == []


async def test_a_shorter_lifetime_in_the_manifest_does_not_loop(scene):
    await scene.apply(scene.want("mail", MAIL.format(1)))
    shorter = scene.want("mail", MAIL.format(1), lifetime=dt.timedelta(hours=2))
    scene.clock.advance(5 * DAY)
    await scene.apply(shorter)
    assert due(await scene.look(shorter)) == []
    assert scene.held() == ["mail"]


# What a PATCH changes besides


async def test_a_new_notification_url(scene):
    await scene.apply(scene.want("mail", MAIL.format(1)))
    before = scene.one("mail")
    moved = scene.want("mail", MAIL.format(1), notification_url=scene.receiver.url("/moved?tenant=1"))
    start = scene.requests()
    scene.clock.advance(60)
    assert lines(await scene.apply(moved)) == ["update mail done"]
    after = scene.one("mail")
    assert scene.writes(start) == ["PATCH 200"]
    assert after["notificationUrl"] == scene.receiver.url(f"/moved?tenant=1&reconciler={mark_in(before)}")
    assert (after["id"], after["clientState"]) == (before["id"], before["clientState"])
    assert planned(await scene.look(moved)) == []


async def test_an_overwritten_url(scene):
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    before = scene.one("mail")
    scene.change(before["id"], notificationUrl=scene.receiver.url("/else"))
    scene.lose_store()
    assert planned(await scene.look(desired)) == ["update mail MarkLost"]
    await scene.apply(desired)
    assert scene.one("mail")["notificationUrl"] == before["notificationUrl"]
    assert planned(await scene.look(desired)) == []


async def test_protect_and_leave_are_written_on_it(scene):
    desired = scene.want("mail", MAIL.format(1))
    await scene.apply(desired)
    guarded = dataclasses.replace(desired, protect=True, leave=True)
    assert lines(await scene.apply(guarded)) == ["update mail done"]
    mark = mark_in(scene.one("mail"))
    assert (mark.protected, mark.left) == (True, True)
    assert planned(await scene.look(guarded)) == []
    assert planned(await scene.look()) == []


async def test_the_certificate_is_taken(scene, certificates):
    scene.emulator.behave(certificate_patch="taken")
    await scene.apply(scene.want("mail", MAIL.format(1) + "?$select=subject", certificate=certificates[0]))
    turned = scene.want("mail", MAIL.format(1) + "?$select=subject", certificate=certificates[1])
    before = scene.one("mail")
    scene.clock.advance(60)
    report = await scene.apply(turned)
    assert lines(report) == ["update mail done"]
    after = scene.one("mail")
    assert after["encryptionCertificateId"] == certificates[1].thumbprint
    assert after["encryptionCertificate"] == certificates[1].base64
    assert after["id"] == before["id"]
    assert planned(await scene.look(turned)) == []


async def test_since_when_it_is_encrypted_for_its_certificate(scene, certificates):
    scene.emulator.behave(certificate_patch="taken")
    await scene.apply(scene.want("team", TEAM.format(1), certificate=certificates[0]))
    identifier = scene.one("team")["id"]
    made = (await scene.remembered())[identifier]
    assert (made.certificate_id, made.certified_at) == (certificates[0].thumbprint, made.created_at)
    assert made.noted_at == made.created_at

    turned = scene.want("team", TEAM.format(1), certificate=certificates[1])
    scene.clock.advance(HOUR)
    await scene.apply(turned)
    changed = (await scene.remembered())[identifier]
    assert (changed.certificate_id, changed.certified_at) == (certificates[1].thumbprint, changed.written_at)
    assert (changed.created_at, changed.noted_at) == (made.created_at, made.noted_at)

    scene.clock.advance(60 * HOUR)
    assert lines(await scene.apply(turned)) == ["renew team done"]
    renewed = (await scene.remembered())[identifier]
    assert renewed.written_at > changed.written_at
    assert renewed.certified_at == changed.certified_at


async def test_of_one_that_was_only_listed_it_is_not_known(scene, certificates):
    """Neither when it was made nor since when it is encrypted for its certificate; its renewal does not tell either."""
    desired = scene.want("team", TEAM.format(1), certificate=certificates[0])
    identifier = scene.put(desired, hours=1)
    await scene.apply(desired)
    memory = (await scene.remembered())[identifier]
    assert (memory.certificate_id, memory.certified_at, memory.created_at) == (certificates[0].thumbprint, None, None)
    assert memory.noted_at < memory.written_at
    assert memory.granted > dt.timedelta(hours=71)


@pytest.mark.parametrize("behaviour", ["ignored", "refused"])
async def test_the_certificate_is_not_taken_and_the_next_pass_replaces(scene, certificates, behaviour):
    scene.emulator.behave(certificate_patch=behaviour)
    await scene.apply(scene.want("team", TEAM.format(1), certificate=certificates[0]))
    turned = scene.want("team", TEAM.format(1), certificate=certificates[1])
    before = scene.one("team")
    granted = (await scene.remembered())[before["id"]].granted
    scene.clock.advance(20 * HOUR)
    report = await scene.apply(turned)
    assert lines(report) == ["update team failed"]
    assert "the next run replaces" in said(report, "team")
    assert scene.one("team")["id"] == before["id"]
    memory = (await scene.remembered())[before["id"]]
    assert memory.certificate_fixed
    assert memory.granted
    assert granted
    assert abs(memory.granted - granted) < dt.timedelta(minutes=1)

    assert planned(await scene.look(turned)) == ["replace team CertificateChanged"]
    assert lines(await scene.apply(turned)) == ["replace team done"]
    after = scene.one("team")
    assert after["encryptionCertificateId"] == certificates[1].thumbprint
    assert not (await scene.remembered())[after["id"]].certificate_fixed
    assert planned(await scene.look(turned)) == []


async def test_a_refused_lifetime_says_nothing_about_the_certificate(scene, certificates):
    scene.emulator.behave(certificate_patch="taken")
    await scene.apply(scene.want("team", TEAM.format(1), certificate=certificates[0]))
    turned = scene.want("team", TEAM.format(1), certificate=certificates[1])
    scene.clock.advance(HOUR)
    beyond = "Reason: Expiration time 'x' ('-3' from now) is beyond allowed max '3.00:00:00'."
    refusal = {"method": "PATCH", "status": 400, "code": "ExtensionError", "message": beyond, "count": 2}
    scene.emulator.faults({"answers": [refusal]})
    assert lines(await scene.apply(turned)) == ["update team failed"]
    scene.emulator.faults({})
    assert planned(await scene.look(turned)) == ["update team CertificateChanged"]


async def test_a_key_that_is_turned_in_the_ring_changes_nothing(scene):
    await scene.apply(scene.want("mail", MAIL.format(1)))
    assert planned(await scene.look(scene.want("mail", MAIL.format(1), key_ids=("k2", "k1")))) == []
    assert planned(await scene.look(scene.want("mail", MAIL.format(1), key_ids=("k2",)))) == ["replace mail KeyUnknown"]


async def test_the_store_knows_the_version_where_no_mark_tells(scene):
    desired = scene.want("meeting", MEETING.format(1))
    await scene.apply(desired)
    made = scene.one("meeting")
    memory = (await scene.remembered())[made["id"]]
    scene.remove(made["id"], desired.version)
    bare = {"lifecycleNotificationUrl": desired.lifecycle_url, "notificationUrl": desired.notification_url}
    unmarked = scene.put(desired, hours=71, body=bare)
    async with Store.open(scene.state) as store:
        journal = store.journal(**scene.scope)
        await journal.remember([dataclasses.replace(memory, id=unmarked)])
    assert lines(await scene.apply(desired)) == ["update meeting done"]
    assert scene.one("meeting")["id"] == unmarked
