"""What goes wrong on request: each fault, and that it ends."""

import datetime as dt
import json
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.faults_file import read as read_faults
from reconciler.emulator.known import KNOWN
from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.emulator.test_reads import pages
from tests.support.emulator import RunningEmulator

LIST = "/v1.0/subscriptions"


@pytest.fixture
def five(create: Create) -> list[str]:
    return [create(resource=f"users/u{number}/messages").json()["id"] for number in range(5)]


@pytest.mark.facts("3.2")
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


@pytest.mark.facts("3.5", "8.3")
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


@pytest.mark.facts("2.1")
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


@pytest.mark.facts("11.4")
def test_patch_extends_nothing(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    """Facts 11.4: 200 with the old expiration was reported."""
    created = create().json()
    emulator.faults({"extend": False})
    answer = client.patch(f"{LIST}/{created['id']}", json={"expirationDateTime": soon(days=2)})
    assert answer.status_code == 200
    assert answer.json()["expirationDateTime"] == created["expirationDateTime"]


@pytest.mark.facts("3.5")
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


@pytest.mark.parametrize("off", [-7200, 0, 45.5, 10 * 365 * 86_400])
def test_a_clock_that_is_wrong(emulator: RunningEmulator, client: httpx.Client, create: Create, off: float) -> None:
    """The header is, of Graph and of the token endpoint, and nothing else."""
    emulator.faults({"date": off})
    for answer in (client.get(LIST), client.get(f"/{emulator.info['tenantId']}/v2.0/.well-known/openid-configuration")):
        ahead = parsedate_to_datetime(answer.headers["date"]) - dt.datetime.now(dt.UTC)
        assert abs(ahead.total_seconds() - off) < 5
    assert abs(emulator.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)
    assert create(expirationDateTime=soon(minutes=60)).status_code == 201


def test_faults_are_told_and_replaced(emulator: RunningEmulator) -> None:
    quiet = emulator.control("GET", "faults")
    assert quiet | {"deliveries": {}} == {
        "list": None,
        "omit": [],
        "stale": 0.0,
        "versions": ["v1.0", "beta"],
        "answers": [],
        "lost": [],
        "granted": None,
        "extend": True,
        "ghost": [],
        "slow": 0.0,
        "date": 0.0,
        "validation": {"repeat": 0, "delay": 0.0},
        "deliveries": {},
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
        pytest.param({"date": "now"}, id="date"),
        pytest.param({"date": True}, id="date-is-no-boolean"),
        pytest.param({"date": -1e300}, id="date-too-far"),
        pytest.param({"slow": None}, id="null"),
        pytest.param({"answers": [{"method": "POST", "status": 429, "retry": 1}]}, id="answer-key"),
        pytest.param({"answers": [{"method": "HEAD", "status": 429}]}, id="answer-method"),
        pytest.param({"answers": [{"method": "POST", "status": 99}]}, id="answer-status"),
        pytest.param({"answers": [{"method": "POST"}]}, id="answer-without-status"),
        pytest.param({"answers": [{"method": "POST", "status": 429, "retryAfter": "a\r\nb: c"}]}, id="answer-lines"),
        pytest.param({"answers": [{"method": "POST", "status": 429, "retryAfter": "1\u20ac"}]}, id="answer-no-ascii"),
        pytest.param({"answers": [{"method": "POST", "known": "unheard-of"}]}, id="answer-unknown"),
        pytest.param({"answers": [{"known": "task-canceled"}]}, id="known-without-method"),
        pytest.param({"slow": {"FETCH": 1}}, id="slow-method"),
        pytest.param({"slow": {"GET": "1"}}, id="slow-no-number"),
        pytest.param({"stale": -1}, id="stale"),
        pytest.param({"stale": 1e12}, id="stale-for-ages"),
        pytest.param({"validation": {"repeat": 101}}, id="validation-for-ever"),
        pytest.param({"validation": {"repeats": 1}}, id="validation-key"),
        pytest.param({"validation": {"repeat": 0.5}}, id="validation-repeat"),
        pytest.param({"lost": [{"count": 1}]}, id="lost-without-method"),
        pytest.param({"lost": [{"method": "POST", "count": 1.5}]}, id="lost-count"),
    ],
)
def test_faults_that_make_no_sense(emulator: RunningEmulator, faults: dict[str, Any]) -> None:
    before = emulator.control("GET", "faults")
    with pytest.raises(ValueError, match=r": 400 "):
        emulator.faults(faults)
    assert emulator.control("GET", "faults") == before


@pytest.mark.facts("3.5")
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_refusals_by_name(client: httpx.Client, emulator: RunningEmulator, name: str) -> None:
    known = KNOWN[name]
    emulator.faults({"answers": [{"method": "DELETE", "known": name}]})
    answer = client.delete(f"{LIST}/x")
    assert error(answer) == (known.status, known.code, known.message)
    assert answer.headers.get("retry-after") == known.retry_after
    assert client.delete(f"{LIST}/x").status_code == 404


@pytest.mark.parametrize("status", [204, 304])
def test_an_ordered_answer_without_a_body(client: httpx.Client, emulator: RunningEmulator, status: int) -> None:
    """Statuses that end at the headers have none, or the connection would be good for nothing."""
    emulator.faults({"answers": [{"method": "LIST", "status": status}]})
    answer = client.get("/v1.0/subscriptions")
    assert (answer.status_code, answer.content) == (status, b"")
    assert client.get("/v1.0/subscriptions").status_code == 200


