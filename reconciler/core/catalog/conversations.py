"""Conversations of groups: delegated tokens only (facts 1.3, 1.6, 2.2, 9.3)."""

import datetime as dt

from reconciler.core.catalog.model import ALL_CHANGES, Entry, Permissions, Workload

GROUP_CONVERSATIONS = Entry(
    id="group-conversations",
    path="groups/{group-id}/conversations",
    summary="the conversations of one group",
    workload=Workload.CONVERSATIONS,
    change_types=ALL_CHANGES,
    change_types_verified=False,
    lifetime=dt.timedelta(minutes=4230),
    permissions=Permissions(delegated=("Group.Read.All",)),
    facts=("1.3", "1.6", "2.2", "9.3"),
)

ENTRIES = (GROUP_CONVERSATIONS,)
