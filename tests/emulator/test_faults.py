"""What goes wrong on request: each fault, and that it ends."""

import time
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.emulator.test_reads import pages
from tests.support.emulator import RunningEmulator

LIST = "/v1.0/subscriptions"


@pytest.fixture
def five(create: Create) -> list[str]:
    return [create(resource=f"users/u{number}/messages").json()["id"] for number in range(5)]


def test_a_list_that_breaks_off(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    """Facts 3.2: "unknown", not "empty"; also where one page would have been enough."""
    emulator.faults({"list": "breaks-off"})
    first = client.get(LIST).json()
    assert [each["id"] for each in first["value"]] == five[:3]
    assert error(client.get(first["@odata.nextLink"]))[0] == 500
    for identifier in five:
        client.delete(f"{LIST}/{identifier}")
    first = client.get(LIST).json()
    assert first["value"] == []
    assert client.get(first["@odata.nextLink"]).status_code == 500


def test_a_list_without_end(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"list": "endless"})
    found = pages(client, at_most=30)
    assert len(found) == 30
    assert found[:2] == [five[:3], five[3:]]
    assert found[2:] == [[]] * 28


def test_empty_pages_first(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"list": "empty-pages"})
    assert pages(client) == [[]] * 50 + [five[:3], five[3:]]


def test_an_empty_list(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"list": "empty"})
    assert pages(client) == [[]]
    assert client.get(f"{LIST}/{five[0]}").status_code == 200
    emulator.faults({})
    assert pages(client) == [five[:3], five[3:]]


def test_some_are_left_out(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"omit": [five[1], five[4]]})
    assert pages(client) == [[five[0], five[2], five[3]]]
    assert client.get(f"{LIST}/{five[1]}").status_code == 200


def test_a_next_link_to_another_host(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"list": "foreign-next-link"})
    body = client.get(LIST).json()
    assert [each["id"] for each in body["value"]] == five[:3]
    assert body["@odata.nextLink"].startswith("https://graph.another-host.invalid/v1.0/subscriptions?$skiptoken=")


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_in_one_version_only(client: httpx.Client, emulator: RunningEmulator, five: list[str], version: str) -> None:
    other = {"v1.0": "beta", "beta": "v1.0"}[version]
    emulator.faults({"list": "empty", "omit": five[:1], "versions": [version]})
    assert pages(client, f"/{version}/subscriptions") == [[]]
    assert pages(client, f"/{other}/subscriptions") == [five[:3], five[3:]]


def test_ordered_answers(client: httpx.Client, emulator: RunningEmulator, create: Create) -> None:
    """Facts 3.5, 8.3: one after another, then as always."""
    message = "Too many requests."
    emulator.faults(
        {
            "answers": [
                {
                    "method": "POST",
                    "status": 429,
                    "code": "TooManyRequests",
                    "message": message,
                    "retryAfter": 7,
                    "count": 2,
                },
                {"method": "POST", "status": 503},
            ]
        }
    )
    for _ in range(2):
        answer = create()
        assert error(answer) == (429, "TooManyRequests", message)
        assert answer.headers["retry-after"] == "7"
    answer = create()
    assert answer.status_code == 503
    assert "retry-after" not in answer.headers
    assert client.get(LIST).status_code == 200
    assert create().status_code == 201


@pytest.mark.parametrize(
    ("method", "hit"),
    [
        ("GET", {"list", "get"}),
        ("LIST", {"list"}),
        ("POST", {"create", "reauthorize"}),
        ("REAUTHORIZE", {"reauthorize"}),
        ("PATCH", {"patch"}),
        ("DELETE", {"delete"}),
    ],
)
def test_which_requests_an_ordered_answer_meets(
    client: httpx.Client, emulator: RunningEmulator, create: Create, method: str, hit: set[str]
) -> None:
    identifier = create().json()["id"]
    emulator.faults({"answers": [{"method": method, "status": 503, "count": 10}]})
    answers = {
        "list": client.get(LIST),
        "get": client.get(f"{LIST}/{identifier}"),
        "create": create(resource="users"),
        "reauthorize": client.post(f"{LIST}/{identifier}/reauthorize"),
        "patch": client.patch(f"{LIST}/{identifier}", json={"expirationDateTime": soon(hours=2)}),
        "delete": client.delete(f"{LIST}/{identifier}"),
    }
    assert {name for name, answer in answers.items() if answer.status_code == 503} == hit


