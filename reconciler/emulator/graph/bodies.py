"""The JSON that creates or changes a subscription: bytes in, typed values out, or Graph's refusal.

Only what can be said without the catalog is checked here. Texts for which facts 3.5 has no source are ours.
"""

import dataclasses
import datetime as dt
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator import instants
from reconciler.emulator.model import addresses, refusals
from reconciler.emulator.model.incoming import json_object

TEXTS = frozenset(
    {
        "changeType",
        "clientState",
        "encryptionCertificate",
        "encryptionCertificateId",
        "expirationDateTime",
        "latestSupportedTlsVersion",
        "lifecycleNotificationUrl",
        "notificationContentType",
        "notificationQueryOptions",
        "notificationUrl",
        "notificationUrlAppId",
        "resource",
    }
)
READ_ONLY = frozenset({"applicationId", "creatorId", "id"})
WEB_PUSH = frozenset({"vapidPublicKey", "webPushEncryptionP256dhPublicKey", "webPushEncryptionSecret"})
PATCHABLE = frozenset({"encryptionCertificate", "encryptionCertificateId", "expirationDateTime", "notificationUrl"})
TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
LONGEST_CLIENT_STATE = {Version.V1: 128, Version.BETA: 255}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    resource: str
    change_types: frozenset[ChangeType]
    change_type: str
    notification_url: str
    expires_at: dt.datetime
    lifecycle_url: str | None
    client_state: str | None
    rich: bool | None
    certificate: str | None
    certificate_id: str | None
    tls_version: str | None
    query_options: str | None
    url_app_id: str | None
    content_type: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    expires_at: dt.datetime | None
    notification_url: str | None
    certificate: str | None
    certificate_id: str | None


def creation(body: bytes, *, content_type: str, version: Version, now: dt.datetime) -> Creation:
    """Raises ``Refusal``."""
    data = properties(body, content_type)
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not data.get(name):
            raise refusals.required(name)
    if len(data.get("clientState") or "") > LONGEST_CLIENT_STATE[version]:
        raise refusals.invalid(f"'clientState' can have {LONGEST_CLIENT_STATE[version]} characters at most.")
    if data.get("latestSupportedTlsVersion") not in {None, *TLS_VERSIONS}:
        raise refusals.invalid_attribute("latestSupportedTlsVersion", data["latestSupportedTlsVersion"])
    return Creation(
        resource=data["resource"],
        change_types=change_types(data["changeType"]),
        change_type=data["changeType"],
        notification_url=url("notificationUrl", data["notificationUrl"]),
        expires_at=expiration(data["expirationDateTime"], now),
        lifecycle_url=optional_url("lifecycleNotificationUrl", data),
        client_state=data.get("clientState"),
        rich=data.get("includeResourceData"),
        certificate=data.get("encryptionCertificate") or None,
        certificate_id=certificate_id(data),
        tls_version=data.get("latestSupportedTlsVersion"),
        query_options=data.get("notificationQueryOptions"),
        url_app_id=data.get("notificationUrlAppId"),
        content_type=data.get("notificationContentType"),
    )


def change(body: bytes, *, content_type: str, now: dt.datetime) -> Change:
    """Raises ``Refusal``; what PATCH cannot change is refused, the harder of what could be (facts 1.4)."""
    data = properties(body, content_type)
    if not data.get("expirationDateTime") and not data.get("notificationUrl"):
        raise refusals.nothing_to_patch()
    for name in sorted(data.keys() - PATCHABLE):
        raise refusals.invalid(f"The property '{name}' cannot be updated.")
    return Change(
        expires_at=expiration(data["expirationDateTime"], now) if data.get("expirationDateTime") else None,
        notification_url=optional_url("notificationUrl", data),
        certificate=data.get("encryptionCertificate") or None,
        certificate_id=certificate_id(data),
    )


def properties(body: bytes, content_type: str) -> dict[str, Any]:
    """The object without its annotations; each property known and of its type."""
    data = json_object(body, content_type)
    data = {name: value for name, value in data.items() if "@" not in name}
    for name, value in data.items():
        check(name, value)
    return data


def check(name: str, value: object) -> None:
    if name in READ_ONLY:
        raise refusals.invalid(f"The property '{name}' is read-only and cannot be set.")
    if name in WEB_PUSH:  # refused on an ordinary webhook (facts 1.1), and there is no other here
        raise refusals.invalid(f"The property '{name}' is only supported for Web Push destinations.")
    if name not in TEXTS and name != "includeResourceData":
        raise refusals.bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.subscription'.")
    kind = bool if name == "includeResourceData" else str
    if value is not None and not isinstance(value, kind):
        raise refusals.bad_request(f"Cannot convert the value of the property '{name}' to the expected type.")


def change_types(text: str) -> frozenset[ChangeType]:
    """Comma-joined, with or without spaces, in any case (facts 1.1, 1.2)."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name.lower() not in set(ChangeType):
            raise refusals.invalid_attribute("changeType", name)
    return frozenset(ChangeType(name.lower()) for name in names)


def url(name: str, text: str) -> str:
    if not addresses.is_valid(text):
        raise refusals.invalid_attribute(name, text)
    return text


def optional_url(name: str, data: dict[str, Any]) -> str | None:
    return url(name, data[name]) if data.get(name) else None


def expiration(text: str, now: dt.datetime) -> dt.datetime:
    """Facts 1.1: under 45 minutes is raised by others; what is past or no date is refused."""
    instant = instants.parse(text)
    if instant is None:
        raise refusals.invalid_attribute("expirationDateTime", text)
    if instant <= now:
        raise refusals.invalid(f"Invalid 'expirationDateTime' attribute: '{text}' is in the past.")
    return instant


def certificate_id(data: dict[str, Any]) -> str | None:
    text: str | None = data.get("encryptionCertificateId") or None
    if text is not None and len(text) > 128:  # facts 1.1
        raise refusals.invalid("'encryptionCertificateId' can have 128 characters at most.")
    return text
