"""GET by id and LIST, envelopes and headers (facts 1.2, 3.1, 3.2, 3.3)."""

import datetime as dt
import uuid
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator

PAGE = 3


def pages(client: httpx.Client, path: str = "/v1.0/subscriptions", *, at_most: int = 100) -> list[list[str]]:
    """The ids on each page."""
    result = []
    for _ in range(at_most):
        answer = client.get(path)
        answer.raise_for_status()
        result.append([each["id"] for each in answer.json()["value"]])
        path = answer.json().get("@odata.nextLink", "")
        if not path:
            break
    return result


@pytest.fixture
def mails(create: Create) -> Any:
    def several(count: int, **changes: object) -> list[str]:
        answers = [create(resource=f"users/u{number}/messages", **changes) for number in range(count)]
        return [answer.json()["id"] for answer in answers]

    return several


@pytest.mark.facts("3.1")
@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (2, [2]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_pages(client: httpx.Client, mails: Any, count: int, sizes: list[int]) -> None:
    """Facts 3.1: the emulator of these tests has pages of three."""
    ids = mails(count)
    found = pages(client)
    assert [len(page) for page in found] == sizes
    assert sum(found, []) == ids  # noqa: RUF017 (few)


def test_what_a_page_looks_like(client: httpx.Client, mails: Any, emulator: RunningEmulator) -> None:
    mails(4)
    body = client.get("/v1.0/subscriptions").json()
    assert body["@odata.context"] == f"{emulator.graph}/v1.0/$metadata#subscriptions"
    assert body["@odata.nextLink"].startswith(f"{emulator.graph}/v1.0/subscriptions?$skiptoken=")


def test_pages_survive_deletes_and_creates(client: httpx.Client, mails: Any, create: Create) -> None:
    """Nothing that stays is missed or comes twice while others come and go."""
    ids = mails(7)
    first = client.get("/v1.0/subscriptions").json()
    client.delete(f"/v1.0/subscriptions/{ids[0]}")
    client.delete(f"/v1.0/subscriptions/{ids[2]}")
    new = create(resource="users").json()["id"]
    rest = pages(client, first["@odata.nextLink"])
    assert sum(rest, []) == [*ids[3:], new]  # noqa: RUF017 (few)


@pytest.mark.facts("1.2")
@pytest.mark.parametrize("query", ["$top=5", "$filter=id eq 'x'", "$select=id", "$skiptoken=x", "$skiptoken=eC4x"])
def test_list_takes_no_query(client: httpx.Client, query: str) -> None:
    """Facts 1.2."""
    assert error(client.get(f"/v1.0/subscriptions?{query}"))[:2] == (400, "BadRequest")


@pytest.mark.facts("1.2")
@pytest.mark.parametrize(("behaviour", "expected"), [("hidden", None), ("shown", "s")])
def test_client_state(
    create: Create, client: httpx.Client, emulator: RunningEmulator, behaviour: str, expected: str | None
) -> None:
    """Facts 1.2: POST and PATCH show it, LIST never does, GET by id is open."""
    emulator.behave(client_state_on_get=behaviour)
    created = create(clientState="s").json()
    path = f"/v1.0/subscriptions/{created['id']}"
    assert created["clientState"] == "s"
    assert client.get(path).json()["clientState"] == expected
    assert client.get("/v1.0/subscriptions").json()["value"][0]["clientState"] is None
    assert client.patch(path, json={"expirationDateTime": soon(hours=2)}).json()["clientState"] == "s"


def test_get_is_what_was_created(create: Create, client: httpx.Client) -> None:
    created = create().json()
    assert client.get(f"/v1.0/subscriptions/{created['id']}").json() == created
    assert client.get(f"/v1.0/subscriptions/{created['id'].upper()}").json() == created
    assert client.get(f"/v1.0/subscriptions('{created['id']}')").json() == created
    listed = client.get("/v1.0/subscriptions").json()["value"]
    assert listed == [{name: value for name, value in created.items() if name != "@odata.context"}]


@pytest.mark.facts("11.4")
@pytest.mark.parametrize(("behaviour", "listed", "status"), [("no", 0, 404), ("yes", 1, 200)])
def test_what_v1_shows_of_beta(
    create: Create, client: httpx.Client, emulator: RunningEmulator, behaviour: str, listed: int, status: int
) -> None:
    """Facts 11.4."""
    emulator.behave(beta_in_v1_list=behaviour)
    created = create(version="beta").json()["id"]
    assert len(client.get("/v1.0/subscriptions").json()["value"]) == listed
    assert len(client.get("/beta/subscriptions").json()["value"]) == 1
    path = f"/v1.0/subscriptions/{created}"
    assert client.get(path).status_code == status
    assert client.patch(path, json={"expirationDateTime": soon(hours=2)}).status_code == status
    assert client.delete(path).status_code == (204 if status == 200 else 404)


def test_beta_shows_v1(create: Create, client: httpx.Client) -> None:
    created = create().json()["id"]
    assert pages(client, "/beta/subscriptions") == [[created]]
    assert client.get(f"/beta/subscriptions/{created}").status_code == 200


@pytest.mark.facts("3.2")
def test_others_are_not_listed(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    """Facts 3.2."""
    create()
    app = emulator.register()
    client.headers["Authorization"] = f"Bearer {emulator.token(clientId=app['clientId'])}"
    assert pages(client) == [[]]


@pytest.mark.facts("3.3")
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1.0/you/messages", (400, "BadRequest", "Resource not found for the segment 'you'.")),
        ("GET", "/beta/", (400, "BadRequest", "Resource not found for the segment ''.")),
        ("GET", "/v2.0/subscriptions", (400, "BadRequest", "Resource not found for the segment 'v2.0'.")),
        ("GET", "/v1.0/subscriptions/1/owner", (400, "BadRequest", "Resource not found for the segment 'owner'.")),
        ("PUT", "/v1.0/subscriptions", (405, "MethodNotAllowed", "The method 'PUT' is not allowed here.")),
        ("POST", "/v1.0/subscriptions/1", (405, "MethodNotAllowed", "The method 'POST' is not allowed here.")),
        (
            "GET",
            "/v1.0/subscriptions/1/reauthorize",
            (405, "MethodNotAllowed", "The method 'GET' is not allowed here."),
        ),
    ],
)
def test_paths_and_methods_that_are_not_there(
    client: httpx.Client, method: str, path: str, expected: tuple[int, str, str]
) -> None:
    """Facts 3.3: in Graph's envelope, always."""
    assert error(client.request(method, path)) == expected


