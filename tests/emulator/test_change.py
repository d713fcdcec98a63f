"""PATCH, reauthorize, DELETE and the end of a lifetime (facts 1.4, 3.1, 3.5, 11.4)."""

import base64
import concurrent.futures
import datetime as dt
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import TOO_LONG, error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

NOT_FOUND = (404, "ResourceNotFound", "The object was not found.")
NOTHING = "Subscription must contain either the 'expirationDateTime' or 'notificationUrl' property and its value."


@pytest.fixture
def created(create: Create) -> dict[str, Any]:
    body: dict[str, Any] = create(clientState="s").json()
    return body


def patch(client: httpx.Client, created: dict[str, Any], **body: object) -> httpx.Response:
    return client.patch(f"/v1.0/subscriptions/{created['id']}", json=body)


@pytest.mark.facts("1.2")
def test_patch_extends_and_answers_everything(
    client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator
) -> None:
    """Facts 1.2: clientState is shown in PATCH's answer."""
    answer = patch(client, created, expirationDateTime="2099-01-01T00:00:00Z")
    assert answer.status_code == 400
    expires = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)
    answer = patch(client, created, expirationDateTime=expires.isoformat())
    assert answer.status_code == 200
    assert answer.json() == created | {"expirationDateTime": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert emulator.subscriptions()[0]["renewedDateTime"]


def test_patch_moves_the_url(client: httpx.Client, created: dict[str, Any], receiver: ValidationReceiver) -> None:
    answer = patch(client, created, notificationUrl=receiver.url("/other"))
    assert answer.json() == created | {"notificationUrl": receiver.url("/other")}


def test_patch_of_less_than_45_minutes_is_raised(client: httpx.Client, created: dict[str, Any]) -> None:
    granted = patch(client, created, expirationDateTime=soon(minutes=1)).json()["expirationDateTime"]
    left = dt.datetime.fromisoformat(granted) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=44, seconds=50) < left <= dt.timedelta(minutes=45)


@pytest.mark.facts("1.4", "3.5")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({}, NOTHING, id="nothing"),
        pytest.param({"expirationDateTime": None}, NOTHING, id="null"),
        pytest.param({"encryptionCertificateId": "1"}, NOTHING, id="certificate-alone"),
        pytest.param({"changeType": "deleted"}, NOTHING, id="another-property-alone"),
        pytest.param(
            {"expirationDateTime": "2099-01-01T00:00:00Z", "clientState": "n"},
            "The property 'clientState' cannot be updated.",
            id="client-state",
        ),
        pytest.param({"expirationDateTime": "soon"}, "Invalid 'expirationDateTime' attribute: 'soon'.", id="garbled"),
        pytest.param({"notificationUrl": "ftp://x"}, "Invalid 'notificationUrl' attribute: 'ftp://x'.", id="no-https"),
    ],
)
def test_what_patch_refuses(
    client: httpx.Client, created: dict[str, Any], receiver: ValidationReceiver, body: dict[str, Any], message: str
) -> None:
    """Facts 1.4."""
    receiver.received.clear()
    assert error(patch(client, created, **body)) == (400, "InvalidRequest", message)
    assert receiver.received == []


@pytest.mark.facts("3.5", "11.4")
@pytest.mark.parametrize(("changes", "minutes", "ending"), TOO_LONG)
def test_patch_has_the_same_maximum(
    create: Create, client: httpx.Client, changes: dict[str, Any], minutes: int, ending: str
) -> None:
    """Facts 3.5, and that it is refused there as on create is one answer to an open question (facts 11.4)."""
    answer = patch(client, create(**changes).json(), expirationDateTime=soon(minutes=minutes))
    status, code, message = error(answer)
    assert (status, code) == (400, "ExtensionError")
    assert message.endswith(ending)
    assert message.startswith(("Operation: Update; ", "Subscription expiration"))


@pytest.mark.facts("1.4")
@pytest.mark.parametrize(
    ("behaviour", "status", "expected"), [("ignored", 200, "old"), ("taken", 200, "new"), ("refused", 400, "old")]
)
def test_certificate_in_patch(
    create: Create, client: httpx.Client, emulator: RunningEmulator, behaviour: str, status: int, expected: str
) -> None:
    """Facts 1.4: unproven, so all three."""
    pem = base64.b64encode(Path(emulator.info["clientCertificate"]).read_bytes()).decode()
    rich = {"includeResourceData": True, "encryptionCertificate": pem, "encryptionCertificateId": "old"}
    created = create(**rich).json()
    emulator.behave(certificate_patch=behaviour)
    answer = patch(
        client,
        created,
        expirationDateTime=soon(days=1),
        encryptionCertificate=pem,
        encryptionCertificateId="new",
    )
    assert answer.status_code == status
    read = client.get(f"/v1.0/subscriptions/{created['id']}").json()
    assert read["encryptionCertificateId"] == expected


