"""Passes over several tenants, with a store that fails, and dry ones (decisions 1, 2)."""

import dataclasses

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import GraphError, StoreError
from reconciler.core.options import Options
from reconciler.engine.ports import Body, Listing
from reconciler.engine.run import View, dry_run
from reconciler.store import NothingRemembered
from tests.support.world import HOUR, MAIL, OWNER, TEAM, lines, planned, said


def other_tenant(scene, name, **changes):
    tenant = f"0f2e8f59-862a-483b-9ca8-82a10665e1{len(scene.tenants):02d}"
    app = scene.emulator.register(tenantId=tenant)
    scene.tenants = {**scene.tenants, name: {**app, **changes}}
    return tenant


async def test_tenants_side_by_side(scene):
    tenant = other_tenant(scene, "fabrikam")
    wanted = [scene.want("mail", MAIL.format(1)), scene.want("mail", MAIL.format(1), tenant="fabrikam")]
    report = await scene.apply(*wanted)
    assert [(each.tenant, each.name, each.result) for each in report.outcomes or ()] == [
        ("contoso", "mail", "done"),
        ("fabrikam", "mail", "done"),
    ]
    held = {each["tenantId"]: each for each in scene.emulator.subscriptions()}
    assert set(held) == {scene.emulator.info["tenantId"], tenant}
    assert len({each["clientState"] for each in held.values()}) == 2
    assert set(await scene.remembered()) == {held[scene.emulator.info["tenantId"]]["id"]}
    assert planned(await scene.look(*wanted)) == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"clientSecret": "wrong"}, id="a wrong secret"),
        pytest.param({"graph": "https://localhost:1"}, id="no Graph there"),
        pytest.param({"authority": "https://localhost:1"}, id="no token endpoint there"),
    ],
)
async def test_one_that_cannot_be_reached_is_unread_alone(scene, broken):
    other_tenant(scene, "fabrikam", **broken)
    wanted = [scene.want("mail", MAIL.format(1)), scene.want("mail", MAIL.format(1), tenant="fabrikam")]
    for report in (await scene.look(*wanted), await scene.apply(*wanted)):
        assert set(report.unread) == {"fabrikam"}
        assert isinstance(report.unread["fabrikam"], GraphError)
        assert set(report.worlds) == {"contoso"}
        assert [(each.tenant, each.action) for each in report.plan.changes] == [("contoso", "create")]
    assert lines(report) == ["create mail done"]


async def test_one_failing_change_stops_no_other(scene):
    await scene.apply(scene.want("renewed", TEAM.format(1)), scene.want("gone", MAIL.format(2)))
    scene.clock.advance(60 * HOUR)
    scene.receiver.modes = {"/bad": "refuse"}
    bad = scene.receiver.url("/bad")
    report = await scene.apply(
        scene.want("a-bad", MAIL.format(3), notification_url=bad),
        scene.want("b-good", MAIL.format(4)),
        scene.want("renewed", TEAM.format(1)),
    )
    assert lines(report) == ["create a-bad failed", "create b-good done", "delete gone done", "renew renewed done"]
    assert scene.held() == ["b-good", "renewed"]
    assert {each.name for each in scene.watcher.outcomes} == {"a-bad", "b-good", "gone", "renewed"}
    assert len(scene.watcher.plans) == 1


async def test_a_failure_keeps_graphs_request_id(scene):
    scene.emulator.faults({"answers": [{"method": "POST", "status": 400, "code": "x", "message": "Odd."}]})
    await scene.apply(scene.want("mail", MAIL.format(1)))
    (outcome,) = scene.watcher.outcomes
    assert outcome.request_id
    assert "Graph answered 400 x: Odd" in outcome.message


# A store that fails


async def test_without_a_journalled_intent_nothing_is_posted(scene):
    old = scene.want("old", TEAM.format(1))
    await scene.apply(old)
    scene.clock.advance(HOUR)
    scene.forbid("intents", "INSERT")
    start = scene.requests()
    url = scene.receiver.url("/moved")
    moved = dataclasses.replace(old, lifecycle_url=url, asked=dataclasses.replace(old.asked, lifecycle_url=url))
    report = await scene.apply(moved, scene.want("mail", MAIL.format(1)))
    assert lines(report) == ["create mail failed", "replace old failed"]
    assert "the store" in said(report, "mail")
    assert scene.writes(start) == ["PATCH 200"]
    assert scene.held() == ["old"]


