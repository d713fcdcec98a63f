"""Alerts of Entra's health monitoring (facts 1.1, 1.3, 2.2). Change types and permissions are not verified."""

import datetime as dt
import functools

from reconciler.core.catalog.model import ALL_CHANGES, UNDOCUMENTED, Entry, Workload

entry = functools.partial(
    Entry,
    workload=Workload.HEALTH,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=42_300),
    permissions=UNDOCUMENTED,
    facts=("1.1", "1.3", "1.7", "2.2"),
)

ALERTS = entry(
    id="health-alerts",
    path="reports/healthmonitoring/alerts",
    summary="every alert of Entra's health monitoring",
)

ALERTS_OF_TYPE = entry(
    id="health-alerts-of-type",
    path="reports/healthmonitoring/alert",
    summary="the alerts of Entra's health monitoring that are of one type",
    takes_query_options=True,
    notes=("The type stands in notificationQueryOptions, as $filter=alertType eq '…'",),
)

ENTRIES = (ALERTS, ALERTS_OF_TYPE)
