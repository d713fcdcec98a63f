"""Too many requests (facts 8.1, 8.3): the windows by themselves, and the answer over HTTP."""

import datetime as dt
from typing import Any

import httpx
import pytest

from reconciler.emulator.graph.throttling import Throttle, Window
from tests.emulator.conftest import Create
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator

NOW = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
LIST = "/v1.0/subscriptions"


def waits(limit: int, *times: float) -> list[float]:
    window = Window(limit)
    return [window.take(time) for time in times]


@pytest.mark.facts("8.1", "8.3")
@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param((0, 1, 2), [0, 0, 0], id="as-many-as-are-allowed"),
        pytest.param((0, 1, 2, 5), [0, 0, 0, 16], id="until-the-second-leaves-the-window"),
        pytest.param((0, 1, 2, 20), [0, 0, 0, 0], id="a-sliding-window"),
        pytest.param((0, 1, 2, 20, 20.5), [0, 0, 0, 0, 1.5], id="it-slides-one-by-one"),
        pytest.param((0, 1, 2, 5, 6, 7, 21), [0, 0, 0, 16, 16, 18, 5], id="what-is-refused-counts-too"),
        pytest.param((0, 1, 2, 5, 21), [0, 0, 0, 16, 0], id="who-waits-as-told-gets-through"),
    ],
)
def test_a_window(times: tuple[float, ...], expected: list[float]) -> None:
    assert waits(3, *times) == expected


def asked(throttle: Throttle, method: str, count: int, owner: tuple[str, str] = ("t", "a")) -> list[int]:
    return [throttle.take(method, owner, NOW) for _ in range(count)]


@pytest.mark.facts("8.1")
@pytest.mark.parametrize(
    ("method", "limit"),
    [("POST", 500), ("PATCH", 500), ("PUT", 500), ("DELETE", 500), ("REAUTHORIZE", 1000), ("GET", 500), ("LIST", 25)],
)
def test_limits_per_app_and_tenant(method: str, limit: int) -> None:
    throttle = Throttle()
    assert set(asked(throttle, method, limit)) == {0}
    assert asked(throttle, method, 1) == [20]
    assert asked(throttle, method, 1, ("u", "a")) == [0]
    assert asked(throttle, method, 1, ("t", "b")) == [0]


@pytest.mark.facts("8.1")
@pytest.mark.parametrize(
    ("method", "limit", "tenants"), [("POST", 2000, 4), ("REAUTHORIZE", 4000, 4), ("GET", 2000, 4), ("LIST", 40, 2)]
)
def test_limits_per_app_over_all_tenants(method: str, limit: int, tenants: int) -> None:
    """The first limit that is hit wins."""
    throttle = Throttle()
    for tenant in range(tenants):
        assert set(asked(throttle, method, limit // tenants, (str(tenant), "a"))) == {0}
    assert asked(throttle, method, 1, ("another", "a")) == [20]
    assert asked(throttle, method, 1, ("another", "b")) == [0]


@pytest.mark.facts("8.3")
def test_what_is_told_is_rounded_up() -> None:
    """Who waits for whole seconds must not come too early."""
    throttle = Throttle()
    asked(throttle, "LIST", 25)
    assert throttle.take("LIST", ("t", "a"), NOW + dt.timedelta(seconds=0.5)) == 20
    assert throttle.take("LIST", ("t", "b"), NOW + dt.timedelta(seconds=0.5)) == 0


def test_each_kind_counts_for_itself_and_writes_together() -> None:
    throttle = Throttle()
    asked(throttle, "POST", 250)
    asked(throttle, "DELETE", 250)
    assert asked(throttle, "PATCH", 1) == [20]
    assert [asked(throttle, each, 1) for each in ("GET", "LIST", "REAUTHORIZE", "BATCH", "WORLD")] == [[0]] * 5


@pytest.fixture
def documented(emulator: RunningEmulator) -> None:
    emulator.behave(throttling="documented")


@pytest.mark.facts("3.5", "8.1", "8.3")
@pytest.mark.usefixtures("documented")
def test_too_many_lists(client: httpx.Client, emulator: RunningEmulator, create: Create) -> None:
    """With the inner error of its own; others are not held up, and after the time that was told it goes on."""
    assert {client.get(LIST).status_code for _ in range(25)} == {200}
    answer = client.get(LIST)
    assert error(answer) == (429, "TooManyRequests", "Please retry again later.")
    inner: dict[str, Any] = answer.json()["error"]["innerError"]
    assert inner.keys() == {"code", "message", "status", "date", "request-id"}
    assert (inner["code"], inner["message"], inner["status"]) == ("429", "Please retry after", "429")
    wait = int(answer.headers["retry-after"])
    assert 1 <= wait <= 20
    assert create().status_code == 201
    emulator.advance(wait)
    assert client.get(LIST).status_code == 200


@pytest.mark.usefixtures("documented")
def test_retrying_at_once_does_not_help(client: httpx.Client, emulator: RunningEmulator) -> None:
    """Facts 8.3: immediate retries count against you."""
    for _ in range(25):
        client.get(LIST)
    emulator.advance(12)
    assert {client.get(LIST).status_code for _ in range(25)} == {429}
    emulator.advance(12)
    assert client.get(LIST).status_code == 429
    emulator.advance(21)
    assert client.get(LIST).status_code == 200


@pytest.mark.usefixtures("documented")
def test_pages_and_both_versions_count(client: httpx.Client) -> None:
    statuses = [client.get(f"/{version}/subscriptions").status_code for version in ("v1.0", "beta") * 13]
    assert statuses == [200] * 25 + [429]


def test_it_can_be_switched_off(client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.behave(throttling="off")
    assert {client.get(LIST).status_code for _ in range(30)} == {200}


@pytest.mark.usefixtures("documented")
def test_a_reset_forgets_the_windows(client: httpx.Client, emulator: RunningEmulator) -> None:
    for _ in range(25):
        client.get(LIST)
    emulator.reset()
    emulator.behave(throttling="documented")
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    assert client.get(LIST).status_code == 200
