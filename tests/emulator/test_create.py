"""POST: what it answers and what it refuses, each with Graph's text (facts 1, 3.5)."""

import base64
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from reconciler.core.catalog import ENTRIES, Version
from reconciler.emulator.certificates import Key, named
from tests.emulator.conftest import Ask, Create, soon
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

TEAM = "/teams/0a1b2c3d-0000-4000-8000-00000000000a"
MAIL = "users/u1/messages"
EVENTS = "solutions/virtualEvents/events"
NULLABLE = {
    "clientState",
    "encryptionCertificate",
    "encryptionCertificateId",
    "includeResourceData",
    "latestSupportedTlsVersion",
    "notificationContentType",
    "notificationQueryOptions",
    "notificationUrlAppId",
}


def error(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()["error"]
    return answer.status_code, body["code"], body["message"]


@pytest.mark.facts("1.2", "3.1")
def test_what_is_answered(create: Create, emulator: RunningEmulator, receiver: ValidationReceiver) -> None:
    """Facts 1.2 and 3.1: everything set is echoed, everything else is null."""
    answer = create(expirationDateTime="2099-01-01T00:00:00Z", resource="/users", clientState="s")
    assert error(answer)[0] == 400
    expires = soon(minutes=90)
    answer = create(expirationDateTime=expires, clientState="s", latestSupportedTlsVersion="v1_3")
    body = answer.json()
    assert answer.status_code == 201
    assert body["@odata.context"] == f"{emulator.graph}/v1.0/$metadata#subscriptions/$entity"
    assert body["resource"] == TEAM
    assert body["changeType"] == "updated"
    assert body["clientState"] == "s"
    assert body["latestSupportedTlsVersion"] == "v1_3"
    assert body["notificationUrl"] == receiver.url("/notifications?who=me")
    assert body["applicationId"] == emulator.info["clientId"]
    assert body["creatorId"]
    assert {name for name, value in body.items() if value is None} == NULLABLE - {
        "clientState",
        "latestSupportedTlsVersion",
    }
    assert answer.headers["location"] == f"{emulator.graph}/v1.0/subscriptions/{body['id']}"


@pytest.mark.facts("1.2", "2.3")
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        pytest.param("2031-01-02T03:04:05.0000000Z", "2031-01-02T03:04:05Z", id="zeros-are-cut"),
        pytest.param("2031-01-02T03:04:05.1200000Z", "2031-01-02T03:04:05.12Z", id="trailing-zeros-are-cut"),
        pytest.param("2031-01-02T03:04:05.1234567Z", "2031-01-02T03:04:05.123456Z", id="seven-digits"),
        pytest.param("2031-01-02T03:04:05+05:30", "2031-01-01T21:34:05Z", id="offset"),
        pytest.param("2031-01-02t03:04:05z".upper(), "2031-01-02T03:04:05Z", id="no-fraction"),
    ],
)
def test_how_expirations_are_spelled(ask: Ask, emulator: RunningEmulator, asked: str, answered: str) -> None:
    """Facts 1.2, 2.3; the emulator's clock is moved to the day before."""
    day_before = dt.datetime(2031, 1, 1, 2, tzinfo=dt.UTC) - dt.datetime.now(dt.UTC)
    emulator.advance(day_before.total_seconds())
    emulator_token = {"Authorization": f"Bearer {emulator.token()}"}
    with emulator.client(headers=emulator_token) as client:
        answer = client.post("/v1.0/subscriptions", json=ask(expirationDateTime=asked, resource="users"))
    assert answer.json()["expirationDateTime"] == answered


