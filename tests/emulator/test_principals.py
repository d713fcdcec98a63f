"""Service principals, as far as they decide whether data is sent (facts 7.1)."""

import httpx
import pytest

from tests.support.emulator import RunningEmulator

READER = ["Application.Read.All"]


def read(client: httpx.Client, token: str, app: str, *, query: str = "", method: str = "GET") -> httpx.Response:
    path = f"/v1.0/servicePrincipals(appId='{app}'){query}"
    return client.request(method, path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.facts("7.1")
@pytest.mark.parametrize("required", [True, False])
def test_whether_an_assignment_is_required(client: httpx.Client, emulator: RunningEmulator, required: bool) -> None:
    app = emulator.register(appRoleAssignmentRequired=required)["clientId"]
    body = read(client, emulator.token(READER), app, query="?$select=appRoleAssignmentRequired").json()
    root = f"{emulator.graph}/v1.0/$metadata#servicePrincipals"
    assert body == {
        "@odata.context": f"{root}(appRoleAssignmentRequired)/$entity",
        "appRoleAssignmentRequired": required,
    }


def test_all_that_there_is_of_it_in_any_letter_case(client: httpx.Client, emulator: RunningEmulator) -> None:
    app = emulator.info["clientId"]
    body = read(client, emulator.token(READER), app.upper()).json()
    assert body["@odata.context"].endswith("#servicePrincipals/$entity")
    assert {name: value for name, value in body.items() if name[0] != "@"} == {
        "appId": app,
        "appRoleAssignmentRequired": False,
    }


def test_who_may_not_read_it(client: httpx.Client, emulator: RunningEmulator) -> None:
    answer = read(client, emulator.token(["User.Read.All"]), emulator.info["clientId"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_one_that_is_not_there_or_in_another_tenant(client: httpx.Client, emulator: RunningEmulator) -> None:
    elsewhere = emulator.register(tenantId="0f2e8f59-862a-483b-9ca8-82a10665e17d")["clientId"]
    for app in ("6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55", elsewhere):
        assert read(client, emulator.token(READER), app).status_code == 404


def test_it_can_only_be_read(client: httpx.Client, emulator: RunningEmulator) -> None:
    app = emulator.info["clientId"]
    assert read(client, emulator.token(READER), app, method="DELETE").status_code == 405
    assert read(client, emulator.token(READER), app, query="?$select=keyCredentials").status_code == 400
