"""Mail: every message of one mailbox (facts 1.3, 1.6, 2.2, 6)."""

import datetime as dt

from reconciler.core.catalog.model import ALL_CHANGES, Entry, LifecycleEvent, Permissions, Quota, Rich, Workload

MESSAGES = Entry(
    id="messages",
    path="users/{user-id}/messages",
    summary="every message of one mailbox",
    workload=Workload.OUTLOOK,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    rich_needs_select=True,
    lifetime=dt.timedelta(minutes=10_070),  # 10,080 is documented, 10,070 is enforced (facts 1.3)
    rich_lifetime=dt.timedelta(minutes=1440),
    lifecycle_events=frozenset(LifecycleEvent),
    permissions=Permissions(delegated=("Mail.ReadBasic", "Mail.Read"), application=("Mail.Read",)),
    quotas=(Quota(limit=1000, per="mailbox", shared="all apps"),),
    options=frozenset({"$expand", "$filter", "$select"}),
    resync=("users/{user-id}/mailFolders/{folder-id}/messages/delta",),
    facts=("1.3", "1.6", "2.2", "6", "10.2"),
)

ENTRIES = (MESSAGES,)