@pytest.mark.facts("1.1", "1.3")
@pytest.mark.parametrize("minutes", [0.1, 1, 44])
def test_less_than_45_minutes_is_raised(create: Create, minutes: float) -> None:
    """Facts 1.1, 1.3: silently, so the returned value differs from the requested one."""
    answer = create(expirationDateTime=soon(minutes=minutes))
    granted = dt.datetime.fromisoformat(answer.json()["expirationDateTime"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=44, seconds=50) < granted <= dt.timedelta(minutes=45)


LIFECYCLE = (
    "'lifecycleNotificationUrl' is a required property for subscription creation on this resource when the "
    "'expirationDateTime' value is set to greater than 1 hour."
)
NOT_RICH = "workload is not enabled for rich notifications."

REFUSED_BEFORE_VALIDATION = [
    pytest.param(
        {"changeType": None}, "changeType is a required property for subscription creation", id="no-change-type"
    ),
    pytest.param({"resource": None}, "resource is a required property for subscription creation", id="no-resource"),
    pytest.param(
        {"notificationUrl": None}, "notificationUrl is a required property for subscription creation", id="no-url"
    ),
    pytest.param(
        {"expirationDateTime": None},
        "expirationDateTime is a required property for subscription creation",
        id="no-expiry",
    ),
    pytest.param(
        {"expirationDateTime": "tomorrow"}, "Invalid 'expirationDateTime' attribute: 'tomorrow'.", id="garbled"
    ),
    pytest.param(
        {"expirationDateTime": "2031-01-01T00:00:00"},
        "Invalid 'expirationDateTime' attribute: '2031-01-01T00:00:00'.",
        id="no-offset",
    ),
    pytest.param(
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
        "Invalid 'expirationDateTime' attribute: '2020-01-01T00:00:00Z' is in the past.",
        id="past",
    ),
    pytest.param(
        {"resource": "users", "changeType": "created"}, "Invalid 'changeType' attribute: 'created'.", id="users-created"
    ),
    pytest.param({"changeType": "updated,created"}, "Invalid 'changeType' attribute: 'created'.", id="team-created"),
    pytest.param({"changeType": "renamed"}, "Invalid 'changeType' attribute: 'renamed'.", id="unknown-change-type"),
    pytest.param({"changeType": "updated,"}, "Invalid 'changeType' attribute: ''.", id="empty-change-type"),
    pytest.param(
        {"resource": "/drive/items/1/"}, "resource '/drive/items/1/' is not supported.", id="unknown-resource"
    ),
    pytest.param({"resource": "teams/{team-id}"}, "resource 'teams/{team-id}' is not supported.", id="placeholder"),
    pytest.param(
        {"notificationUrl": "http://localhost/n"},
        "Invalid 'notificationUrl' attribute: 'http://localhost/n'.",
        id="http",
    ),
    pytest.param(
        {"lifecycleNotificationUrl": "nowhere"},
        "Invalid 'lifecycleNotificationUrl' attribute: 'nowhere'.",
        id="lifecycle-no-url",
    ),
    pytest.param({"lifecycleNotificationUrl": None}, LIFECYCLE, id="no-lifecycle-url"),
    pytest.param({"latestSupportedTlsVersion": "v2"}, "Invalid 'latestSupportedTlsVersion' attribute: 'v2'.", id="tls"),
    pytest.param({"clientState": "x" * 129}, "'clientState' can have 128 characters at most.", id="client-state"),
    pytest.param(
        {"includeResourceData": True, "resource": "users"}, f"Directory Services {NOT_RICH}", id="users-are-never-rich"
    ),
    pytest.param(
        {"includeResourceData": True, "resource": "drives/d/root"},
        f"File Services {NOT_RICH}",
        id="files-are-never-rich",
    ),
    pytest.param(
        {"includeResourceData": True, "resource": EVENTS, "changeType": "created"},
        f"Virtual Events Services {NOT_RICH}",
        id="virtual-events-are-never-rich",
    ),
    pytest.param(
        {"includeResourceData": True},
        "'encryptionCertificate' is required when 'includeResourceData' is true.",
        id="no-certificate",
    ),
    pytest.param(
        {"includeResourceData": True, "encryptionCertificate": "eA=="},
        "'encryptionCertificateId' is required when 'includeResourceData' is true.",
        id="no-certificate-id",
    ),
    pytest.param(
        {"includeResourceData": True, "encryptionCertificate": "bm8=", "encryptionCertificateId": "1"},
        "Certificate validation error: Cannot find the requested object.",
        id="no-real-certificate",
    ),
    pytest.param(
        {"includeResourceData": True, "encryptionCertificate": "no base64!", "encryptionCertificateId": "1"},
        "Certificate validation error: Cannot find the requested object.",
        id="no-base64",
    ),
    pytest.param(
        {"encryptionCertificateId": "x" * 129},
        "'encryptionCertificateId' can have 128 characters at most.",
        id="long-id",
    ),
    pytest.param(
        {"resource": MAIL, "includeResourceData": True},
        "A $select clause is required when 'includeResourceData' is true on this resource.",
        id="rich-mail-without-select",
    ),
    pytest.param(
        {"resource": "communications/presences/u1"},
        "'includeResourceData' must be true for subscriptions on this resource.",
        id="presence-must-be-rich",
    ),
    pytest.param({"id": "mine"}, "The property 'id' is read-only and cannot be set.", id="read-only"),
    pytest.param(
        {"vapidPublicKey": "x"},
        "The property 'vapidPublicKey' is only supported for Web Push destinations.",
        id="web-push",
    ),
]


@pytest.mark.facts("3.5", "4")
@pytest.mark.parametrize(("changes", "message"), REFUSED_BEFORE_VALIDATION)
def test_refused_before_any_endpoint_is_asked(
    create: Create, receiver: ValidationReceiver, changes: dict[str, Any], message: str
) -> None:
    """Facts 3.5 and 4.5."""
    assert error(create(**changes)) == (400, "InvalidRequest", message)
    assert receiver.received == []


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        pytest.param(b"{", "application/json", 400, "BadRequest", id="malformed"),
        pytest.param(b"[]", "application/json", 400, "BadRequest", id="no-object"),
        pytest.param(b'{"model": "A"}', "application/json", 400, "BadRequest", id="unknown-property"),
        pytest.param(b'{"resource": 1}', "application/json", 400, "BadRequest", id="wrong-type"),
        pytest.param(b'{"includeResourceData": "yes"}', "application/json", 400, "BadRequest", id="no-boolean"),
        pytest.param(b"{}", "text/plain", 415, "UnsupportedMediaType", id="media-type"),
        pytest.param(b"\xff\xfe\xfd", "application/json; charset=utf-8", 400, "BadRequest", id="no-text"),
    ],
)
def test_bodies_that_cannot_be_read(
    client: httpx.Client, content: bytes, media_type: str, status: int, code: str
) -> None:
    answer = client.post("/v1.0/subscriptions", content=content, headers={"Content-Type": media_type})
    assert error(answer)[:2] == (status, code)