def test_an_ordered_answer_for_one_version(client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.faults({"answers": [{"method": "LIST", "status": 500, "version": "beta"}]})
    assert client.get(LIST).status_code == 200
    assert client.get("/beta/subscriptions").status_code == 500
    assert client.get("/beta/subscriptions").status_code == 200
    assert emulator.control("GET", "faults")["answers"][0]["count"] == 0


def test_a_lost_answer_was_carried_out(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    """Facts 2.1: POST is not idempotent, and who hears nothing does not know."""
    emulator.faults({"lost": [{"method": "POST", "count": 1}]})
    with pytest.raises(httpx.TransportError):
        create(resource="users/u1/messages")
    assert len(emulator.subscriptions()) == 1
    assert create(resource="users/u1/messages").status_code == 201
    assert len(emulator.subscriptions()) == 2
    assert [each["status"] for each in emulator.requests()[-2:]] == [201, 201]


@pytest.mark.parametrize(("method", "expected"), [("PATCH", 1), ("DELETE", 0)])
def test_other_lost_answers(
    emulator: RunningEmulator, client: httpx.Client, create: Create, method: str, expected: int
) -> None:
    identifier = create().json()["id"]
    emulator.faults({"lost": [{"method": method}]})
    with pytest.raises(httpx.TransportError):
        client.request(method, f"{LIST}/{identifier}", json={"expirationDateTime": soon(days=2)})
    found = emulator.subscriptions()
    assert len(found) == expected
    assert all(each["renewedDateTime"] for each in found)


def test_less_is_granted(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    """A server that grants less than asked: also less than 45 minutes."""
    emulator.faults({"granted": 600})
    for answer in (
        create(expirationDateTime=soon(hours=10)),
        client.patch(f"{LIST}/{emulator.subscriptions()[0]['id']}", json={"expirationDateTime": soon(hours=20)}),
    ):
        granted = answer.json()["expirationDateTime"]
        assert soon(minutes=9) < granted < soon(minutes=11)


def test_patch_extends_nothing(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    """Facts 11.4: 200 with the old expiration was reported."""
    created = create().json()
    emulator.faults({"extend": False})
    answer = client.patch(f"{LIST}/{created['id']}", json={"expirationDateTime": soon(days=2)})
    assert answer.status_code == 200
    assert answer.json()["expirationDateTime"] == created["expirationDateTime"]


def test_a_ghost(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    """Facts 3.5: 404 to everything by id, while the slot stays taken."""
    identifier = create().json()["id"]
    emulator.faults({"ghost": [identifier]})
    path = f"{LIST}/{identifier}"
    answers = [
        client.get(path),
        client.patch(path, json={"expirationDateTime": soon(hours=2)}),
        client.delete(path),
        client.post(f"{path}/reauthorize"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    status, _, message = error(create())
    assert status == 403
    assert "has reached its limit of '1'" in message
    emulator.faults({})
    assert client.get(path).status_code == 200


def test_slow_answers(emulator: RunningEmulator, client: httpx.Client) -> None:
    emulator.faults({"slow": 0.3})
    start = time.monotonic()
    assert client.get(LIST).status_code == 200
    assert time.monotonic() - start >= 0.3


def test_faults_are_told_and_replaced(emulator: RunningEmulator) -> None:
    quiet = emulator.control("GET", "faults")
    assert quiet == {
        "list": None,
        "omit": [],
        "versions": ["v1.0", "beta"],
        "answers": [],
        "lost": [],
        "granted": None,
        "extend": True,
        "ghost": [],
        "slow": 0.0,
    }
    emulator.faults({"extend": False, "lost": [{"method": "GET", "count": 3}]})
    emulator.faults({"slow": 0.01})
    assert emulator.control("GET", "faults") == quiet | {"slow": 0.01}


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"lists": "empty"}, id="unknown-key"),
        pytest.param({"list": "full"}, id="unknown-list"),
        pytest.param({"omit": "x"}, id="omit-no-list"),
        pytest.param({"omit": [1]}, id="omit-no-texts"),
        pytest.param({"versions": ["v2.0"]}, id="version"),
        pytest.param({"granted": -1}, id="negative"),
        pytest.param({"granted": True}, id="boolean-is-no-number"),
        pytest.param({"extend": "no"}, id="extend"),
        pytest.param({"slow": None}, id="null"),
        pytest.param({"answers": [{"method": "POST", "status": 429, "retry": 1}]}, id="answer-key"),
        pytest.param({"answers": [{"method": "HEAD", "status": 429}]}, id="answer-method"),
        pytest.param({"answers": [{"method": "POST", "status": 99}]}, id="answer-status"),
        pytest.param({"answers": [{"method": "POST"}]}, id="answer-without-status"),
        pytest.param({"lost": [{"count": 1}]}, id="lost-without-method"),
        pytest.param({"lost": [{"method": "POST", "count": 1.5}]}, id="lost-count"),
    ],
)
def test_faults_that_make_no_sense(emulator: RunningEmulator, faults: dict[str, Any]) -> None:
    before = emulator.control("GET", "faults")
    with pytest.raises(ValueError, match=r": 400 "):
        emulator.faults(faults)
    assert emulator.control("GET", "faults") == before
