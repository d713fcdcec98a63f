"""Approvals of Teams (facts 1.3, 1.7, 2.2). Change types and permissions are not verified."""

import datetime as dt

from reconciler.core.catalog.model import ALL_CHANGES, UNDOCUMENTED, Entry, LifecycleUrl, Quota, Workload

APPROVAL_ITEMS = Entry(
    id="approval-items",
    path="solutions/approval/approvalItems",
    summary="every approval of the tenant",
    workload=Workload.APPROVALS,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=43_200),
    lifecycle_url=LifecycleUrl.OPEN,
    permissions=UNDOCUMENTED,
    exclusive=True,
    quotas=(Quota(limit=1000, per="tenant"),),
    facts=("1.3", "1.7", "2.2", "11.4"),
)

ENTRIES = (APPROVAL_ITEMS,)
