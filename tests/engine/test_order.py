"""Places that only one can have: nobody is sent there before its holder has left."""

import dataclasses
import itertools

import pytest

from reconciler.core.errors import SecretError
from reconciler.core.safety import Limits
from tests.support.world import HOUR, MAIL, RING, TEAM, certificate, lines, mark_in, planned, said

ALL_AT_ONCE = Limits(replacements=1.0)


def homes(scene, names):
    return {name: scene.one(name)["resource"] for name in names}


async def settled(scene, **numbers):
    await scene.apply(*(scene.want(name, TEAM.format(number)) for name, number in numbers.items()))
    scene.clock.advance(HOUR)


@pytest.mark.parametrize("limits", [Limits(), ALL_AT_ONCE], ids=["one at a time", "all at once"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 2, "b": 1}, id="two swap"),
        pytest.param({"a": 1, "b": 2}, {"a": 2, "b": 3}, id="one follows another"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 3, "c": 1}, id="three in a circle"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 1, "c": 4}, id="a circle and one beside it"),
        pytest.param({"a": 1, "b": 2, "d": 4}, {"a": 2, "b": 1, "c": 4, "d": 5}, id="a new one follows"),
        pytest.param({"a": 1, "b": 2}, {"c": 1, "b": 2}, id="renamed: room is made before it is wanted"),
        pytest.param({"a": 1, "b": 2}, {"b": 1, "c": 2}, id="deleted, moved, created"),
    ],
)
async def test_places_change_hands_in_one_pass(scene, before, after, limits):
    await settled(scene, **before)
    start = scene.requests()
    wanted = [scene.want(name, TEAM.format(number)) for name, number in after.items()]
    report = await scene.apply(*wanted, limits=limits)

    assert {outcome.result.value for outcome in report.outcomes} == {"done"}, lines(report)
    assert homes(scene, after) == {name: TEAM.format(number) for name, number in after.items()}
    assert [line for line in scene.writes(start) if not line.endswith(("200", "201", "204"))] == []
    assert planned(await scene.look(*wanted)) == []
    assert await scene.intents() == {}


@pytest.mark.parametrize("order", list(itertools.permutations("abc")), ids="".join)
async def test_whatever_their_names(scene, order):
    """What is carried out first is found from the places, not from the alphabet."""
    first, second, third = order
    await settled(scene, **{first: 1, second: 2, third: 3})
    wanted = [scene.want(name, TEAM.format(number)) for name, number in {first: 2, second: 3, third: 4}.items()]
    report = await scene.apply(*wanted)
    assert {outcome.result.value for outcome in report.outcomes} == {"done"}


async def test_who_waits_for_one_that_fails_keeps_its_own_place(scene):
    await settled(scene, a=1, b=2)
    fault = {"method": "PATCH", "status": 403, "code": "accessDenied", "message": "Forbidden"}
    scene.emulator.faults({"answers": [fault]})
    report = await scene.apply(scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(3)), limits=ALL_AT_ONCE)
    assert lines(report) == ["replace a withheld", "replace b failed"]
    assert homes(scene, "ab") == {"a": TEAM.format(1), "b": TEAM.format(2)}


async def test_a_new_one_that_waits_for_one_that_fails_is_blocked(scene):
    await settled(scene, a=1)
    fault = {"method": "PATCH", "status": 403, "code": "accessDenied", "message": "Forbidden"}
    scene.emulator.faults({"answers": [fault]})
    report = await scene.apply(scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(1)))
    assert lines(report) == ["replace a failed", "create b withheld"]
    assert "Blocked: its place is still that of 'a'" in said(report, "b")
    assert scene.held() == ["a"]


class TestWithoutTheSecret:
    """``clientState`` cannot be made: then nothing is deleted for a subscription that cannot be created."""

    async def test_nothing_is_replaced(self, scene):
        await settled(scene, a=1)
        scene.ring = {"k1": SecretError("the environment variable KEY is not set")}
        start = scene.requests()
        report = await scene.apply(scene.want("a", TEAM.format(2)))
        assert lines(report) == ["replace a failed"]
        assert "KEY is not set" in said(report, "a")
        assert scene.writes(start) == []

    async def test_no_room_is_made_for_a_new_name(self, scene):
        await settled(scene, a=1)
        scene.ring = {"k1": SecretError("the environment variable KEY is not set")}
        start = scene.requests()
        report = await scene.apply(scene.want("b", TEAM.format(1)))
        assert lines(report) == ["delete a failed", "create b failed"]
        assert "it stays until 'b' can take its place" in said(report, "a")
        assert scene.writes(start) == []

    async def test_the_others_go_on(self, scene):
        await settled(scene, a=1)
        scene.ring = RING | {"k2": SecretError("the file key is empty")}
        report = await scene.apply(
            scene.want("a", TEAM.format(1)),
            scene.want("mail", MAIL.format(1), key_ids=("k2",)),
            scene.want("other", MAIL.format(2)),
        )
        assert lines(report) == ["create mail failed", "create other done"]


