"""What a subscription is for: whether it has to exist (facts 3.5), and who ``me`` is (facts 2.1)."""

import httpx
import jwt
import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

NOBODY = "teams/0a1b2c3d-0000-4000-8000-00000000000f"
INVALID = (
    "Operation: Create; Exception: [Status Code: BadRequest; Reason: The value of parameter 'Resource' is invalid.]"
)


@pytest.mark.facts("3.5")
@pytest.mark.parametrize("resource", [NOBODY, f"{NOBODY}/channels"])
def test_a_target_that_is_not_there(
    create: Create, emulator: RunningEmulator, receiver: ValidationReceiver, resource: str
) -> None:
    """Refused after validation, as a workload refuses; accepted otherwise, and it never notifies."""
    emulator.behave(unknown_targets="refused")
    assert error(create(resource=resource)) == (400, "ExtensionError", INVALID)
    assert len(receiver.received) == 2
    emulator.behave(unknown_targets="accepted")
    assert create(resource=resource).status_code == 201


def test_a_target_that_is_there(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    emulator.behave(unknown_targets="refused")
    team = client.post("/v1.0/teams", json={"displayName": "Here"})
    assert team.is_success, team.text
    found = client.get("/v1.0/teams").json()["value"]
    identifier = next(each["id"] for each in found if each["displayName"] == "Here")
    for resource in ("teams", f"teams/{identifier}", f"teams/{identifier}/channels"):
        assert create(resource=resource).status_code == 201


@pytest.fixture
def user(client: httpx.Client, emulator: RunningEmulator) -> str:
    """The id of somebody who is signed in, as ``client`` is from here on."""
    token = emulator.token(scopes=["Mail.Read"])
    client.headers["Authorization"] = f"Bearer {token}"
    return str(jwt.decode(token, options={"verify_signature": False})["oid"])


@pytest.mark.facts("2.1", "11.4")
def test_me_is_who_is_signed_in(create: Create, client: httpx.Client, emulator: RunningEmulator, user: str) -> None:
    """Returned as it was sent, and the same resource as ``users/{id}``."""
    emulator.behave(twins="conflict")
    created = create(resource="me/messages").json()
    assert created["resource"] == "me/messages"
    assert emulator.subscriptions()[0]["topics"] == [f"users/{user}/messages"]
    assert create(resource=f"users/{user.upper()}/messages").status_code == 409
    assert create(resource="/Me/messages?$filter=isRead eq false").status_code == 201
    renewed = client.patch(f"/v1.0/subscriptions/{created['id']}", json={"expirationDateTime": soon(hours=3)})
    assert renewed.json()["resource"] == "me/messages"


def test_an_application_is_nobody(create: Create, receiver: ValidationReceiver) -> None:
    """Graph's own words for ``/me``; that they come here too is ours."""
    message = "/me request is only valid with delegated authentication flow."
    assert error(create(resource="me/messages")) == (400, "BadRequest", message)
    assert receiver.received == []
