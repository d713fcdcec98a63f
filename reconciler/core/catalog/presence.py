"""Presence of one user: delegated tokens only, always with resource data, one hour at most (facts 1.3, 1.6, 2.2)."""

import datetime as dt

from reconciler.core.catalog.model import UPDATED, Entry, Permissions, Rich, Workload

PRESENCE = Entry(
    id="presence",
    path="communications/presences/{user-id}",
    summary="the presence of one user",
    workload=Workload.PRESENCE,
    change_types=UPDATED,
    rich=Rich.REQUIRED,
    lifetime=dt.timedelta(minutes=60),
    permissions=Permissions(delegated=("Presence.Read.All",)),
    exclusive=True,
    slot="presence",
    resync=("users/{user-id}/presence",),
    facts=("1.3", "1.5", "1.6", "2.2", "9.3", "10.2"),
)

ENTRIES = (PRESENCE,)
