"""What was seen of tenants in, JSON out: what pipelines read, stable for a schema version."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reconciler.cli.seen import Seen, SeenTenant
from reconciler.core.live import Live
from reconciler.core.redaction import redact
from reconciler.core.times import iso_duration, spell_time
from reconciler.engine.standing import document

__all__ = ["check_json", "status_json"]

SCHEMA_VERSION = 1


def status_json(seen: Seen) -> dict[str, Any]:
    """Everything: of each tenant what is wanted, and what is live, foreign ones too."""
    return head(seen) | {"tenants": [tenant_json(each) for each in seen.tenants]}


def check_json(seen: Seen, wrong: Sequence[dict[str, Any]], *, lead: dt.timedelta) -> dict[str, Any]:
    """Only what is ``wrong``, and the tenants of which nothing is known."""
    unread = {each.name: each.unread for each in seen.tenants if each.unread is not None}
    return head(seen) | {"minLead": iso_duration(lead), "wrong": list(wrong), "unread": unread}


def head(seen: Seen) -> dict[str, Any]:
    return {"schemaVersion": SCHEMA_VERSION, "takenAt": spell_time(seen.at), "owner": seen.owner}


def tenant_json(tenant: SeenTenant) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "tenantId": tenant.tenant_id,
        "complete": tenant.complete,
        "unread": tenant.unread,
        "conditions": [document(each) for each in tenant.standings],
        "subscriptions": [live_json(each, tenant) for each in tenant.live],
    }


def live_json(live: Live, tenant: SeenTenant) -> dict[str, Any]:
    mark = tenant.mark_of(live)
    return {
        "id": live.id,
        "owned": tenant.owned(live),
        "owner": mark.owner if mark else None,
        "name": mark.name if mark else None,
        "resource": live.resource_text,
        "changeTypes": sorted(live.asked.change_types),
        "resourceData": live.asked.rich,
        "notificationUrl": redact(live.notification_url),
        "expiresAt": spell_time(live.expires_at),
    }