class TestWhatFailsIsRenewedAllTheSame:
    """A change that keeps failing must not let its subscription lapse (decision 4)."""

    @pytest.mark.parametrize("changes", [{"tls": "v1_3"}, {}], ids=["replace", "update"])
    @pytest.mark.behaviour(validate_on_patch="always")
    async def test_when_it_is_due(self, scene, changes):
        await settled(scene, a=1)
        scene.clock.advance(60 * HOUR)
        before = scene.one("a")["expirationDateTime"]
        scene.receiver.modes = {"/elsewhere": "refuse"}
        wanted = scene.want("a", TEAM.format(1), notification_url=scene.receiver.url("/elsewhere"), **changes)
        report = await scene.apply(wanted)
        assert [outcome.result.value for outcome in report.outcomes] == ["failed"]
        assert "it was renewed all the same and lives until" in said(report, "a")
        assert scene.one("a")["expirationDateTime"] > before
        assert mark_in(scene.one("a")).name == "a"

    @pytest.mark.behaviour(validate_on_patch="always")
    async def test_not_when_it_is_not_due(self, scene):
        await settled(scene, a=1)
        start = scene.requests()
        scene.receiver.modes = {"/elsewhere": "refuse"}
        await scene.apply(scene.want("a", TEAM.format(1), notification_url=scene.receiver.url("/elsewhere")))
        assert scene.writes(start) == ["PATCH 400"]

    @pytest.mark.behaviour(validate_on_patch="always")
    async def test_what_is_said_if_that_fails_as_well(self, scene):
        await settled(scene, a=1)
        scene.clock.advance(60 * HOUR)
        scene.receiver.mode = "refuse"
        report = await scene.apply(scene.want("a", TEAM.format(1), notification_url=scene.receiver.url("/elsewhere")))
        assert "its renewal failed as well" in said(report, "a")


async def test_a_mistake_of_ours_stops_nothing_else(scene, caplog):
    scene.ring = RING | {"k2": ValueError("a bug")}
    report = await scene.apply(scene.want("bad", MAIL.format(1), key_ids=("k2",)), scene.want("good", MAIL.format(2)))
    assert lines(report) == ["create bad failed", "create good done"]
    assert "internal error, please report it: ValueError('a bug')" in said(report, "bad")
    assert "Traceback" in caplog.text


async def test_an_intent_outlives_a_run_that_did_not_read_its_manifest(scene):
    """A run over one file knows nothing of the others."""
    fault = {"method": "POST", "status": 500, "count": 3}
    scene.emulator.faults({"answers": [fault]})
    await scene.apply(scene.want("mail", MAIL.format(1)))
    birth = (await scene.intents())["mail"].birth
    await scene.apply(scene.want("other", MAIL.format(2)), prune=False)
    assert (await scene.intents())["mail"].birth == birth
    await scene.apply(scene.want("other", MAIL.format(2)))
    assert await scene.intents() == {}


async def test_what_a_replacement_deleted_is_known_until_it_is_done(scene):
    """Two POSTs fail, then the list is not whole: GET still says that the old one is gone, so it can be finished."""
    await settled(scene, a=1)
    wanted = scene.want("a", TEAM.format(2))
    forbidden = {"method": "POST", "status": 403, "code": "accessDenied", "message": "Forbidden"}
    for _ in range(2):
        scene.emulator.faults({"answers": [forbidden]})
        await scene.apply(wanted)
    assert scene.held() == []
    scene.emulator.faults({"list": "breaks-off", "versions": ["beta"]})
    assert lines(await scene.apply(wanted)) == ["create a done"]


REFUSE = {"/elsewhere": "refuse"}


def elsewhere(scene):
    return scene.receiver.url("/elsewhere")


class TestWhatIsWithheldInAnApply:
    """It is known only then that another change failed: what waits for that one must not lapse meanwhile."""

    async def test_paced_is_renewed(self, scene):
        await settled(scene, a=1, b=2)
        scene.receiver.modes = REFUSE
        wanted = [scene.want("a", TEAM.format(3), notification_url=elsewhere(scene)), scene.want("b", TEAM.format(4))]
        scene.clock.advance(60 * HOUR)
        before = scene.one("b")["expirationDateTime"]
        report = await scene.apply(*wanted)
        assert lines(report) == ["replace a failed", "replace b withheld"]
        assert "Paced: an earlier replacement failed" in said(report, "b")
        assert "it was renewed all the same" in said(report, "b")
        assert scene.one("b")["expirationDateTime"] > before

    async def test_blocked_is_renewed(self, scene):
        await settled(scene, a=1, b=2)
        scene.receiver.modes = REFUSE
        scene.clock.advance(60 * HOUR)
        wanted = [scene.want("a", TEAM.format(2)), scene.want("b", TEAM.format(3), notification_url=elsewhere(scene))]
        report = await scene.apply(*wanted, limits=ALL_AT_ONCE)
        assert lines(report) == ["replace a withheld", "replace b failed"]
        assert "it was renewed all the same" in said(report, "a")

    @pytest.mark.parametrize("name", ["a", "b"], ids=["replaced", "renamed"])
    async def test_without_the_secret_it_is_renewed(self, scene, name):
        await settled(scene, a=1)
        scene.clock.advance(60 * HOUR)
        before = scene.one("a")["expirationDateTime"]
        scene.ring = {"k1": SecretError("the environment variable KEY is not set")}
        await scene.apply(scene.want(name, TEAM.format(2 if name == "a" else 1)))
        assert scene.one("a")["expirationDateTime"] > before


