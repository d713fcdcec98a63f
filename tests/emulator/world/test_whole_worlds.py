"""Worlds as a whole: made in a size, given and taken over the control path, saved and loaded."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.clock import Clock
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.running import RunningEmulator as PlainEmulator
from reconciler.emulator.world import layout
from reconciler.emulator.world.kinds import THING
from reconciler.emulator.world.world import World
from tests.emulator.world.conftest import TENANT, Scene
from tests.support.emulator import RunningEmulator

SALES = {"displayName": "Sales", "channels": [{"displayName": "Leads"}]}


def made(size: str) -> World:
    """Nobody may be told of what is only made."""
    world = World(clock=Clock(), tell=lambda change: pytest.fail(str(change)))
    world.make(size, tenant=TENANT)
    return world


def test_the_large_world() -> None:
    counts = made("large").counts(TENANT)
    assert (counts["teams"], counts["channels"], counts["webinars"]) == (2000, 20_000, 200)
    assert min(counts[name] for name in ("sessions", "registrations", "attendanceReports")) >= 200


def test_the_small_world_has_a_handful_of_everything() -> None:
    world = made("small")
    data = world.document(TENANT)
    assert {"teams", "webinars", "townhalls", "onlineMeetings", "things"} == data.keys()
    assert {
        each["membershipType"] for team in data["teams"] for each in team["channels"] if "membershipType" in each
    } == {
        "private",
        "shared",
    }
    assert all(count < 100 for count in world.counts(TENANT).values())
    assert world.counts(TENANT)["things"] == sum(each.kind is THING for each in layout.COLLECTIONS.values())


def test_a_size_is_the_same_each_time() -> None:
    first, second = made("small").document(TENANT), made("small").document(TENANT)
    assert without_times(first) == without_times(second)


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(each) for name, each in value.items() if not name.endswith("DateTime")}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def test_what_is_saved_comes_back(scene: Scene) -> None:
    scene.world.load(made("small").as_json())
    scene.write("PATCH", f"teams/{team_of(scene)}", {"funSettings": {"allowGiphy": False}})
    scene.made("chats/19:x@thread.v2/messages", body={"content": "hi"})
    other = Scene()
    other.world.load(scene.world.as_json())
    assert other.world.as_json() == scene.world.as_json()
    assert other.changes == []
    for path in ("teams", "solutions/virtualEvents/events", "communications/onlineMeetings", f"teams/{team_of(scene)}"):
        assert other.write("GET", path) == scene.write("GET", path)


def team_of(scene: Scene) -> str:
    return str(scene.write("GET", "teams")["value"][0]["id"])


@pytest.mark.parametrize(
    "broken", [[], {TENANT: []}, {TENANT: {"teams": [{}]}}, {TENANT: {"things": {"teams/x/schedule": [{}]}}}]
)
def test_what_is_broken_changes_nothing(broken: object, scene: Scene) -> None:
    scene.made("teams", displayName="T")
    before = scene.world.as_json()
    with pytest.raises(EmulatorError):
        scene.world.load(broken)
    assert scene.world.as_json() == before


def test_a_world_is_added_and_shown(client: httpx.Client, emulator: RunningEmulator) -> None:
    added = emulator.control("POST", "world", {"teams": [SALES], "things": {"users": [{"id": "u1"}]}})
    assert added == {"channels": 2, "teams": 1, "things": 1}
    assert emulator.control("POST", "world", {"teams": [SALES]}) == {"channels": 2, "teams": 1}
    assert emulator.control("GET", "world?count") == {"channels": 4, "teams": 2, "things": 1}
    shown = emulator.control("GET", "world")
    assert [each["displayName"] for each in shown["teams"]] == ["Sales", "Sales"]
    assert [each["displayName"] for each in shown["teams"][0]["channels"]] == ["General", "Leads"]
    assert len(client.get("/v1.0/teams").json()["value"]) == 2
    emulator.reset()
    assert emulator.control("GET", "world") == {}


def test_what_is_shown_can_be_given_to_another_tenant(emulator: RunningEmulator) -> None:
    emulator.control("POST", "world", {"teams": [SALES], "webinars": [{"displayName": "W", "sessions": [{}]}]})
    shown, other = emulator.control("GET", "world"), str(uuid.uuid4())
    with pytest.raises(ValueError, match="there is no tenant"):
        emulator.control("POST", f"world?tenantId={other}", shown)
    emulator.register(tenantId=other)
    emulator.control("POST", f"world?tenantId={other}", shown)
    assert emulator.control("GET", f"world?tenantId={other}") == shown


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"teams": [{"displayName": "T", "colour": 1}]}, "teams[0].colour: unknown key 'colour'"),
        ({"teams": [{"id": "t1", "displayName": "T"}]}, "teams[0].id: 't1' is there already: use another id"),
        ({"things": {"pandas": []}}, "things.pandas: there is no collection at 'pandas'"),
        ({"things": {"teams/t2/members": []}}, "what is in 'teams/t2/members' stands with what it belongs to"),
    ],
)
def test_all_or_nothing(given: dict[str, Any], complaint: str, emulator: RunningEmulator) -> None:
    emulator.control("POST", "world", {"teams": [{"id": "t1", "displayName": "Here"}]})
    before = emulator.control("GET", "world")
    with emulator.client() as client:
        answer = client.post("/emulator/world", json={"webinars": [{"displayName": "W"}], **given})
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert emulator.control("GET", "world") == before


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainEmulator]:
    with RunningEmulator(tmp_path_factory.mktemp("sized"), world="small") as emulator:
        yield emulator


def test_a_size_is_there_from_the_start_and_after_each_reset(sized: PlainEmulator) -> None:
    before = sized.control("GET", "world?count")
    assert before["teams"] == 3
    sized.write("POST", "/v1.0/teams", {"displayName": "One more"})
    sized.reset()
    assert sized.control("GET", "world?count") == before


def test_a_broken_world_file_is_not_added(emulator: RunningEmulator, tmp_path: Path) -> None:
    with emulator.client() as client:
        answer = client.post("/emulator/world", content=b"{")
    assert (answer.status_code, answer.json()["error"].partition(":")[0]) == (400, "the body is no JSON")
