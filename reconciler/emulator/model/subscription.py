"""One subscription: what was asked, what was granted, and what Graph never tells. No rules, no network."""

import dataclasses
import datetime as dt

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator.model.resources import Resource

Owner = tuple[str, str]
"""Tenant and app; others do not see their subscriptions (facts 3.2)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: str
    tenant: str
    app: str
    creator: str
    version: Version
    resource: Resource
    change_types: frozenset[ChangeType]
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: dt.datetime
    created_at: dt.datetime
    authorized_until: dt.datetime
    """When the token that last created, renewed or reauthorized it lapses (facts 5.3)."""
    delegated: bool = False
    rich: bool | None = None
    certificate: str | None = None
    certificate_id: str | None = None
    tls_version: str | None = None
    query_options: str | None = None
    url_app_id: str | None = None
    content_type: str | None = None
    renewed_at: dt.datetime | None = None
    reauthorized_at: dt.datetime | None = None

    @property
    def owner(self) -> Owner:
        return self.tenant, self.app
