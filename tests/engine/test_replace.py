"""Replacing: nothing is deleted before there is reason to believe in the new one (decision 15)."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from reconciler.core.safety import Limits
from tests.support.world import (
    HOUR,
    MAIL,
    MEETING,
    TEAM,
    USERS,
    Scene,
    expiry_of,
    lines,
    mark_in,
    planned,
    said,
    until,
)


def moved(desired, scene):
    """The same with another lifecycle URL, which Graph fixes at creation."""
    url = scene.receiver.url("/moved")
    return dataclasses.replace(desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url))


async def made(scene, resource, count=1):
    desired = [scene.want(f"it-{number}", resource.format(number)) for number in range(count)]
    await scene.apply(*desired)
    scene.clock.advance(HOUR)
    return desired


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(TEAM, ["PATCH 200", "DELETE 204", "POST 201"], id="a place for one: delete first"),
        pytest.param(MAIL, ["PATCH 200", "POST 201", "DELETE 204"], id="mail: create first"),
        pytest.param(USERS, ["PATCH 200", "POST 201", "DELETE 204"], id="users: create first"),
        pytest.param(MEETING, ["PATCH 200", "DELETE 204", "POST 201"], id="beta: delete first"),
    ],
)
@pytest.mark.behaviour(twins="accept")
async def test_the_order(scene, resource, expected):
    (old,) = await made(scene, resource)
    before = scene.one("it-0")
    start = scene.requests()
    wanted = moved(old, scene)
    report = await scene.apply(wanted)

    assert lines(report) == ["replace it-0 done"]
    assert scene.writes(start) == expected
    after = scene.one("it-0")
    assert after["id"] != before["id"]
    assert mark_in(after).birth != mark_in(before).birth
    assert after["lifecycleNotificationUrl"].startswith(scene.receiver.url("/moved?reconciler="))
    memory = await scene.remembered()
    assert memory[before["id"]].deleted_at is not None
    assert memory[after["id"]].deleted_at is None
    assert await scene.intents() == {}
    assert planned(await scene.look(wanted)) == []


async def test_conflict_with_the_old_one_deletes_first_after_all(scene):
    scene.emulator.behave(twins="conflict")
    (old,) = await made(scene, MAIL)
    start = scene.requests()
    wanted = moved(old, scene)
    assert lines(await scene.apply(wanted)) == ["replace it-0 done"]
    assert scene.writes(start) == ["PATCH 200", "POST 409", "DELETE 204", "POST 201"]
    assert scene.held() == ["it-0"]
    assert planned(await scene.look(wanted)) == []


async def test_a_limit_deletes_first_after_all(scene):
    (old,) = await made(scene, MAIL)
    reason = "Maximum number of subscriptions has been reached"
    full = f"Operation: Create; Exception: [Status Code: Forbidden; Reason: {reason}]"
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "ExtensionError", "message": full}]})
    start = scene.requests()
    assert lines(await scene.apply(moved(old, scene))) == ["replace it-0 done"]
    assert scene.writes(start) == ["PATCH 200", "POST 403", "DELETE 204", "POST 201"]


async def test_conflict_with_a_foreign_one_deletes_nothing(scene):
    """It would be in the way of the new one as well, and the old one would be lost."""
    scene.emulator.behave(twins="conflict")
    created = {"change_types": frozenset({"created"})}
    old = scene.want("mail", MAIL.format(1), **created)
    await scene.apply(old)
    foreign = scene.put(scene.want("x", MAIL.format(1)), owner=None)
    scene.clock.advance(HOUR)
    before = scene.one("mail")["id"]
    report = await scene.apply(scene.want("mail", MAIL.format(1)))
    assert lines(report) == ["replace mail failed"]
    assert foreign in said(report, "mail")
    assert scene.one("mail")["id"] == before
    assert scene.held() == ["-", "mail"]


@pytest.mark.parametrize("resource", [TEAM, MAIL])
@pytest.mark.behaviour(validate_on_patch="always")
async def test_an_endpoint_that_refuses_deletes_nothing(scene, resource):
    (old,) = await made(scene, resource)
    before = scene.one("it-0")
    scene.receiver.mode = "refuse"
    start = scene.requests()
    report = await scene.apply(moved(old, scene))
    assert lines(report) == ["replace it-0 failed"]
    assert "this is our own endpoint" in said(report, "it-0")
    assert scene.writes(start) == ["PATCH 400"]
    assert scene.one("it-0") == before
    assert await scene.intents() == {}


@pytest.mark.parametrize("error", [(403, "accessDenied", "Forbidden"), (401, "ExtensionError", "no")])
async def test_a_permission_that_is_missing_deletes_nothing(scene, error):
    (old,) = await made(scene, TEAM)
    status, code, message = error
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": status, "code": code, "message": message}]})
    assert lines(await scene.apply(moved(old, scene))) == ["replace it-0 failed"]
    assert scene.held() == ["it-0"]


async def test_until_it_is_done_the_old_one_bears_its_old_digest(scene):
    """And a longer life: a replacement that fails again and again must not let it lapse."""
    (old,) = await made(scene, TEAM)
    scene.clock.advance(60 * HOUR)
    scene.emulator.faults({"answers": [{"method": "DELETE", "status": 403, "code": "accessDenied"}]})
    wanted = moved(old, scene)
    assert lines(await scene.apply(wanted)) == ["replace it-0 failed"]
    assert mark_in(scene.one("it-0")).digest == old.asked.digest
    assert expiry_of(scene.one("it-0")) > scene.clock.now() + dt.timedelta(hours=71)
    assert planned(await scene.look(wanted)) == ["replace it-0 ImmutableFieldChanged"]


async def test_a_patch_that_extends_nothing_does_not_stop_it(scene):
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"extend": False})
    assert lines(await scene.apply(moved(old, scene))) == ["replace it-0 done"]


async def test_gone_before_it_could_be_replaced(scene):
    (old,) = await made(scene, TEAM)
    before = scene.one("it-0")["id"]
    scene.emulator.faults({"answers": [{"method": "PATCH", "status": 404, "code": "ResourceNotFound"}]})
    wanted = moved(old, scene)
    scene.receiver.modes = {"/moved": "refuse"}
    report = await scene.apply(wanted)
    assert lines(report) == ["replace it-0 failed"]
    scene.receiver.modes = {}
    scene.remove(before)
    assert lines(await scene.apply(wanted)) == ["create it-0 done"]
    assert planned(await scene.look(wanted)) == []


@pytest.mark.parametrize("status", [403, 500])
async def test_interrupted_between_delete_and_post(scene, status):
    """The next pass finishes it with the same birth, against the manifests of that moment."""
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"answers": [{"method": "POST", "status": status, "count": 3}]})
    wanted = moved(old, scene)
    assert lines(await scene.apply(wanted)) == ["replace it-0 failed"]
    assert scene.held() == []
    intent = (await scene.intents())["it-0"]
    assert intent.replaces in await scene.remembered()

    scene.emulator.faults({})
    newer = dataclasses.replace(wanted, notification_url=scene.receiver.url("/newer"))
    assert lines(await scene.apply(newer)) == ["create it-0 done"]
    assert mark_in(scene.one("it-0")).birth == intent.birth
    assert "/newer?" in scene.one("it-0")["notificationUrl"]
    assert planned(await scene.look(newer)) == []


async def test_interrupted_and_finished_with_a_list_that_is_not_whole(scene):
    """We deleted it ourselves and GET says that it is gone, so there is nothing to wait for."""
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403}]})
    wanted = moved(old, scene)
    await scene.apply(wanted)
    scene.emulator.faults({"answers": [{"method": "LIST", "status": 500, "version": "beta", "count": 5}]})
    assert lines(await scene.apply(wanted)) == ["create it-0 done"]
    assert scene.held() == ["it-0"]


async def test_killed_between_delete_and_post(scene):
    (old,) = await made(scene, TEAM)
    wanted = moved(old, scene)
    async with scene.entered() as parties:
        task = asyncio.create_task(scene.run(parties, [wanted]))
        await until(lambda: not scene.held())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    intent = (await scene.intents())["it-0"]
    await scene.apply(wanted)
    assert mark_in(scene.one("it-0")).birth == intent.birth
    assert await scene.intents() == {}


async def test_no_longer_wanted_after_the_interruption(scene):
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403}]})
    await scene.apply(moved(old, scene))
    scene.emulator.faults({})
    assert lines(await scene.apply()) == []
    assert scene.held() == []
    assert await scene.intents() == {}


async def test_a_lost_post_is_found_by_its_birth(scene):
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"lost": [{"method": "POST"}]})
    start = scene.requests()
    assert lines(await scene.apply(moved(old, scene))) == ["replace it-0 done"]
    assert sum(each.startswith("POST") for each in scene.writes(start)) == 1


async def test_a_lost_delete_is_done(scene):
    (old,) = await made(scene, TEAM)
    scene.emulator.faults({"lost": [{"method": "DELETE"}]})
    assert lines(await scene.apply(moved(old, scene))) == ["replace it-0 done"]
    assert scene.held() == ["it-0"]


# Waves


@pytest.mark.parametrize(("count", "share", "size"), [(4, 0.10, 1), (6, 0.50, 3), (3, 1.0, 3)])
async def test_after_a_failed_wave_the_rest_waits(scene, count, share, size):
    old = await made(scene, TEAM, count)
    wanted = [moved(each, scene) for each in old]
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "accessDenied"}]})
    report = await scene.apply(*wanted, limits=Limits(replacements=share))
    results = [line.split()[2] for line in lines(report)]
    assert sorted(results[:size]) == ["done"] * (size - 1) + ["failed"]
    assert results[size:] == ["withheld"] * (count - size)
    if count > size:
        assert said(report, f"it-{count - 1}").startswith("Paced: an earlier replacement failed")
    assert len(scene.held()) == count - 1

    scene.emulator.faults({})
    await scene.apply(*wanted, limits=Limits(replacements=share))
    assert planned(await scene.look(*wanted)) == []


async def test_one_run_carries_out_all_waves_one_after_the_other(scene):
    old = await made(scene, TEAM, 4)
    start = scene.requests()
    report = await scene.apply(*(moved(each, scene) for each in old))
    assert set(lines(report)) == {f"replace it-{number} done" for number in range(4)}
    assert scene.writes(start) == ["PATCH 200", "DELETE 204", "POST 201"] * 4


@pytest.mark.behaviour(validate_on_patch="always")
async def test_a_failed_renewal_stops_no_wave(scene):
    (old,) = await made(scene, TEAM)
    other = scene.want("other", TEAM.format(7), notification_url=scene.receiver.url("/other"))
    await scene.apply(old, other)
    scene.clock.advance(60 * HOUR)
    scene.receiver.modes = {"/other": "refuse"}
    assert lines(await scene.apply(moved(old, scene), other)) == ["replace it-0 done", "renew other failed"]


# Keys and places


async def test_a_key_that_left_the_ring(scene):
    await made(scene, TEAM)
    wanted = scene.want("it-0", TEAM.format(0), key_ids=("k2",))
    assert lines(await scene.apply(wanted)) == ["replace it-0 done"]
    assert mark_in(scene.one("it-0")).key == "k2"
    assert planned(await scene.look(wanted)) == []


async def test_a_rename_frees_the_place_first(scene):
    await scene.apply(scene.want("old-name", TEAM.format(1)))
    renamed = scene.want("new-name", TEAM.format(1))
    report = await scene.apply(renamed)
    assert lines(report) == ["create new-name done", "delete old-name done"]
    assert scene.held() == ["new-name"]


async def test_another_resource(scene: Scene):
    await scene.apply(scene.want("it", TEAM.format(1)))
    wanted = scene.want("it", MAIL.format(1))
    start = scene.requests()
    assert lines(await scene.apply(wanted)) == ["replace it done"]
    assert scene.writes(start) == ["PATCH 200", "POST 201", "DELETE 204"]
    assert scene.one("it")["resource"] == MAIL.format(1)
    assert planned(await scene.look(wanted)) == []
