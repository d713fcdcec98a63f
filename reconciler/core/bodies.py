"""Desired in, what Graph is sent out. Only fields that a user asked for, and those that Graph asks for."""

import datetime as dt
from typing import Any

from reconciler.core.desired import Desired
from reconciler.core.mark import Mark, addressed, marked
from reconciler.core.times import spell_time

__all__ = ["certificate_body", "creation", "expiry_body"]


def creation(desired: Desired, mark: Mark, *, expires_at: dt.datetime, client_state: str | None) -> dict[str, Any]:
    """The body of a POST (facts 1.1). Where the destination leaves no room for the mark, the lifecycle URL bears it."""
    in_lifecycle = mark.for_lifecycle if desired.takes_query else mark
    body: dict[str, Any] = {
        "changeType": ",".join(sorted(desired.asked.change_types)),
        "notificationUrl": addressed(desired.notification_url, mark),
        "lifecycleNotificationUrl": marked(desired.lifecycle_url, in_lifecycle),
        "resource": desired.resource.text,
        "clientState": client_state,
        "latestSupportedTlsVersion": desired.asked.tls,
        "notificationQueryOptions": desired.asked.query_options,
        **expiry_body(expires_at),
    }
    if desired.certificate:
        body |= {"includeResourceData": True, **certificate_body(desired)}
    return {name: value for name, value in body.items() if value is not None}


def certificate_body(desired: Desired) -> dict[str, Any]:
    """The certificate pair: its id is its thumbprint, so that LIST tells which one is in use."""
    if not desired.certificate:
        return {}
    return {
        "encryptionCertificate": desired.certificate.base64,
        "encryptionCertificateId": desired.certificate.thumbprint,
    }


def expiry_body(expires_at: dt.datetime) -> dict[str, Any]:
    return {"expirationDateTime": spell_time(expires_at)}