def test_what_is_given_wins_over_what_is_known(client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.faults({"answers": [{"method": "LIST", "known": "task-canceled", "status": 500, "retryAfter": 3}]})
    answer = client.get(LIST)
    assert error(answer) == (500, "ExtensionError", "Operation: Delete; Exception: [A task was canceled.]")
    assert answer.headers["retry-after"] == "3"


@pytest.mark.facts("3.2")
def test_a_short_list(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    """Live ones are missing, and the same ones each time, while GET by id has them."""
    emulator.faults({"list": "short"})
    found = [each for page in pages(client) for each in page]
    assert found in (five[::2], five[1::2])
    assert [each for page in pages(client) for each in page] == found
    assert all(client.get(f"{LIST}/{each}").status_code == 200 for each in five)


@pytest.mark.facts("3.2")
def test_a_stale_list(client: httpx.Client, emulator: RunningEmulator, create: Create, five: list[str]) -> None:
    """What is newer is missing, what is gone or renewed since is listed as it was."""
    before = client.get(f"{LIST}/{five[1]}").json()["expirationDateTime"]
    emulator.advance(60)
    client.delete(f"{LIST}/{five[0]}")
    client.patch(f"{LIST}/{five[1]}", json={"expirationDateTime": soon(days=2)})
    client.patch(f"{LIST}/{five[1]}", json={"expirationDateTime": soon(days=3)})
    new = create(resource="users").json()["id"]
    emulator.faults({"stale": 30})
    assert pages(client) == [five[:3], five[3:]]
    assert client.get(LIST).json()["value"][1]["expirationDateTime"] == before
    assert client.get(f"{LIST}/{five[0]}").status_code == 404
    emulator.advance(31)
    assert pages(client) == [five[1:4], [five[4], new]]


@pytest.mark.facts("3.2")
def test_a_stale_list_has_expired_ones(client: httpx.Client, emulator: RunningEmulator, five: list[str]) -> None:
    emulator.faults({"stale": 60})
    emulator.advance(7230)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    assert pages(client) == [five[:3], five[3:]]
    emulator.advance(60)
    assert pages(client) == [[]]


def test_some_answers_are_slow(emulator: RunningEmulator, client: httpx.Client, five: list[str]) -> None:
    emulator.faults({"slow": {"LIST": 0.3}})
    start = time.monotonic()
    assert client.get(f"{LIST}/{five[0]}").status_code == 200
    assert time.monotonic() - start < 0.3
    assert client.get(LIST).status_code == 200
    assert time.monotonic() - start >= 0.3
    assert emulator.control("GET", "faults")["slow"] == {"LIST": 0.3}


def test_other_things_than_subscriptions_have_faults_of_their_own(
    client: httpx.Client, emulator: RunningEmulator
) -> None:
    emulator.faults({"answers": [{"method": "GET", "status": 503}, {"method": "WORLD", "status": 500}]})
    assert client.get("/v1.0/teams").status_code == 500
    assert client.get(LIST).status_code == 503


def faults_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = """
list: empty
answers:
  - {method: LIST, status: 503, count: 1}
"""


@pytest.mark.parametrize("text", [GOOD, json.dumps({"list": "empty", "answers": [{"method": "LIST", "status": 503}]})])
def test_faults_of_the_start_come_back_with_a_reset(tmp_path: Path, text: str) -> None:
    with (
        RunningEmulator(tmp_path / "home", faults=faults_file(tmp_path, text)) as emulator,
        emulator.client() as client,
    ):
        for _ in range(2):
            client.headers["Authorization"] = f"Bearer {emulator.token()}"
            assert client.get(LIST).status_code == 503
            assert client.get(LIST).json()["value"] == []
            emulator.faults({})
            assert emulator.control("GET", "faults")["list"] is None
            emulator.reset()
            assert emulator.control("GET", "faults")["list"] == "empty"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("list: [", ":", "this cannot be read as YAML", id="syntax"),
        pytest.param("list: empty\nslow: fast", ":2:7: ", "is no good value for 'slow'", id="value"),
        pytest.param("lists: empty", ":1:8: ", "unknown key 'lists'", id="unknown-key"),
        pytest.param("list: empty\nlist: short", ":2:1: ", "stands here twice", id="twice"),
        pytest.param("- list", ":1:1: ", "an object is needed", id="no-object"),
        pytest.param(
            "answers:\n- {method: GET, status: 500}\n- {method: GET, status: 9}", ":3:25: ", "200 to 599", id="nested"
        ),
        pytest.param("answers:\n- {method: GET}", ":2:3: ", "'status' is missing", id="missing"),
        pytest.param("list: \x00", ":1:1: ", "this cannot be read as YAML", id="no-yaml"),
    ],
)
def test_broken_faults_files(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = faults_file(tmp_path, text)
    with pytest.raises(EmulatorError) as caught:
        read_faults(path)
    assert str(caught.value).startswith(f"{path}{place}")
    assert words in str(caught.value)


def test_a_faults_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"cannot read the faults in '.*': No such file"):
        read_faults(tmp_path / "none.yaml")


def test_an_empty_faults_file(tmp_path: Path) -> None:
    assert read_faults(faults_file(tmp_path, "")) == read_faults(None)
