"""Teams and channels over HTTP: paths, bodies and answers as Graph's."""

import uuid
from typing import Any

import httpx
import pytest

from tests.emulator.world.conftest import TENANT, Scene
from tests.support.emulator import RunningEmulator

TEAM_OF_SEED: dict[str, Any] = {
    "displayName": "Sample name",
    "description": "Sample description",
    "specialization": "none",
    "visibility": "public",
    "isArchived": False,
    "isMembershipLimitedToOwners": False,
    "memberSettings": {
        "allowCreateUpdateChannels": True,
        "allowCreatePrivateChannels": True,
        "allowDeleteChannels": True,
        "allowAddRemoveApps": True,
        "allowCreateUpdateRemoveTabs": True,
        "allowCreateUpdateRemoveConnectors": True,
    },
    "guestSettings": {"allowCreateUpdateChannels": False, "allowDeleteChannels": False},
    "messagingSettings": {
        "allowUserEditMessages": True,
        "allowUserDeleteMessages": True,
        "allowOwnerDeleteMessages": True,
        "allowTeamMentions": True,
        "allowChannelMentions": True,
    },
    "funSettings": {
        "allowGiphy": True,
        "giphyContentRating": "moderate",
        "allowStickersAndMemes": True,
        "allowCustomMemes": True,
    },
}
WORKED_OUT = {"id", "createdDateTime", "internalId", "webUrl"}
ONLY_ON_GET = {"discoverySettings", "classSettings"}


@pytest.fixture
def team(client: httpx.Client) -> str:
    """The path of one that is there."""
    created = client.post("/v1.0/teams", json={"displayName": "Sample name", "description": "Sample description"})
    return created.headers["Content-Location"].replace("('", "/").replace("')", "")


def body(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.facts("2.3")
def test_a_team_is_the_seeds_with_what_only_get_has(client: httpx.Client, team: str) -> None:
    found = body(client.get(f"/v1.0{team}"))
    assert {name: value for name, value in found.items() if name in TEAM_OF_SEED} == TEAM_OF_SEED
    assert found.keys() - {"@odata.context"} == TEAM_OF_SEED.keys() | WORKED_OUT | ONLY_ON_GET
    assert found["@odata.context"].endswith("/v1.0/$metadata#teams/$entity")
    assert found["internalId"].startswith("19:")
    assert found["id"] in found["webUrl"]


def test_a_team_is_created_with_202_and_where_it_will_be(client: httpx.Client) -> None:
    created = client.post("/v1.0/teams", json={"displayName": "T", "template@odata.bind": "https://graph/x"})
    assert created.status_code == 202
    where = created.headers["Content-Location"]
    assert created.headers["Location"].startswith(f"{where}/operations('")
    assert body(client.get(f"/v1.0{where}"))["displayName"] == "T"


@pytest.mark.facts("2.3")
def test_a_channel_is_the_seeds_with_its_address(client: httpx.Client, team: str) -> None:
    created = client.post(f"/v1.0{team}/channels", json={"displayName": "Leads", "membershipType": "private"})
    assert created.status_code == 201
    found = body(client.get(f"/v1.0{team}/channels/{created.json()['id']}"))
    assert found == created.json()
    assert found.keys() == {
        "@odata.context",
        "id",
        "createdDateTime",
        "displayName",
        "description",
        "isFavoriteByDefault",
        "email",
        "webUrl",
        "membershipType",
        "moderationSettings",
    }
    assert found["id"].startswith("19:")
    assert found["id"].endswith("@thread.tacv2")
    assert "@" in found["email"]
    assert (found["membershipType"], found["moderationSettings"]) == ("private", None)


@pytest.mark.facts("2.3")
def test_the_resource_of_a_notification_can_be_read(client: httpx.Client, team: str) -> None:
    identifier = team.rpartition("/")[2]
    channel = body(client.post(f"/v1.0{team}/channels", json={"displayName": "Leads"}))["id"]
    found = body(client.get(f"/v1.0/teams('{identifier}')/channels('{channel}')"))
    assert found["id"] == channel


def test_a_new_team_has_a_general_channel_that_stays(client: httpx.Client, team: str) -> None:
    channels = body(client.get(f"/v1.0{team}/channels"))["value"]
    assert [each["displayName"] for each in channels] == ["General"]
    assert channels[0]["id"] == body(client.get(f"/v1.0{team}"))["internalId"]
    assert client.delete(f"/v1.0{team}/channels/{channels[0]['id']}").status_code == 400


def test_changes_have_no_body_and_merge_settings(client: httpx.Client, team: str) -> None:
    changed = client.patch(f"/v1.0{team}", json={"funSettings": {"allowGiphy": False}, "description": None})
    assert (changed.status_code, changed.content) == (204, b"")
    found = body(client.get(f"/v1.0{team}"))
    assert found["funSettings"] == TEAM_OF_SEED["funSettings"] | {"allowGiphy": False}
    assert found["description"] is None


def test_what_is_deleted_is_gone_with_its_channels(client: httpx.Client, team: str) -> None:
    channel = body(client.get(f"/v1.0{team}/channels"))["value"][0]["id"]
    assert client.delete(f"/v1.0{team}").status_code == 204
    for path in (team, f"{team}/channels", f"{team}/channels/{channel}", f"{team}/members"):
        gone = client.get(f"/v1.0{path}")
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "itemNotFound"), path


