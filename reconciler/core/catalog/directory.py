"""The directory: users, groups, and who is in them (facts 1.1, 1.3, 1.6, 2.2, 3.5)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import CREATED, UPDATED_DELETED, ChangeType, Entry, Permissions, Quota, Workload

SHARED = "users and groups"
USER_READ = Permissions(delegated=("User.Read.All",), application=("User.Read.All",))
GROUP_READ = Permissions(delegated=("Group.Read.All",), application=("Group.Read.All",))

entry = functools.partial(
    Entry,
    workload=Workload.DIRECTORY,
    change_types=UPDATED_DELETED,
    accepted_in_vain=CREATED,
    created_as=ChangeType.UPDATED,
    lifetime=dt.timedelta(minutes=41_760),
    quotas=(
        Quota(limit=100, per="app and tenant", shared=SHARED),
        Quota(limit=1000, per="tenant", shared=SHARED),
        Quota(limit=50_000, per="app", shared=SHARED),
    ),
    notes=("What is created or softly deleted comes as updated, what is gone for good as deleted",),
    facts=("1.1", "1.3", "1.6", "2.2", "3.5", "10.2"),
)

USERS = entry(
    id="users", path="users", summary="every user of the tenant", permissions=USER_READ, resync=("users/delta",)
)

USER = entry(id="user", path="users/{user-id}", summary="one user", permissions=USER_READ, resync=("users/delta",))

GROUPS = entry(
    id="groups", path="groups", summary="every group of the tenant", permissions=GROUP_READ, resync=("groups/delta",)
)

GROUP = entry(
    id="group", path="groups/{group-id}", summary="one group", permissions=GROUP_READ, resync=("groups/delta",)
)

GROUP_OWNERS = entry(
    id="group-owners",
    path="groups/{group-id}/owners",
    summary="the owners of one group",
    permissions=GROUP_READ,
    resync=("groups/delta",),
)

GROUP_MEMBERS = entry(
    id="group-members",
    path="groups/{group-id}/members",
    summary="the members of one group",
    permissions=GROUP_READ,
    resync=("groups/delta",),
)

ENTRIES = (USERS, USER, GROUPS, GROUP, GROUP_OWNERS, GROUP_MEMBERS)
