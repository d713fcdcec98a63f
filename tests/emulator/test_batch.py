"""Several requests in one (facts 8.4): what each is answered, in which order they run, and what is malformed."""

import json
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Ask, Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

JSON = {"Content-Type": "application/json"}
LIST = {"method": "GET", "url": "/subscriptions"}
MISSING = {"method": "GET", "url": "/subscriptions/x"}

Responses = dict[str, dict[str, Any]]


def post(client: httpx.Client, *requests: dict[str, Any], version: str = "v1.0") -> httpx.Response:
    """With the ids 1, 2, … where none are given."""
    numbered = [{"id": str(number)} | each for number, each in enumerate(requests, 1)]
    return client.post(f"/{version}/$batch", json={"requests": numbered})


def by_id(answer: httpx.Response) -> Responses:
    assert answer.status_code == 200
    return {each["id"]: each for each in answer.json()["responses"]}


def statuses(answer: httpx.Response) -> dict[str, int]:
    return {identifier: each["status"] for identifier, each in by_id(answer).items()}


@pytest.mark.facts("8.4")
def test_each_is_answered_as_if_it_had_come_alone(
    client: httpx.Client, ask: Ask, create: Create, emulator: RunningEmulator
) -> None:
    """Subscriptions and the world alike, with a slash before the url or without."""
    there = create(resource="teams").json()["id"]
    answer = post(
        client,
        {"method": "POST", "url": "/subscriptions", "headers": JSON, "body": ask(resource="users")},
        {"method": "GET", "url": f"subscriptions/{there}"},
        {"method": "PATCH", "url": f"/subscriptions/{there}", "headers": JSON, "body": {"clientState": "x"}},
        {"method": "delete", "url": f"/subscriptions('{there}')", "dependsOn": []},
        {"method": "GET", "url": "/subscriptions?$top=1"},
        {"method": "GET", "url": "/nothing"},
    )
    found = by_id(answer)
    assert statuses(answer) == {"1": 201, "2": 200, "3": 400, "4": 204, "5": 400, "6": 400}
    assert found["1"]["body"]["resource"] == "users"
    assert found["1"]["headers"]["Content-Type"] == "application/json"
    assert found["1"]["headers"]["Location"].endswith(found["1"]["body"]["id"])
    assert found["2"]["body"]["id"] == there
    assert found["3"]["body"]["error"]["innerError"]["request-id"] == found["3"]["headers"]["request-id"]
    assert "body" not in found["4"]
    assert found["5"]["body"]["error"]["message"] == "Query option '$top' is not allowed."
    assert found["6"]["body"]["error"]["message"] == "Resource not found for the segment 'nothing'."
    assert [each["resource"] for each in emulator.subscriptions()] == ["users"]


def test_the_request_log_has_the_requests_too(client: httpx.Client, emulator: RunningEmulator) -> None:
    before = len(emulator.requests())
    post(client, LIST, MISSING)
    lines = emulator.requests()[before:]
    assert sorted((each["path"], each["status"]) for each in lines) == [
        ("/v1.0/$batch", 200),
        ("/v1.0/subscriptions", 200),
        ("/v1.0/subscriptions/x", 404),
    ]
    assert {each["app"] for each in lines} == {emulator.info["clientId"]}


@pytest.mark.facts("8.4")
@pytest.mark.parametrize(("behaviour", "in_order"), [("shuffled", False), ("as-asked", True)])
def test_in_which_order(client: httpx.Client, emulator: RunningEmulator, behaviour: str, in_order: bool) -> None:
    """Only the id tells which answer is whose."""
    emulator.behave(batch_order=behaviour)
    answers = [post(client, LIST, MISSING).json()["responses"] for _ in range(5)]
    orders = {tuple(each["id"] for each in responses) for responses in answers}
    assert orders == {("1", "2") if in_order else ("2", "1")}
    assert all({each["id"]: each["status"] for each in responses} == {"1": 200, "2": 404} for responses in answers)