def test_letter_case_of_the_path(client: httpx.Client) -> None:
    assert client.get("/v1.0/Subscriptions/").status_code == 200


@pytest.mark.facts("3.3")
@pytest.mark.parametrize("given", [None, "mine"], ids=["drawn", "echoed"])
def test_envelope_and_headers(client: httpx.Client, emulator: RunningEmulator, given: str | None) -> None:
    """Facts 3.3; date and Date are by the emulator's clock."""
    emulator.advance(86_400)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    answer = client.get("/v1.0/subscriptions/x", headers={"client-request-id": given} if given else {})
    inner = answer.json()["error"]["innerError"]
    assert str(uuid.UUID(answer.headers["request-id"])) == answer.headers["request-id"]
    assert answer.headers["client-request-id"] == (given or answer.headers["request-id"])
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["client-request-id"] == (given or inner["request-id"])
    assert answer.headers["content-type"] == "application/json"
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    said = dt.datetime.fromisoformat(inner["date"]).replace(tzinfo=dt.UTC)
    assert abs(said - tomorrow) < dt.timedelta(seconds=5)
    assert tomorrow.strftime("%d %b %Y") in answer.headers["date"]


@pytest.mark.facts("3.3")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1.0/subscriptions", 200),
        ("GET", "/beta/subscriptions/x", 404),
        ("GET", "/v1.0/teams", 200),
        ("POST", "/v1.0/$batch", 415),
        ("POST", "/{tenant}/oauth2/v2.0/token", 400),
        ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", 200),
        ("GET", "/nowhere", 400),
    ],
)
def test_every_answer_has_one_date(
    client: httpx.Client, emulator: RunningEmulator, method: str, path: str, status: int
) -> None:
    """By the emulator's clock, and the machine's is in none."""
    emulator.advance(86_400)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    answer = client.request(method, path.format(tenant=emulator.info["tenantId"]))
    assert answer.status_code == status
    (date,) = answer.headers.get_list("date")
    ahead = parsedate_to_datetime(date) - dt.datetime.now(dt.UTC)
    assert abs(ahead.total_seconds() - 86_400) < 5


def test_the_control_path_has_none(client: httpx.Client) -> None:
    """Whoever asks there wants to know the time exactly."""
    assert "date" not in client.get("/emulator/clock").headers


def test_good_answers_have_the_headers_too(client: httpx.Client) -> None:
    answer = client.get("/v1.0/subscriptions", headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    assert {"request-id", "date"} <= answer.headers.keys()