LARGE = b" " * (4 * 1024 * 1024)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_bodies_that_are_too_large(client: httpx.Client, create: Create, method: str, chunked: bool) -> None:
    """413 over 4 MiB, whether the length is known before or not."""
    path = f"/v1.0/subscriptions/{create().json()['id']}" if method == "PATCH" else "/v1.0/subscriptions"
    headers = {"Content-Type": "application/json"}
    allowed = client.request(method, path, content=LARGE[2:] + b"{}", headers=headers)
    assert allowed.status_code == 400
    content = iter([LARGE, b"{}"]) if chunked else LARGE + b"{}"
    answer = client.request(method, path, content=content, headers=headers)
    assert error(answer) == (413, "RequestEntityTooLarge", "The request body is larger than 4194304 bytes.")


@pytest.mark.facts("1.1")
@pytest.mark.parametrize(
    ("version", "length", "status"), [("v1.0", 128, 201), ("v1.0", 129, 400), ("beta", 255, 201), ("beta", 256, 400)]
)
def test_client_state_length(create: Create, version: str, length: int, status: int) -> None:
    """Facts 1.1."""
    assert create(version=version, clientState="x" * length).status_code == status


TOO_LONG = [
    pytest.param(
        {"resource": MAIL}, 10_070, "Subscription expiration can only be 10070 minutes in the future.", id="mail"
    ),
    pytest.param({}, 4320, "is beyond allowed max '3.00:00:00'.]", id="team"),
    pytest.param({"resource": "users"}, 41_760, "is beyond allowed max '29.00:00:00'.]", id="users"),
    pytest.param(
        {"resource": EVENTS, "changeType": "created"}, 1440, "is beyond allowed max '1.00:00:00'.]", id="virtual-events"
    ),
]


@pytest.mark.facts("1.3", "3.5")
@pytest.mark.parametrize(("changes", "minutes", "ending"), TOO_LONG)
def test_exactly_the_maximum_is_too_long(create: Create, changes: dict[str, Any], minutes: int, ending: str) -> None:
    """Facts 1.3, 3.5: refused for being over by the service's clock."""
    status, code, message = error(create(**changes, expirationDateTime=soon(minutes=minutes)))
    assert (status, code) == (400, "ExtensionError")
    assert message.endswith(ending)