@pytest.mark.parametrize("bad", "ab")
@pytest.mark.behaviour(validate_on_patch="always")
async def test_a_circle_in_which_one_cannot_move_moves_nobody(scene, bad):
    await settled(scene, a=1, b=2)
    scene.receiver.modes = REFUSE
    changes = {name: {"notification_url": elsewhere(scene)} if name == bad else {} for name in "ab"}
    report = await scene.apply(
        scene.want("a", TEAM.format(2), **changes["a"]), scene.want("b", TEAM.format(1), **changes["b"])
    )
    assert sorted(outcome.result.value for outcome in report.outcomes) == ["failed", "withheld"]
    assert homes(scene, "ab") == {"a": TEAM.format(1), "b": TEAM.format(2)}


async def test_who_waits_for_a_deletion_that_fails_stays_where_it_is(scene):
    await settled(scene, a=1, b=2)
    fault = {"method": "DELETE", "status": 403, "code": "accessDenied", "message": "Forbidden"}
    scene.emulator.faults({"answers": [fault]})
    report = await scene.apply(scene.want("b", TEAM.format(1)))
    assert lines(report) == ["delete a failed", "replace b withheld"]
    assert homes(scene, "ab") == {"a": TEAM.format(1), "b": TEAM.format(2)}


class TestRenamed:
    """The manifest has another name: to Graph that is one to delete and one to create."""

    @pytest.mark.behaviour(twins="accept")
    async def test_where_graph_takes_two_nothing_is_missed(self, scene):
        await scene.apply(scene.want("old", MAIL.format(1)))
        start = scene.requests()
        await scene.apply(scene.want("new", MAIL.format(1)))
        assert scene.writes(start) == ["POST 201", "DELETE 204"]

    @pytest.mark.parametrize("resource", [MAIL, TEAM], ids=["shared place", "place for one"])
    @pytest.mark.behaviour(validate_on_patch="always")
    async def test_to_an_endpoint_that_refuses_nothing_is_lost(self, scene, resource):
        await scene.apply(scene.want("old", resource.format(1)))
        scene.clock.advance(HOUR)
        scene.receiver.modes = REFUSE
        report = await scene.apply(scene.want("new", resource.format(1), notification_url=elsewhere(scene)))
        assert "done" not in {outcome.result.value for outcome in report.outcomes}
        assert scene.held() == ["old"]


@pytest.mark.behaviour(twins="accept")
async def test_twins_of_one_that_moves_are_deleted_in_the_same_run(scene):
    desired = scene.want("mail", MAIL.format(1))
    scene.put(desired, hours=120)
    scene.put(desired, hours=100)
    wanted = scene.want("mail", MAIL.format(2))
    report = await scene.apply(wanted)
    assert {outcome.result.value for outcome in report.outcomes} == {"done"}
    assert planned(await scene.look(wanted)) == []


async def test_a_mark_to_refresh_does_not_keep_from_renewing(scene):
    """Graph may validate a URL only where it changes (facts 11.4): then the mark waits, and the renewal does not."""
    scene.emulator.behave(validate_on_patch="url-change")
    desired = scene.want("mail", MAIL.format(1))
    older = dataclasses.replace(desired, asked=dataclasses.replace(desired.asked, resource="an older form"))
    scene.put(older, hours=1)
    before = scene.one("mail")["expirationDateTime"]
    scene.receiver.mode = "refuse"
    assert lines(await scene.apply(desired)) == ["renew mail done"]
    assert scene.one("mail")["expirationDateTime"] > before


async def test_a_certificate_that_is_refused_is_remembered_though_it_was_renewed(scene):
    scene.emulator.behave(certificate_patch="refused")
    old, new = certificate("one"), certificate("two")
    await scene.apply(scene.want("a", TEAM.format(1), certificate=old))
    scene.clock.advance(60 * HOUR)
    wanted = scene.want("a", TEAM.format(1), certificate=new)
    assert lines(await scene.apply(wanted)) == ["update a failed"]
    assert lines(await scene.apply(wanted)) == ["replace a done"]
