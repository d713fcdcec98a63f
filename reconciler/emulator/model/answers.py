"""Subscriptions and refusals as Graph spells them in JSON (facts 1.2, 3.3)."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.core.catalog import Workload
from reconciler.emulator.instants import spell
from reconciler.emulator.model import addresses
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.model.subscriptions import Subscription

BODILESS = frozenset({204, 205, 304})
"""Statuses that end an answer at its headers; faults can order any."""


def created(subscription: Subscription) -> dict[str, Any]:
    """Outlook's answer to POST repeats the certificate, the others' does not (facts 1.2)."""
    echoed = subscription.certificate if subscription.resource.entry.workload is Workload.OUTLOOK else None
    return properties(subscription, client_state=True) | {"encryptionCertificate": echoed}


def listed(subscription: Subscription) -> dict[str, Any]:
    """LIST blanks clientState, always (facts 1.2)."""
    return properties(subscription, client_state=False)


def properties(subscription: Subscription, *, client_state: bool) -> dict[str, Any]:
    """All of them, the unset ones as null. For Event Grid some come back in lower case (facts 1.1)."""
    lowered = addresses.is_event_grid(subscription.notification_url)
    resource, change_type = subscription.resource.text, subscription.change_type
    return {
        "id": subscription.id,
        "resource": resource.lower() if lowered else resource,
        "applicationId": subscription.app,
        "changeType": change_type.lower() if lowered else change_type,
        "clientState": subscription.client_state if client_state else None,
        "notificationUrl": addresses.as_returned(subscription.notification_url),
        "notificationQueryOptions": subscription.query_options,
        "notificationContentType": subscription.content_type,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": spell(subscription.expires_at),
        "creatorId": subscription.creator,
        "includeResourceData": subscription.rich,
        "latestSupportedTlsVersion": subscription.tls_version,
        "encryptionCertificate": "" if subscription.certificate else None,
        "encryptionCertificateId": subscription.certificate_id,
        "notificationUrlAppId": subscription.url_app_id,
    }


def everything(subscription: Subscription) -> dict[str, Any]:
    """For the control path: also what Graph never tells."""
    return properties(subscription, client_state=True) | {
        "tenantId": subscription.tenant,
        "graphVersion": subscription.version,
        "catalogEntry": subscription.resource.entry.id,
        "slot": subscription.resource.slot,
        "anyOf": sorted(subscription.resource.any_of),
        "encryptionCertificate": subscription.certificate,
        "authorizedUntil": spell(subscription.authorized_until),
        "delegated": subscription.delegated,
        "topics": list(subscription.resource.topics),
        "createdDateTime": spell(subscription.created_at),
        "renewedDateTime": spelled(subscription.renewed_at),
        "reauthorizedDateTime": spelled(subscription.reauthorized_at),
    }


def spelled(instant: dt.datetime | None) -> str | None:
    return spell(instant) if instant else None


def headers(request: Request) -> dict[str, str]:
    """One id for the request; the caller's own is sent back (facts 3.3). The date comes when it is answered."""
    identifier = str(uuid.uuid4())
    return {
        "request-id": identifier,
        "client-request-id": request.headers.get("client-request-id", identifier),
        "Cache-Control": "no-cache",
    }


def refused(refusal: Refusal, *, given: Mapping[str, str], now: dt.datetime) -> Response:
    headers = {**given, **refusal.headers}
    if refusal.status in BODILESS:
        return Response(status_code=refusal.status, headers=headers)
    return JSONResponse(error(refusal, given=given, now=now), status_code=refusal.status, headers=headers)


def error(refusal: Refusal, *, given: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    inner = {"date": now.strftime("%Y-%m-%dT%H:%M:%S"), "request-id": given["request-id"]}
    inner |= {"client-request-id": given["client-request-id"]} if refusal.inner is None else refusal.inner
    return {"error": {"code": refusal.code, "message": refusal.message, "innerError": inner}}