@pytest.mark.parametrize(("changes", "minutes", "ending"), TOO_LONG)
def test_a_little_less_is_granted_in_full(create: Create, changes: dict[str, Any], minutes: int, ending: str) -> None:
    expires = soon(minutes=minutes, seconds=-3)
    answer = create(**changes, expirationDateTime=expires)
    assert answer.status_code == 201, ending
    assert dt.datetime.fromisoformat(answer.json()["expirationDateTime"]) == dt.datetime.fromisoformat(
        expires.replace("0Z", "Z")
    )


@pytest.mark.facts("3.5")
def test_the_whole_text_of_teams(create: Create) -> None:
    """Facts 3.5, with .NET's spelling of spans and instants."""
    expires = (dt.datetime.now(dt.UTC) + dt.timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    _, _, message = error(create(expirationDateTime=f"{expires}Z"))
    opening, _, rest = message.partition("('-")
    assert opening == (
        f"Operation: Create; Exception: [Status Code: BadRequest; Reason: Expiration time '{expires}0+00:00' "
    )
    span, _, ending = rest.partition("'")
    assert span.startswith(("5.23:59:5", "6.00:00:00"))
    assert ending == " from now) is beyond allowed max '3.00:00:00'.]"


def certificate(key: Key) -> str:
    """Self-signed is fine, expired too (facts 7.1)."""
    built = named("rich", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).public_key(key.public_key())
    signed = built.issuer_name(x509.Name([])).sign(key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()


@pytest.fixture(scope="module")
def rich() -> dict[str, Any]:
    text = certificate(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return {"includeResourceData": True, "encryptionCertificate": text, "encryptionCertificateId": "rich-2026"}


@pytest.mark.facts("1.2")
def test_rich(create: Create, client: httpx.Client, rich: dict[str, Any], emulator: RunningEmulator) -> None:
    """Facts 1.2: the certificate is not returned, its id is."""
    answer = create(**rich)
    assert answer.status_code == 201
    assert answer.json()["encryptionCertificate"] is None
    read = client.get(f"/v1.0/subscriptions/{answer.json()['id']}").json()
    assert (read["encryptionCertificate"], read["encryptionCertificateId"]) == ("", "rich-2026")
    assert read["includeResourceData"] is True
    assert emulator.subscriptions()[0]["encryptionCertificate"] == rich["encryptionCertificate"]


@pytest.mark.facts("1.2", "1.3")
def test_rich_mail_echoes_the_certificate_and_lives_a_day(create: Create, rich: dict[str, Any]) -> None:
    """Facts 1.2, 1.3."""
    mail = {**rich, "resource": f"{MAIL}?$select=subject"}
    assert create(**mail).json()["encryptionCertificate"] == rich["encryptionCertificate"]
    _, _, message = error(create(**mail, expirationDateTime=soon(minutes=1441)))
    assert message == "Subscription expiration can only be 1440 minutes in the future."


@pytest.mark.facts("7.1")
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: ec.generate_private_key(ec.SECP256R1()), id="elliptic-curve"),
        pytest.param(lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024), id="rsa-1024"),
    ],
)
def test_keys_that_cannot_be_used(create: Create, rich: dict[str, Any], make: Callable[[], Key]) -> None:
    """Facts 7.1."""
    status, _, message = error(create(**rich | {"encryptionCertificate": certificate(make())}))
    assert status == 400
    assert message == "Certificate validation error: the key must be an RSA key of 2048 to 4096 bits."


def test_a_certificate_as_base64_of_pem_is_taken(
    create: Create, rich: dict[str, Any], emulator: RunningEmulator
) -> None:
    pem = base64.b64encode(Path(emulator.info["clientCertificate"]).read_bytes()).decode()
    assert create(**rich | {"encryptionCertificate": pem}).status_code == 201


@pytest.mark.facts("1.5")
def test_an_hour_needs_no_lifecycle_url(create: Create) -> None:
    """Facts 1.5."""
    assert create(lifecycleNotificationUrl=None, expirationDateTime=soon(minutes=59)).status_code == 201