def test_a_taken_certificate_must_be_one(
    client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator
) -> None:
    emulator.behave(certificate_patch="taken")
    answer = patch(client, created, expirationDateTime=soon(days=1), encryptionCertificate="eA==")
    assert error(answer)[2] == "Certificate validation error: Cannot find the requested object."


@pytest.mark.facts("6")
def test_reauthorize_does_not_extend(client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator) -> None:
    """Facts 6: 204, no body."""
    answer = client.post(f"/v1.0/subscriptions/{created['id']}/reauthorize")
    assert (answer.status_code, answer.content) == (204, b"")
    found = emulator.subscriptions()[0]
    assert found["expirationDateTime"] == created["expirationDateTime"]
    assert found["reauthorizedDateTime"]
    assert found["renewedDateTime"] is None


@pytest.mark.facts("3.1")
def test_delete(client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator, create: Create) -> None:
    """Facts 3.1: 204, then 404; the slot is free again."""
    answer = client.delete(f"/v1.0/subscriptions/{created['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert emulator.subscriptions() == []
    assert error(client.delete(f"/v1.0/subscriptions/{created['id']}")) == NOT_FOUND
    assert create().status_code == 201


def test_what_is_deleted_while_it_is_renewed_is_not_found(
    client: httpx.Client, created: dict[str, Any], receiver: ValidationReceiver
) -> None:
    """The endpoints are asked in between."""
    receiver.mode, receiver.delay = "slow", 0.3
    before = len(receiver.received)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        path = f"/v1.0/subscriptions/{created['id']}"
        renewal = pool.submit(client.patch, path, json={"expirationDateTime": soon(hours=2)})
        while len(receiver.received) == before:
            time.sleep(0.01)
        assert client.delete(path).status_code == 204
        assert error(renewal.result())[:2] == (404, "ResourceNotFound")


@pytest.mark.facts("3.1", "3.2", "11.4", "3.5")
@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"expirationDateTime": "2099-01-01T00:00:00Z"}),
        ("DELETE", "", None),
        ("POST", "/reauthorize", None),
    ],
)
@pytest.mark.parametrize("why", ["unknown", "expired", "another-app", "another-tenant"])
def test_what_is_not_there(
    client: httpx.Client,
    created: dict[str, Any],
    emulator: RunningEmulator,
    method: str,
    suffix: str,
    body: dict[str, Any] | None,
    why: str,
) -> None:
    """Facts 3.1, 3.2, 11.4."""
    identifier = created["id"]
    if why == "unknown":
        identifier = "0a1b2c3d-0000-4000-8000-000000000000"
    elif why == "expired":
        emulator.advance(7201)
        client.headers["Authorization"] = f"Bearer {emulator.token()}"
    else:
        another_tenant = {"tenantId": "fabrikam", "clientId": emulator.info["clientId"]}
        app = emulator.register(**({} if why == "another-app" else another_tenant))
        token = emulator.token(clientId=app["clientId"], tenantId=app["tenantId"])
        client.headers["Authorization"] = f"Bearer {token}"
    answer = client.request(method, f"/v1.0/subscriptions/{identifier}{suffix}", json=body)
    assert error(answer) == NOT_FOUND


def test_expired_ones_vanish_and_free_their_slot(
    client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator, create: Create
) -> None:
    emulator.advance(7201)
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    assert created["id"]
    assert client.get("/v1.0/subscriptions").json()["value"] == []
    assert emulator.subscriptions() == []
    assert create(expirationDateTime=soon(hours=4)).status_code == 201


def test_a_renewed_one_outlives_its_first_expiration(
    client: httpx.Client, created: dict[str, Any], emulator: RunningEmulator
) -> None:
    patch(client, created, expirationDateTime=soon(days=2))
    emulator.advance(7201)
    assert [each["id"] for each in emulator.subscriptions()] == [created["id"]]


@pytest.mark.facts("1.6", "3.4")
@pytest.mark.parametrize(
    ("method", "suffix", "body", "operation"),
    [
        ("PATCH", "", {"expirationDateTime": "2099-01-01T00:00:00Z"}, "Update"),
        ("POST", "/reauthorize", None, "Update"),
        ("DELETE", "", None, "Delete"),
    ],
)
def test_changes_need_the_permission_too(
    client: httpx.Client,
    created: dict[str, Any],
    emulator: RunningEmulator,
    method: str,
    suffix: str,
    body: dict[str, Any] | None,
    operation: str,
) -> None:
    """Facts 1.6: the same permission as creation; reading asks for none here."""
    client.headers["Authorization"] = f"Bearer {emulator.token(roles=['Sites.Read.All'])}"
    answer = client.request(method, f"/v1.0/subscriptions/{created['id']}{suffix}", json=body)
    status, code, message = error(answer)
    assert (status, code) == (403, "ExtensionError")
    assert message.startswith(f"Operation: {operation}; Exception: [Status Code: Forbidden; Reason: Caller does not")
    assert client.get(f"/v1.0/subscriptions/{created['id']}").status_code == 200
