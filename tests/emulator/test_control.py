"""The control path: clock, behaviours, apps, tokens, reset, and the request log."""

import asyncio
import datetime as dt
from typing import Any

import httpx
import pytest

from reconciler.emulator import BEHAVIOURS
from reconciler.emulator.model.requests import KEPT, Asked, Requests
from tests.emulator.conftest import Ask, Create
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver


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
    """The suite's own emulator does not throttle; otherwise they are the defaults."""
    defaults = {name: behaviour.values[0] for name, behaviour in BEHAVIOURS.items()} | {"throttling": "off"}
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
    drawn = {"requestedAccessTokenVersion": 2, "appRoleAssignmentRequired": False}
    assert emulator.register(**given) == given | drawn
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
    emulator.tell(create().json()["id"], "reauthorizationRequired")
    emulator.settle()
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
    assert emulator.control("GET", "deliveries")["count"] == 0
    assert create().status_code == 201


async def test_what_began_before_a_reset_does_not_end_after_it(
    emulator: RunningEmulator, receiver: ValidationReceiver, ask: Ask
) -> None:
    """A creation whose endpoint was still being asked."""
    receiver.mode, receiver.delay = "slow", 0.2
    async with emulator.async_client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        creation = asyncio.create_task(client.post("/v1.0/subscriptions", json=ask()))
        while not receiver.received:  # noqa: ASYNC110 (it is in another thread)
            await asyncio.sleep(0.005)
        emulator.reset()
        assert (await creation).status_code == 503
    assert emulator.subscriptions() == []


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


def test_the_newest_requests_are_told(emulator: RunningEmulator, client: httpx.Client, create: Create) -> None:
    create()
    client.get("/v1.0/subscriptions?$top=1")
    emulator.advance(3600)
    told = emulator.control("GET", "requests?limit=2")
    assert [each["path"] for each in told["value"]] == ["/v1.0/subscriptions?$top=1", "/emulator/clock"]
    assert told["count"] == len(emulator.control("GET", "requests")["value"])
    [listed] = emulator.control("GET", "requests?path=/v1.0/subscriptions&limit=1")["value"]
    at = dt.datetime.fromisoformat(listed.pop("at"))
    assert abs((at - dt.datetime.now(dt.UTC)).total_seconds()) < 5
    assert 0 < listed.pop("seconds") < 5
    known = {"tenant": emulator.info["tenantId"], "app": emulator.info["clientId"]}
    assert listed == {"method": "GET", "path": "/v1.0/subscriptions?$top=1", "status": 400, **known}


def test_who_only_looks_leaves_no_trace(emulator: RunningEmulator, client: httpx.Client) -> None:
    before = emulator.control("GET", "requests"), (emulator.home / "requests.jsonl").read_text()
    for path in ("/emulator", "/emulator/clock", "/emulator/subscriptions?limit=1"):
        assert client.get(path).status_code == 200
    assert (emulator.control("GET", "requests"), (emulator.home / "requests.jsonl").read_text()) == before


def test_requests_are_kept_in_bounded_memory() -> None:
    lines: list[dict[str, object]] = []
    requests = Requests(log=lines.append)
    for number in range(KEPT + 10):
        path, method = f"/{number}", "POST" if number % 2 else "GET"
        at = dt.datetime.now(dt.UTC)
        requests.add(Asked(method=method, path=path, status=200, tenant=None, app=None, seconds=0.1, at=at))
    kept = requests.newest(None)
    assert (len(kept), kept[0].path, kept[-1].path) == (KEPT, "/10", f"/{KEPT + 9}")
    assert (requests.count, requests.writes, len(lines)) == (KEPT + 10, KEPT // 2 + 5, KEPT + 10)


@pytest.mark.parametrize("path", ["requests", "subscriptions", "deliveries", "endpoints"])
@pytest.mark.parametrize("limit", ["-1", "x", "1.5", "", "²"])
def test_limits_that_are_none(emulator: RunningEmulator, path: str, limit: str) -> None:
    with pytest.raises(ValueError, match=r": 400 .*is no limit: use a whole number"):
        emulator.control("GET", f"{path}?limit={limit}")


def test_the_newest_subscriptions_are_told(emulator: RunningEmulator, create: Create) -> None:
    made = [create(resource=f"/teams/0a1b2c3d-0000-4000-8000-00000000000{number}").json() for number in range(3)]
    told = emulator.control("GET", "subscriptions?limit=2")
    assert ([each["id"] for each in told["value"]], told["count"]) == ([each["id"] for each in made[1:]], 3)
    assert told["value"][0]["endpoint"] == made[0]["notificationUrl"].partition("?")[0]
    assert emulator.control("GET", "subscriptions?limit=0") == {"value": [], "count": 3}


def test_control_requests_are_in_the_file_too(emulator: RunningEmulator) -> None:
    emulator.advance(1)
    assert '"path": "/emulator/clock", "status": 200' in (emulator.home / "requests.jsonl").read_text()


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200)])
def test_a_page_of_another_site_cannot_turn_the_clock(emulator: RunningEmulator, site: str, status: int) -> None:
    """Browsers post such a body without asking first; they do say where the page is from."""
    with emulator.client() as client:
        headers = {"Sec-Fetch-Site": site, "Content-Type": "text/plain"}
        answer = client.post("/emulator/clock", content=b'{"advance": 60}', headers=headers)
    assert answer.status_code == status
    assert emulator.control("GET", "clock")["offset"] == (60 if status == 200 else 0)


@pytest.mark.parametrize("path", ["/emulator/clock", "/v1.0/subscriptions", "/v1.0/teams"])
def test_json_that_is_too_deep_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.post(path, content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