@pytest.mark.facts("1.5", "11.4")
@pytest.mark.parametrize(("behaviour", "status"), [("required", 400), ("optional", 201)])
def test_lifecycle_url_where_it_is_open(create: Create, emulator: RunningEmulator, behaviour: str, status: int) -> None:
    """Facts 1.5, 11.4."""
    emulator.behave(lifecycle_url_open=behaviour)
    answer = create(resource=EVENTS, changeType="created", lifecycleNotificationUrl=None)
    assert answer.status_code == status
    if status == 400:
        assert error(answer) == (400, "InvalidRequest", LIFECYCLE)


NOT_PERMITTED = {
    TEAM: (403, f"[Status Code: Forbidden; Reason: Caller does not have access to '{TEAM}' resource]"),
    MAIL: (401, "[Status Code: Unauthorized; Reason: Authentication failed]"),
    "users": (403, "[Status Code: Forbidden; Reason: Forbidden]"),
}


@pytest.mark.facts("3.5", "4", "3.4")
@pytest.mark.parametrize("resource", NOT_PERMITTED)
def test_a_missing_permission_shows_after_validation(
    emulator: RunningEmulator, client: httpx.Client, create: Create, receiver: ValidationReceiver, resource: str
) -> None:
    """Facts 3.5, 4.5."""
    client.headers["Authorization"] = f"Bearer {emulator.token(roles=['Sites.Read.All'])}"
    status, reason = NOT_PERMITTED[resource]
    assert error(create(resource=resource)) == (status, "ExtensionError", f"Operation: Create; Exception: {reason}")
    assert len(receiver.received) == 2


@pytest.mark.facts("9.3")
def test_a_delegated_only_resource_refuses_an_app(
    create: Create, client: httpx.Client, emulator: RunningEmulator, rich: dict[str, Any]
) -> None:
    """Facts 9.3; a user's token is taken."""
    presence = {**rich, "resource": "communications/presences/u1", "expirationDateTime": soon(minutes=59)}
    client.headers["Authorization"] = f"Bearer {emulator.token(roles=['Presence.Read.All'])}"
    status, code, message = error(create(**presence))
    assert (status, code) == (403, "ExtensionError")
    assert "The request is not authorized for this user or application." in message
    client.headers["Authorization"] = f"Bearer {emulator.token(scopes=['Presence.Read.All'])}"
    assert create(**presence).status_code == 201


@pytest.mark.facts("1.6")
def test_an_app_only_resource_refuses_a_user(create: Create, client: httpx.Client, emulator: RunningEmulator) -> None:
    """Facts 1.6."""
    client.headers["Authorization"] = f"Bearer {emulator.token(scopes=['Team.ReadBasic.All'])}"
    assert error(create(resource="teams"))[0] == 403


EXAMPLES = {
    entry.id: entry.path.replace("{joinWebUrl}", "https%253a%252f%252fteams%252f1").replace("{", "a").replace("}", "")
    for entry in ENTRIES
}


@pytest.mark.facts("2")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
@pytest.mark.parametrize("version", Version)
def test_every_entry_of_the_catalog_where_it_exists(
    create: Create, client: httpx.Client, emulator: RunningEmulator, rich: dict[str, Any], entry: Any, version: Version
) -> None:
    """Facts 2: created in the versions that the catalog names, refused in the others."""
    scopes = list(entry.permissions.delegated) if entry.permissions.delegated_only else None
    client.headers["Authorization"] = f"Bearer {emulator.token(scopes=scopes)}"
    answer = create(
        version=version,
        resource=EXAMPLES[entry.id],
        changeType=",".join(entry.change_types),
        expirationDateTime=soon(minutes=50),
        **(rich if entry.rich == "required" else {}),
    )
    if version in entry.versions:
        assert answer.status_code == 201, answer.text
        assert emulator.subscriptions()[0]["catalogEntry"] == entry.id
    else:
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].endswith(("is not supported.", "Reason: Unsupported workload.]"))


@pytest.mark.facts("2.5", "3.5")
def test_all_online_meetings_are_an_unsupported_workload(create: Create) -> None:
    """Facts 2.5: the exact text."""
    message = "Operation: Create; Exception: [Status Code: BadRequest; Reason: Unsupported workload.]"
    answer = create(version="beta", resource="communications/onlineMeetings")
    assert error(answer) == (400, "ExtensionError", message)
