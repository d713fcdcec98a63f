"""How the control path is asked in a wrong way, and what it says then."""

from typing import Any

import httpx
import pytest

from tests.support.emulator import RunningEmulator


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "clok", 404, "there is no '/emulator/clok': below /emulator/ are apps, behaviours, clock, "),
        ("GET", "clock/", 404, "there is no '/emulator/clock/'"),
        ("DELETE", "world", 405, "DELETE is nothing for '/emulator/world': use GET or POST"),
        ("PUT", "clock", 405, "PUT is nothing for '/emulator/clock': use GET or POST"),
    ],
)
def test_paths_that_are_none(client: httpx.Client, method: str, path: str, status: int, said: str) -> None:
    answer = client.request(method, f"/emulator/{path}")
    assert answer.status_code == status
    assert answer.json()["error"].startswith(said)


def test_the_page_is_there_with_a_slash_too(client: httpx.Client) -> None:
    assert "<title>" in client.get("/emulator/").text


@pytest.mark.parametrize("path", ["subscriptions", "deliveries", "endpoints", "requests", "world"])
def test_options_that_are_none(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/emulator/{path}?limt=1")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"/emulator/{path}: unknown option 'limt', use ")


@pytest.mark.parametrize("digits", [1, 20, 5000])
@pytest.mark.parametrize("path", ["subscriptions", "deliveries", "endpoints", "requests"])
def test_a_limit_beyond_all_is_none(client: httpx.Client, path: str, digits: int) -> None:
    assert client.get(f"/emulator/{path}?limit={'9' * digits}").status_code == 200


@pytest.mark.parametrize("lifetime", ["1e30", "NaN", "-1e30", "true", '"1"', "null"])
def test_a_lifetime_that_is_none(client: httpx.Client, lifetime: str) -> None:
    answer = client.post("/emulator/tokens", content=f'{{"lifetime": {lifetime}}}')
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("path", "status", "key"),
    [("tokens", 201, "access_token"), ("apps", 201, "clientId"), ("keys/rotate", 200, "current")],
)
def test_without_a_body_where_all_is_optional(client: httpx.Client, path: str, status: int, key: str) -> None:
    answer = client.post(f"/emulator/{path}")
    assert answer.status_code == status
    assert key in answer.json()


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"list": "full"}, "'full' is no good value for 'list': use one of breaks-off, empty, empty-pages, "),
        ({"list": ["empty"]}, "use one of breaks-off, "),
        ({"versions": ["v2"]}, "use one of v1.0, beta"),
        ({"versions": [["v1.0"]]}, "use one of v1.0, beta"),
        ({"deliveries": {"order": "up"}}, "'up' is no good value for 'order': use one of reversed, shuffled"),
    ],
)
def test_a_fault_that_is_none_brings_those_that_are(client: httpx.Client, faults: Any, said: str) -> None:
    answer = client.put("/emulator/faults", json=faults)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_clock_is_moved_by_ten_years_at_most(emulator: RunningEmulator, client: httpx.Client) -> None:
    answer = client.post("/emulator/clock", json={"advance": 1e9})
    assert answer.json() == {"error": 'the clock is moved with {"advance": seconds}, 315360000 at most'}
    assert emulator.control("GET", "clock")["offset"] == 0