async def test_what_was_made_and_could_not_be_written_down_is_found_again(scene):
    await scene.apply()
    scene.forbid("subscriptions", "INSERT")
    desired = scene.want("mail", MAIL.format(1))
    report = await scene.apply(desired)
    assert lines(report) == ["create mail failed"]
    assert scene.held() == ["mail"]
    assert set(await scene.intents()) == {"mail"}

    scene.permit("subscriptions", "INSERT")
    assert planned(await scene.apply(desired)) == []
    assert scene.held() == ["mail"]
    assert await scene.intents() == {}
    assert scene.one("mail")["id"] in await scene.remembered()


async def test_a_renewal_needs_no_store_to_be_made(scene):
    """It is made, and that it could not be written down is said."""
    desired = scene.want("team", TEAM.format(1))
    await scene.apply(desired)
    scene.clock.advance(60 * HOUR)
    before = scene.one("team")["expirationDateTime"]
    scene.forbid("subscriptions", "UPDATE")
    report = await scene.apply(desired)
    assert lines(report) == ["renew team failed"]
    assert "the store" in said(report, "team")
    assert scene.one("team")["expirationDateTime"] > before


async def test_a_store_that_cannot_even_note_what_is_there(scene):
    await scene.apply()
    scene.put(scene.want("mail", MAIL.format(1)))
    scene.forbid("subscriptions", "INSERT")
    start = scene.requests()
    report = await scene.apply(scene.want("mail", MAIL.format(1)), scene.want("new", MAIL.format(2)))
    assert isinstance(report.unread["contoso"], StoreError)
    assert report.outcomes == ()
    assert scene.writes(start) == []


# Dry runs


async def test_a_dry_run_only_gets(scene):
    wanted = [scene.want("kept", MAIL.format(1)), scene.want("mail", MAIL.format(2))]
    await scene.apply(wanted[0], scene.want("unwanted", MAIL.format(3)))
    scene.clock.advance(6 * 24 * HOUR)
    held, store = scene.emulator.subscriptions(), stored(scene)
    start = scene.requests()
    report = await scene.look(*wanted)
    assert planned(report) == ["renew kept RenewalDue", "create mail Missing", "delete unwanted NotInManifests"]
    assert report.outcomes is None
    assert set(scene.since(start)) == {"GET 200"}
    assert scene.emulator.subscriptions() == held
    assert stored(scene) == store


async def test_a_dry_run_without_a_store_makes_none(scene):
    assert planned(await scene.look(scene.want("mail", MAIL.format(1)))) == ["create mail Missing"]
    assert not scene.state.exists()


def stored(scene):
    return {file.name: file.read_bytes() for file in scene.state.iterdir()}


async def test_a_plan_made_twice_is_the_same_plan(scene):
    wanted = [scene.want(f"mail-{number}", MAIL.format(number)) for number in range(4)]
    scene.put(wanted[0], hours=1)
    scene.put(wanted[1], owner=None)
    one, two = await scene.look(*wanted), await scene.look(*reversed(wanted))
    assert planned(one) == planned(two)
    assert one.plan.digest == two.plan.digest


class BrokenReader:
    """A mistake of ours, in one tenant."""

    async def list(self) -> Listing:
        raise ValueError("a bug")

    async def get(self, subscription_id: str, version: Version) -> Body:
        raise NotImplementedError  # it never comes to that


async def test_a_mistake_of_ours_in_one_tenant_leaves_the_others(scene, caplog):
    desired = scene.want("mail", MAIL.format(1))
    async with scene.graph() as graph:
        good = View("contoso", scene.client(graph, scene.emulator.info), NothingRemembered())
        bad = View("fabrikam", BrokenReader(), NothingRemembered())
        report = await dry_run([bad, good], [desired], now=scene.clock.now(), options=Options(owner=OWNER))
    assert planned(report) == ["create mail Missing"]
    assert "internal error, please report it: ValueError('a bug')" in str(report.unread["fabrikam"])
    assert "Traceback" in caplog.text
