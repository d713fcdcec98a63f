"""Security alerts (facts 1.3, 1.6, 1.7, 2.2). Change types are not verified."""

import datetime as dt
import functools

from reconciler.core.catalog.model import ALL_CHANGES, Entry, Permissions, Workload

READ_WRITE = ("SecurityEvents.ReadWrite.All",)

entry = functools.partial(
    Entry,
    workload=Workload.SECURITY,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=43_200),
    permissions=Permissions(delegated=READ_WRITE, application=READ_WRITE),
    facts=("1.3", "1.6", "1.7", "2.2"),
)

ALERT = entry(id="security-alert", path="security/alerts/{alert-id}", summary="one security alert")

ALERTS = entry(
    id="security-alerts",
    path="security/alerts?$filter={condition}",
    summary="the security alerts that meet a condition",
    options=frozenset({"$filter"}),
    required_options=frozenset({"$filter"}),
)

ENTRIES = (ALERT, ALERTS)
