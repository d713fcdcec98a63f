"""The control path: clock, behaviours, apps, tokens, reset, and the request log."""

import datetime as dt
from typing import Any

import httpx
import pytest

from reconciler.emulator import BEHAVIOURS
from tests.emulator.conftest import Create
from tests.support.emulator import RunningEmulator


def test_the_clock_moves(emulator: RunningEmulator) -> None:
    emulator.advance(60)
    emulator.advance(0.5)
    told = emulator.control("GET", "clock")
    assert told["offset"] == 60.5
    there = dt.datetime.fromisoformat(told["now"]) - dt.datetime.now(dt.UTC)
    assert abs(there.total_seconds() - 60.5) < 5


@pytest.mark.parametrize(
    "data", [{}, {"advance": "1"}, {"advance": True}, {"advance": 1, "by": 2}, {"advance": 1e300}, []]
)
def test_the_clock_is_not_moved_by_nonsense(emulator: RunningEmulator, data: Any) -> None:
    with pytest.raises(ValueError, match=r": 400 "):
        emulator.control("POST", "clock", data)
    assert emulator.control("GET", "clock")["offset"] == 0


def test_behaviours_are_told_and_changed_one_by_one(emulator: RunningEmulator) -> None:
    defaults = {name: behaviour.values[0] for name, behaviour in BEHAVIOURS.items()}
    assert emulator.control("GET", "behaviours") == defaults
    emulator.behave(twins="conflict")
    emulator.behave(validate_on_patch="never")
    changed = defaults | {"twins": "conflict", "validate-on-patch": "never"}
    assert emulator.control("GET", "behaviours") == changed


@pytest.mark.parametrize("behaviours", [{"twins": "maybe"}, {"twin": "accept"}, {"twins": 1}, {"twins": None}])
def test_behaviours_that_are_none(emulator: RunningEmulator, behaviours: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r": 400 .*twin"):
        emulator.control("PUT", "behaviours", behaviours)


def test_the_behaviours_of_the_start_come_back_with_a_reset(tmp_path: Any) -> None:
    with RunningEmulator(tmp_path, behaviours={"twins": "conflict"}) as emulator:
        emulator.behave(twins="accept")
        emulator.reset()
        assert emulator.control("GET", "behaviours")["twins"] == "conflict"


@pytest.mark.parametrize("app", [{"name": "x"}, {"roles": "User.Read.All"}, {"roles": [1]}, {"clientId": 1}])
def test_apps_that_are_none(emulator: RunningEmulator, app: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r": 400 "):
        emulator.register(**app)


def test_apps_are_told_and_replaced(emulator: RunningEmulator) -> None:
    given = {"tenantId": "fabrikam", "clientId": "a", "clientSecret": "b", "roles": ["User.Read.All"]}
    assert emulator.register(**given) == given
    emulator.register(**given | {"roles": []})
    told = emulator.control("GET", "apps")["value"]
    assert [each["clientId"] for each in told] == [emulator.info["clientId"], "a"]
    assert told[1]["roles"] == []


@pytest.mark.parametrize(
    "data",
    [{"clientId": "unknown"}, {"role": []}, {"roles": "x"}, {"lifetime": "1"}],
    ids=["app", "key", "roles", "lifetime"],
)
def test_tokens_that_are_none(emulator: RunningEmulator, data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r": 400 "):
        emulator.control("POST", "tokens", data)


def test_a_token_of_another_lifetime(emulator: RunningEmulator, client: httpx.Client) -> None:
    client.headers["Authorization"] = f"Bearer {emulator.token(lifetime=0)}"
    assert client.get("/v1.0/subscriptions").status_code == 401


def test_a_body_that_is_no_json(client: httpx.Client) -> None:
    assert client.put("/emulator/faults", content=b"{").status_code == 400


def test_a_reset_forgets_everything(emulator: RunningEmulator, create: Create) -> None:
    create()
    emulator.register(tenantId="fabrikam")
    emulator.advance(10)
    emulator.faults({"slow": 1})
    emulator.behave(twins="conflict")
    emulator.reset()
    assert emulator.subscriptions() == []
    assert emulator.control("GET", "clock")["offset"] == 0
    assert emulator.control("GET", "faults")["slow"] == 0
    assert emulator.control("GET", "behaviours")["twins"] == "accept"
    assert len(emulator.control("GET", "apps")["value"]) == 1
    assert create().status_code == 201


def test_everything_is_told_of_all_tenants(emulator: RunningEmulator, create: Create, client: httpx.Client) -> None:
    create(clientState="s")
    app = emulator.register(tenantId="fabrikam")
    client.headers["Authorization"] = f"Bearer {emulator.token(clientId=app['clientId'], tenantId='fabrikam')}"
    resource = "solutions/virtualEvents/events?$filter=organizerid eq 'b' and coorganizerid in ('a')"
    create(version="beta", resource=resource, changeType="created")
    first, second = emulator.subscriptions()
    assert (first["clientState"], first["tenantId"]) == ("s", emulator.info["tenantId"])
    assert (second["tenantId"], second["graphVersion"], second["anyOf"]) == ("fabrikam", "beta", ["a", "b"])


def test_every_request_is_logged(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    before = len(emulator.requests())
    client.get("/v1.0/subscriptions?$top=1")
    client.get("/v1.0/subscriptions", headers={"Authorization": "Bearer x"})
    client.post(f"/{emulator.info['tenantId']}/oauth2/v2.0/token", data={})
    create()
    known = {"tenant": emulator.info["tenantId"], "app": emulator.info["clientId"]}
    nobody = {"tenant": None, "app": None}
    token = f"/{emulator.info['tenantId']}/oauth2/v2.0/token"
    assert emulator.requests()[before:] == [
        {"method": "GET", "path": "/v1.0/subscriptions?$top=1", "status": 400, **known},
        {"method": "GET", "path": "/v1.0/subscriptions", "status": 401, **nobody},
        {"method": "POST", "path": token, "status": 400, **nobody},
        {"method": "POST", "path": "/v1.0/subscriptions", "status": 201, **known},
    ]


def test_control_requests_are_in_the_file_too(emulator: RunningEmulator) -> None:
    emulator.advance(1)
    assert '"path": "/emulator/clock", "status": 200' in (emulator.home / "requests.jsonl").read_text()