@pytest.mark.facts("8.4")
def test_creates_validate_at_once(client: httpx.Client, ask: Ask, receiver: ValidationReceiver) -> None:
    """Each with its own requests, all at the same time: 10 of them take hardly longer than one."""
    receiver.mode, receiver.delay = "slow", 0.15
    create = {"method": "POST", "url": "/subscriptions", "headers": JSON}
    answer = post(client, *({**create, "body": ask(resource=f"users/u{number}/messages")} for number in range(10)))
    assert set(statuses(answer).values()) == {201}
    assert len(receiver.received) == 20
    assert answer.elapsed.total_seconds() < 10 * 2 * 0.15


@pytest.mark.facts("8.4")
@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param(
            [LIST, LIST | {"dependsOn": ["1"]}, LIST | {"dependsOn": ["2"]}], [200, 200, 200], id="serial-and-good"
        ),
        pytest.param(
            [LIST, MISSING | {"dependsOn": ["1"]}, LIST | {"dependsOn": ["2"]}, LIST | {"dependsOn": ["3"]}],
            [200, 404, 424, 424],
            id="serial-and-broken",
        ),
        pytest.param(
            [LIST | {"dependsOn": ["2"]}, MISSING, LIST, LIST | {"dependsOn": ["2"]}],
            [424, 404, 200, 424],
            id="all-on-the-same",
        ),
        pytest.param([LIST | {"id": "a"}, LIST | {"id": "b", "dependsOn": ["A"]}], [200, 200], id="letter-case"),
    ],
)
def test_dependencies(client: httpx.Client, requests: list[dict[str, Any]], expected: list[int]) -> None:
    """What depends on a failure is not carried out: 424."""
    answer = post(client, *requests)
    assert [statuses(answer)[key] for key in sorted(statuses(answer))] == expected
    failed = [each["body"]["error"]["code"] for each in by_id(answer).values() if each["status"] == 424]
    assert set(failed) <= {"FailedDependency"}


def test_what_depends_comes_after(client: httpx.Client, create: Create) -> None:
    """A slot is free again when the deletion before it is done."""
    path = f"/subscriptions/{create().json()['id']}"
    expiration = {"expirationDateTime": soon(hours=3)}
    answer = post(
        client,
        {"method": "PATCH", "url": path, "headers": JSON, "body": expiration},
        {"method": "DELETE", "url": path, "dependsOn": ["1"]},
        {"method": "GET", "url": path, "dependsOn": ["2"]},
    )
    assert statuses(answer) == {"1": 200, "2": 204, "3": 404}


@pytest.mark.facts("8.1", "8.4")
def test_each_is_throttled_for_itself(client: httpx.Client, emulator: RunningEmulator) -> None:
    """Its own 429 with its own ``Retry-After`` in a batch that is answered with 200."""
    emulator.behave(throttling="documented")
    assert set(statuses(post(client, *[LIST] * 20)).values()) == {200}
    found = by_id(post(client, *[LIST] * 8, MISSING))
    assert sorted(each["status"] for each in found.values()) == [200] * 5 + [404] + [429] * 3
    waits = [int(each["headers"]["Retry-After"]) for each in found.values() if each["status"] == 429]
    assert all(1 <= wait <= 20 for wait in waits)


@pytest.mark.facts("8.4")
def test_one_version_for_all(client: httpx.Client, ask: Ask) -> None:
    """A version within is no version, and what is only on beta is not in a batch of v1.0."""
    resource = "communications/onlineMeetings(joinWebUrl='x')/meetingCallEvents"
    create = {"method": "POST", "url": "/subscriptions", "headers": JSON, "body": ask(resource=resource)}
    nested = {"method": "GET", "url": "/beta/subscriptions"}
    assert statuses(post(client, create, nested)) == {"1": 400, "2": 400}
    assert statuses(post(client, create, nested, version="beta")) == {"1": 201, "2": 400}


def test_one_token_for_all(client: httpx.Client, create: Create, emulator: RunningEmulator) -> None:
    """That of the batch: a request cannot bring another one."""
    there = create().json()["id"]
    token = emulator.token(clientId=emulator.register()["clientId"])
    headers = {"Authorization": f"Bearer {token}"}
    assert statuses(post(client, {"method": "GET", "url": f"/subscriptions/{there}", "headers": headers})) == {"1": 200}
    client.headers["Authorization"] = "Bearer nonsense"
    assert error(post(client, LIST))[:2] == (401, "InvalidAuthenticationToken")


