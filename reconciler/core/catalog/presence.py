"""Presence: delegated tokens only, always with resource data, one hour at most (facts 1.3, 1.6, 2.2)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import UPDATED, Entry, Permissions, Rich, Workload

entry = functools.partial(
    Entry,
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
"""One per app and signed-in user, whichever path it has."""

PRESENCE = entry(id="presence", path="communications/presences/{user-id}", summary="the presence of one user")

PRESENCES = entry(
    id="presences",
    path="communications/presences?$filter=id in ('{user-id}')",
    summary="the presence of up to 650 users",
    filter_fields=("id",),
    filter_limit=650,
)

ENTRIES = (PRESENCE, PRESENCES)
