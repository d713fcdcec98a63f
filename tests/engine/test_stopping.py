"""A pass that is cut short, and one that replaces a wave only: what has not begun is left to the next one."""

import dataclasses

import pytest

from reconciler.core.safety import Limits
from tests.support.world import HOUR, MAIL, TEAM, lines, planned, said

THREE = Limits(replacements=0.5)


def moved(desired, scene):
    """The same with another lifecycle URL, which Graph fixes at creation."""
    url = scene.receiver.url("/moved")
    return dataclasses.replace(desired, lifecycle_url=url, asked=dataclasses.replace(desired.asked, lifecycle_url=url))


def after(count):
    """A process that is told to end once so many changes have begun."""
    asked = iter(range(1000))
    return lambda: next(asked) >= count


async def made(scene, count, resource=TEAM):
    desired = [scene.want(f"it-{number}", resource.format(number)) for number in range(count)]
    await scene.apply(*desired)
    scene.clock.advance(HOUR)
    return desired


# The process is about to end


async def test_nothing_begins_any_more(scene):
    """Of every kind one, each of them due."""
    kept = await made(scene, 4)
    scene.clock.advance(60 * HOUR)
    moved_url = dataclasses.replace(kept[1], notification_url=scene.receiver.url("/moved"))
    wanted = [kept[0], moved_url, moved(kept[2], scene), scene.want("new", MAIL.format(1))]
    held, start = scene.emulator.subscriptions(), scene.requests()
    report = await scene.once(*wanted, stopping=lambda: True)
    assert {each.action.value for each in report.plan.due} == {"create", "update", "renew", "replace", "delete"}
    assert scene.writes(start) == []
    assert scene.emulator.subscriptions() == held
    assert [outcome for outcome in report.outcomes if outcome.result != "withheld"] == []
    assert await scene.intents() == {}

    await scene.once(*wanted)
    assert planned(await scene.look(*wanted)) == []


async def test_what_has_begun_is_done(scene):
    wanted = [scene.want(f"it-{number}", MAIL.format(number)) for number in range(5)]
    report = await scene.once(*wanted, stopping=after(2))
    assert [line.rsplit(" ", 1)[1] for line in lines(report)] == ["done", "done"]
    assert len(scene.held()) == 2
    assert await scene.intents() == {}


async def test_a_replacement_that_has_begun_is_carried_to_its_end(scene):
    old = await made(scene, 2)
    report = await scene.once(*(moved(each, scene) for each in old), stopping=after(1))
    assert lines(report) == ["replace it-0 done"]
    assert scene.held() == ["it-0", "it-1"]
    assert [gap.until is None for gap in await scene.gaps()] == [False]


async def test_who_waits_for_one_that_has_not_begun_is_not_renewed_either(scene):
    """Its place is not free: that is all that is said, and nothing is sent any more."""
    await scene.apply(scene.want("a", TEAM.format(1)), scene.want("b", TEAM.format(2)))
    scene.clock.advance(60 * HOUR)
    start = scene.requests()
    report = await scene.once(scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(3)), stopping=lambda: True)
    assert scene.writes(start) == []
    assert not any(line.endswith(("done", "failed")) for line in lines(report))


# One wave a pass


@pytest.mark.parametrize(
    ("limits", "sizes"), [(Limits(), [1, 1, 1, 1]), (THREE, [2, 2]), (Limits(replacements=1), [4])]
)
async def test_one_wave_a_pass(scene, limits, sizes):
    old = await made(scene, 4)
    wanted = [moved(each, scene) for each in old]
    left = len(wanted)
    for size in sizes:
        start = scene.requests()
        report = await scene.once(*wanted, limits=limits, one_wave=True)
        results = [line.rsplit(" ", 1)[1] for line in lines(report)]
        assert (results.count("done"), results.count("withheld")) == (size, left - size)
        assert sum(line == "POST 201" for line in scene.writes(start)) == size
        left -= size
    assert planned(await scene.look(*wanted)) == []


async def test_what_is_left_to_the_next_pass_says_so_and_is_kept_alive(scene):
    old = await made(scene, 2)
    scene.clock.advance(60 * HOUR)
    report = await scene.once(*(moved(each, scene) for each in old), one_wave=True)
    assert said(report, "it-1").startswith("Paced: replacements come in waves, and the next pass goes on with it")
    assert "it was renewed all the same" in said(report, "it-1")


async def test_after_one_that_fails_the_next_pass_tries_again(scene):
    old = await made(scene, 3)
    wanted = [moved(each, scene) for each in old]
    scene.emulator.faults({"answers": [{"method": "POST", "status": 403, "code": "accessDenied"}]})
    report = await scene.once(*wanted, one_wave=True)
    assert lines(report) == ["replace it-0 failed", "replace it-1 withheld", "replace it-2 withheld"]
    report = await scene.once(*wanted, one_wave=True)
    assert lines(report) == ["create it-0 done", "replace it-1 done", "replace it-2 withheld"]


async def test_a_circle_is_a_wave(scene):
    await scene.apply(*(scene.want(name, TEAM.format(number)) for number, name in enumerate("abc")))
    scene.clock.advance(HOUR)
    wanted = [
        scene.want("a", TEAM.format(1)),
        scene.want("b", TEAM.format(0)),
        moved(scene.want("c", TEAM.format(2)), scene),
    ]
    report = await scene.once(*wanted, one_wave=True)
    assert lines(report) == ["replace a done", "replace b done", "replace c withheld"]


async def test_a_new_one_whose_place_is_left_by_a_later_wave_is_blocked(scene):
    await scene.apply(scene.want("a", TEAM.format(0)), scene.want("z", TEAM.format(1)))
    scene.clock.advance(HOUR)
    wanted = [
        moved(scene.want("a", TEAM.format(0)), scene),
        scene.want("new", TEAM.format(1)),
        scene.want("z", TEAM.format(2)),
    ]
    report = await scene.once(*wanted, one_wave=True)
    assert lines(report) == ["replace a done", "create new withheld", "replace z withheld"]
    assert "its place is still that of 'z'" in said(report, "new")
    assert lines(await scene.once(*wanted, one_wave=True)) == ["create new done", "replace z done"]


async def test_everything_else_goes_on_beside_a_wave(scene):
    old = await made(scene, 3)
    wanted = [*(moved(each, scene) for each in old), scene.want("new", MAIL.format(1))]
    assert "create new done" in lines(await scene.once(*wanted, one_wave=True))