def test_faults_meet_the_requests_in_it(client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.faults({"answers": [{"method": "LIST", "status": 503, "count": 2}, {"method": "BATCH", "status": 500}]})
    assert post(client, LIST).status_code == 500
    assert sorted(statuses(post(client, LIST, LIST, LIST)).values()) == [200, 503, 503]


def test_a_lost_answer_loses_the_batch(client: httpx.Client, ask: Ask, emulator: RunningEmulator) -> None:
    """It was carried out all the same."""
    emulator.faults({"lost": [{"method": "POST"}]})
    with pytest.raises(httpx.TransportError):
        post(client, {"method": "POST", "url": "/subscriptions", "headers": JSON, "body": ask()})
    assert len(emulator.subscriptions()) == 1
    assert client.get("/v1.0/subscriptions").status_code == 200


MALFORMED: list[Any] = [
    pytest.param({}, id="no-requests"),
    pytest.param({"requests": []}, id="none"),
    pytest.param({"requests": {"id": "1"} | LIST}, id="no-list"),
    pytest.param({"requests": [{"id": str(number)} | LIST for number in range(21)]}, id="21"),
    pytest.param({"requests": ["1"]}, id="no-object"),
    pytest.param({"requests": [LIST]}, id="no-id"),
    pytest.param({"requests": [{"id": 1} | LIST]}, id="id-no-text"),
    pytest.param({"requests": [{"id": "a"} | LIST, {"id": "A"} | LIST]}, id="equal-but-for-the-case"),
    pytest.param({"requests": [{"id": "1", "url": "/subscriptions"}]}, id="no-method"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"method": "FETCH"}]}, id="unknown-method"),
    pytest.param({"requests": [{"id": "1", "method": "GET"}]}, id="no-url"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"url": "https://x/v1.0/subscriptions"}]}, id="absolute"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"headers": {"a": 1}}]}, id="headers"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"version": "beta"}]}, id="unknown-property"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"method": "POST", "body": {}}]}, id="body-without-content-type"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"dependsOn": "2"}]}, id="depends-on-no-list"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"dependsOn": ["2"]}]}, id="depends-on-nothing"),
    pytest.param({"requests": [{"id": "1"} | LIST | {"dependsOn": ["1"]}]}, id="depends-on-itself"),
    pytest.param(
        {"requests": [{"id": "1"} | LIST, {"id": "2"} | LIST, {"id": "3"} | LIST | {"dependsOn": ["1", "2"]}]},
        id="depends-on-two",
    ),
    pytest.param(
        {
            "requests": [
                {"id": "1"} | LIST,
                {"id": "2"} | LIST | {"dependsOn": ["1"]},
                {"id": "3"} | LIST | {"dependsOn": ["1"]},
                {"id": "4"} | LIST | {"dependsOn": ["3"]},
            ]
        },
        id="neither-serial-nor-the-same",
    ),
]


@pytest.mark.facts("8.4")
@pytest.mark.parametrize("body", MALFORMED)
def test_what_is_malformed_fails_as_a_whole(client: httpx.Client, emulator: RunningEmulator, body: Any) -> None:
    before = len(emulator.requests())
    assert error(client.post("/v1.0/$batch", json=body))[:2] == (400, "BadRequest")
    assert len(emulator.requests()) == before + 1


def test_other_ways_to_ask(client: httpx.Client) -> None:
    assert error(client.get("/v1.0/$batch"))[:2] == (405, "MethodNotAllowed")
    assert client.post("/v1.0/$batch", content=b"{").status_code == 400 + 15
    assert client.post("/v1.0/$batch", content=b"{", headers=JSON).status_code == 400
    large = json.dumps({"requests": [{"id": "x" * (4 * 1024 * 1024)}]})
    assert error(client.post("/v1.0/$batch", content=large, headers=JSON))[:2] == (413, "RequestEntityTooLarge")
