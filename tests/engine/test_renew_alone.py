"""A renewal by itself, and the answer to a challenge: never both of the two requests (decision 16, facts 6)."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.change import Change
from reconciler.core.errors import Denied, Gone
from reconciler.core.reasons import Action, Reason
from reconciler.engine.amend import renew_alone
from reconciler.engine.hands import Hands
from reconciler.engine.read import read_world
from tests.support.world import HOUR, MAIL, OWNER, TEAM, Ring, expiry_of, mark_in

CHALLENGED, DUE = Reason.REAUTHORIZATION_REQUIRED, Reason.RENEWAL_DUE


@pytest.fixture
async def team(scene):
    """A team's subscription, 60 of its 72 hours old."""
    desired = scene.want("team", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(60 * HOUR)
    return desired


async def alone(scene, desired, reason):
    """As a long-running process renews: from what it knows, without a pass."""
    async with scene.entered() as parties:
        (party,) = parties
        now = scene.clock.now()
        read = await read_world(party.name, owner=OWNER, reader=party.reader, memory=party.journal, now=now)
        (live,) = read.world.live
        hands = Hands(
            party=party,
            owner=OWNER,
            clock=scene.clock,
            client_states=Ring(scene.ring),
            remembered=read.remembered,
            intents={},
            learned={},
        )
        mark = mark_in(scene.one(desired.name))
        change = Change(desired.name, "contoso", Action.RENEW, reason, "", desired, live, mark)
        return await renew_alone(hands, change)


@pytest.mark.parametrize("reason", [DUE, CHALLENGED])
async def test_it_is_extended_and_that_is_all(scene, team, reason):
    """A PATCH answers a challenge as well."""
    start = scene.requests()
    said, identifier = await alone(scene, team, reason)
    made = scene.one("team")
    assert scene.writes(start) == ["PATCH 200"]
    assert (said, identifier) == (f"lives until {expiry_of(made):%Y-%m-%d %H:%M} UTC", made["id"])
    memory = (await scene.remembered())[made["id"]]
    assert (memory.expires_at, memory.granted > dt.timedelta(hours=71)) == (expiry_of(made), True)
    assert made["reauthorizedDateTime"] is None


async def longer_than_we_would_ask_for(scene):
    """The manifest asks for less by now."""
    await scene.apply(scene.want("mail", MAIL.format(1)))
    scene.clock.advance(HOUR)
    return scene.want("mail", MAIL.format(1), lifetime=dt.timedelta(hours=2))


async def test_a_challenge_is_answered_where_nothing_is_to_be_extended(scene):
    desired = await longer_than_we_would_ask_for(scene)
    before, known = scene.one("mail"), await scene.remembered()
    start = scene.requests()
    assert await alone(scene, desired, CHALLENGED) == ("reauthorized", before["id"])
    assert scene.writes(start) == ["POST 204"]
    paths = [each["path"] for each in scene.emulator.requests()[start:] if each["method"] == "POST"]
    assert paths[-1] == f"/v1.0/subscriptions/{before['id']}/reauthorize"
    after = scene.one("mail")
    assert after["reauthorizedDateTime"] is not None
    assert after["expirationDateTime"] == before["expirationDateTime"]
    assert await scene.remembered() == known


async def test_without_a_challenge_nothing_is_sent_then(scene):
    desired = await longer_than_we_would_ask_for(scene)
    known, start = await scene.remembered(), scene.requests()
    await alone(scene, desired, DUE)
    assert scene.writes(start) == []
    assert await scene.remembered() == known


async def test_with_a_fresh_mark_its_patch_answers_the_challenge(scene):
    """Nothing to extend, and a digest that is older than our canonical form."""
    desired = await longer_than_we_would_ask_for(scene)
    made = scene.one("mail")
    old = dataclasses.replace(mark_in(made), digest="f" * 10)
    scene.change(made["id"], notificationUrl=scene.receiver.url(f"/notifications?reconciler={old}"))
    scene.clock.advance(HOUR)
    start = scene.requests()
    await alone(scene, desired, CHALLENGED)
    assert scene.writes(start) == ["PATCH 200"]
    assert mark_in(scene.one("mail")).digest == desired.asked.digest


@pytest.mark.parametrize("reason", [DUE, CHALLENGED])
async def test_what_is_gone_is_left_to_a_pass(scene, team, reason):
    """Whoever renews alone creates nothing, and forgets nothing."""
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": 404, "code": "ResourceNotFound"}]})
    known, start = await scene.remembered(), scene.requests()
    with pytest.raises(Gone):
        await alone(scene, team, reason)
    assert scene.writes(start) == ["PATCH 404"]
    assert await scene.remembered() == known
    assert await scene.gaps() == []


async def test_a_challenge_that_is_refused_says_so(scene):
    desired = await longer_than_we_would_ask_for(scene)
    scene.emulator.faults({"answers": [{"method": "REAUTHORIZE", "status": 403, "code": "accessDenied"}]})
    with pytest.raises(Denied):
        await alone(scene, desired, CHALLENGED)