def test_all_channels_are_only_to_be_read(client: httpx.Client, team: str) -> None:
    path = f"/beta{team}/allChannels"
    assert [each["displayName"] for each in body(client.get(path))["value"]] == ["General"]
    refused = client.post(path, json={"displayName": "N"})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")


def test_a_team_can_be_created_with_channels_and_members(client: httpx.Client) -> None:
    given = {
        "displayName": "Sales",
        "channels": [{"displayName": "Leads"}],
        "members": [{"roles": ["owner"], "userId": "u1"}],
    }
    team = client.post("/v1.0/teams", json=given).headers["Content-Location"]
    assert [each["displayName"] for each in body(client.get(f"/v1.0{team}/channels"))["value"]] == ["General", "Leads"]
    assert body(client.get(f"/v1.0{team}/members"))["value"][0]["userId"] == "u1"


def test_lists_come_in_pages(client: httpx.Client) -> None:
    names = [f"T{number}" for number in range(5)]
    for name in names:
        client.post("/v1.0/teams", json={"displayName": name})
    url, found = "/v1.0/teams?$top=2&$select=displayName", []
    for expected in (2, 2, 1):
        page = body(client.get(url))
        assert page["@odata.context"].endswith("/v1.0/$metadata#teams")
        assert len(page["value"]) == expected
        found += page["value"]
        url = page.get("@odata.nextLink", "")
    assert url == ""
    assert found == [{"displayName": name} for name in names]


def test_what_is_deleted_between_pages_shifts_nothing(client: httpx.Client) -> None:
    for number in range(4):
        client.post("/v1.0/teams", json={"displayName": f"T{number}"})
    first = body(client.get("/v1.0/teams?$top=2"))
    client.delete(f"/v1.0/teams/{first['value'][0]['id']}")
    second = body(client.get(first["@odata.nextLink"]))
    assert [each["displayName"] for each in second["value"]] == ["T2", "T3"]


def test_tenants_do_not_see_each_other(client: httpx.Client, emulator: RunningEmulator, team: str) -> None:
    other = emulator.register(tenantId=str(uuid.uuid4()))
    token = emulator.token(tenantId=other["tenantId"], clientId=other["clientId"])
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(f"/v1.0{team}", headers=headers).status_code == 404
    assert client.patch(f"/v1.0{team}", headers=headers, json={"displayName": "X"}).status_code == 404
    assert client.delete(f"/v1.0{team}", headers=headers).status_code == 404
    assert body(client.get("/v1.0/teams", headers=headers))["value"] == []


def test_time_of_creation_is_that_of_the_emulator(client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.advance(400 * 24 * 3600)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    team = client.post("/v1.0/teams", json={"displayName": "Later"}).headers["Content-Location"]
    now = emulator.control("GET", "clock")["now"]
    assert body(client.get(f"/v1.0{team}"))["createdDateTime"][:10] == now[:10]


def test_who_is_told_what(scene: Scene) -> None:
    team = scene.made("teams", displayName="T")
    channel = scene.made(f"teams/{team}/channels", displayName="C")
    scene.write("PATCH", f"teams('{team.upper()}')", {"displayName": "U"})
    scene.write("DELETE", f"teams/{team}")
    told = [(each.change_type.value, each.kind, each.path, dict(each.ids)) for each in scene.changes]
    assert told == [
        ("created", "team", f"teams/{team}", {"team": team}),
        ("created", "channel", f"teams/{team}/channels/{channel}", {"team": team, "channel": channel}),
        ("updated", "team", f"teams/{team}", {"team": team}),
        ("deleted", "team", f"teams/{team}", {"team": team}),
    ]
    assert scene.changes[1].topics == (
        f"teams/{team}/channels",
        f"teams/{team}/channels/{channel}",
        "teams/getallchannels",
    )
    assert scene.changes[3].body["displayName"] == "U"
    assert {each.tenant for each in scene.changes} == {TENANT}


@pytest.mark.facts("2.2")
@pytest.mark.parametrize(
    ("membership", "functions"),
    [
        ("standard", set()),
        ("private", {"teams/{}/channels/getallmembers", "teams/getallchannels/getallmembers"}),
        ("shared", {"teams/{}/channels/getallmembers"}),
    ],
)
def test_members_of_channels(membership: str, functions: set[str], scene: Scene) -> None:
    team = scene.made("teams", displayName="T")
    channel = scene.made(f"teams/{team}/channels", displayName="C", membershipType=membership)
    scene.made(f"teams/{team}/channels/{channel}/members", userId="u1")
    topics = {topic for topic in scene.changes[-1].topics if "getall" in topic}
    assert topics == {function.format(team) for function in functions}
