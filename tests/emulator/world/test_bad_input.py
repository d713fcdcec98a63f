"""What nobody should send, and what Graph's envelope says to it."""

import json

import httpx
import pytest

from tests.emulator.world.conftest import Scene
from tests.support.emulator import RunningEmulator

MEBIBYTE = 1024 * 1024
LONG_CONDITION = " or ".join(["joinWebUrl eq 'x'"] * 1500)


@pytest.fixture
def team(client: httpx.Client) -> str:
    return client.post("/v1.0/teams", json={"displayName": "T"}).headers["Content-Location"]


@pytest.mark.facts("3.3")
@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"displayName": "N", "mood": 1}, 400, "The property 'mood' does not exist on type 'microsoft.graph.channel'"),
        ({"displayName": 7}, 400, "Cannot convert the value of the property 'displayName'"),
        ({"displayName": "N", "membershipType": "x"}, 400, "Cannot convert the value of the property 'membershipType'"),
        ({"description": "D"}, 400, "The property 'displayName' is required"),
        ({"displayName": ""}, 400, "The property 'displayName' is required"),
        ({"displayName": "N", "webUrl": "https://x"}, 400, "The property 'webUrl' is read-only"),
        ({"displayName": "N", "id": "19:x@thread.tacv2"}, 400, "The property 'id' is read-only"),
        ({"displayName": "N", "createdDateTime": "2026-01-01T00:00:00Z"}, 400, "The property 'createdDateTime' is"),
        ({"displayName": "N", "members": [7]}, 400, "Cannot convert the value of the property 'members/0'"),
        ({"displayName": "N", "members": [None]}, 400, "Cannot convert the value of the property 'members/0'"),
        ([], 400, "Unable to read JSON request payload"),
    ],
)
def test_bodies_of_creation(body: object, status: int, message: str, client: httpx.Client, team: str) -> None:
    answer = client.post(f"/v1.0{team}/channels", json=body)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert error["message"].startswith(message)
    assert error.keys() == {"code", "message", "innerError"}
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"displayName": None}, "The property 'displayName' is required"),
        ({"funSettings": {"allowGiphy": "yes"}}, "Cannot convert the value of the property 'funSettings/allowGiphy'"),
        ({"funSettings": {"fun": True}}, "The property 'funSettings/fun' does not exist"),
        ({"channels": []}, "The property 'channels' is read-only"),
        ({"internalId": "19:x"}, "The property 'internalId' is read-only"),
    ],
)
def test_bodies_of_change(body: object, message: str, client: httpx.Client, team: str) -> None:
    before = client.get(f"/v1.0{team}").json()
    answer = client.patch(f"/v1.0{team}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)
    assert client.get(f"/v1.0{team}").json() == before


def test_what_is_fixed_once_created(scene: Scene) -> None:
    team = scene.made("teams", displayName="T")
    channel = scene.made(f"teams/{team}/channels", displayName="C")
    refused = scene.ask("PATCH", f"/v1.0/teams/{team}/channels/{channel}", {"membershipType": "private"})
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "BadRequest"),
        (b"\xff", "application/json", 400, "BadRequest"),
        (b"", "application/json", 400, "BadRequest"),
        (b"{}", "text/plain", 415, "UnsupportedMediaType"),
        (b"[" * 100_000, "application/json", 400, "BadRequest"),
        (json.dumps({"displayName": "x" * 4 * MEBIBYTE}).encode(), "application/json", 413, "RequestEntityTooLarge"),
    ],
)
def test_what_is_no_body(content: bytes, content_type: str, status: int, code: str, client: httpx.Client) -> None:
    answer = client.post("/v1.0/teams", content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.facts("3.3")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "pandas", 400),
        ("GET", "teams/getAllPandas/x", 400),
        ("GET", "teams/x/pandas", 400),
        ("GET", "teams('x", 400),
        ("GET", "teams/getAllChannels", 400),
        ("GET", "solutions/virtualEvents", 400),
        ("GET", "teams/x", 404),
        ("GET", "teams/x/channels", 404),
        ("POST", "teams/x/channels", 404),
        ("PATCH", "teams/x", 404),
        ("DELETE", "teams/x", 404),
        ("GET", "solutions/virtualEvents/webinars/x/sessions", 404),
        ("POST", "teams/x", 405),
        ("PUT", "teams", 405),
        ("PATCH", "teams", 405),
        ("DELETE", "teams", 405),
        ("GET", "teams?$expand=members", 400),
        ("GET", "teams?$top=0", 400),
        ("GET", "teams?$top=many", 400),
        ("GET", f"teams?$top={'9' * 5000}", 400),
        ("GET", "teams?$skiptoken=%21", 400),
        ("GET", "teams?$filter=displayName eq 'x'", 400),
        ("GET", "communications/onlineMeetings?$filter=subject eq 'x'", 400),
        ("GET", "communications/onlineMeetings?$filter=joinWebUrl", 400),
        ("GET", f"communications/onlineMeetings?$filter={LONG_CONDITION}", 400),
        ("GET", "users/a%28b%29c/messages", 400),
    ],
)
def test_paths_and_queries(method: str, path: str, status: int, client: httpx.Client) -> None:
    body = {"displayName": "N"} if method in {"PATCH", "POST", "PUT"} else None
    answer = client.request(method, f"/v1.0/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.facts("3.3")
@pytest.mark.parametrize(
    "value",
    ["NaN", "-Infinity", "1e999", r'"\ud800"', r'{"\udfff": 1}', "[" * 97 + "]" * 97],
    ids=["no-number", "infinite", "too-large", "half-a-character", "half-a-name", "too-deep"],
)
def test_what_could_not_be_read_again_is_not_taken(value: str, client: httpx.Client) -> None:
    body = f'{{"displayName": "A", "manager": {value}}}'.encode()
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1.0/users", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert client.get("/v1.0/users").json()["value"] == []
    world = b'{"things": {"users": [' + body + b"]}}"
    assert client.post("/emulator/world", content=world, headers=headers).status_code == 400
    assert client.get("/emulator/world").json() == {}


def test_what_can_just_be_read_again_is(client: httpx.Client) -> None:
    manager = json.loads("[" * 89 + "]" * 89)
    client.post("/v1.0/users", json={"displayName": "\U0001f600", "manager": manager}).raise_for_status()
    (user,) = client.get("/v1.0/users").json()["value"]
    assert (user["displayName"], user["manager"]) == ("\U0001f600", manager)
    saved = client.get("/emulator/world").json()
    client.post("/emulator/reset").raise_for_status()
    client.post("/emulator/world", json=saved).raise_for_status()
    assert client.get("/emulator/world").json() == saved


def test_nobody_organizes_an_event(client: httpx.Client) -> None:
    """A null among the organizers."""
    answer = client.post("/v1.0/solutions/virtualEvents/webinars", json={"displayName": "E", "coOrganizers": [None]})
    assert answer.status_code == 400
    assert "'coOrganizers/0'" in answer.json()["error"]["message"]


def test_a_refused_write_tells_nobody(scene: Scene) -> None:
    scene.ask("POST", "/v1.0/teams", {"displayName": 7})
    scene.ask("PATCH", "/v1.0/teams/x", {"displayName": "N"})
    scene.ask("DELETE", "/v1.0/teams/x")
    assert scene.changes == []


def test_a_token_is_needed(emulator: RunningEmulator) -> None:
    with emulator.client() as nobody:
        assert nobody.get("/v1.0/teams").status_code == 401
