"""The directory: every user of the tenant (facts 1.3, 1.6, 2.2)."""

import datetime as dt

from reconciler.core.catalog.model import UPDATED_DELETED, Entry, Permissions, Quota, Workload

USERS = Entry(
    id="users",
    path="users",
    summary="every user of the tenant",
    workload=Workload.DIRECTORY,
    change_types=UPDATED_DELETED,
    lifetime=dt.timedelta(minutes=41_760),
    permissions=Permissions(delegated=("User.Read.All",), application=("User.Read.All",)),
    quotas=(
        Quota(limit=100, per="app and tenant"),
        Quota(limit=1000, per="tenant"),
        Quota(limit=50_000, per="app"),
    ),
    resync=("users/delta",),
    facts=("1.1", "1.3", "1.6", "2.2", "3.5", "10.2"),
)

ENTRIES = (USERS,)
