"""Drives of OneDrive and lists of SharePoint: only that something in them has changed (facts 1.1, 1.3, 1.6, 2.2)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import UPDATED, ChangeType, Entry, Permissions, Workload

FILES_READ = Permissions(delegated=("Files.Read.All",), application=("Files.Read.All",))
SITES_READ = Permissions(delegated=("Sites.Read.All",), application=("Sites.Read.All",))
LATE = "A notification may take up to 6 hours"
ROOT_ONLY = "In OneDrive for Business the root only, and never a single file"
SECURITY = "Changes of permissions come if it is created with the header Prefer: includesecuritywebhooks"
UNCOUNTED = "There is a limit to their number that nothing documents"

entry = functools.partial(
    Entry,
    workload=Workload.FILES,
    change_types=UPDATED,
    created_as=ChangeType.UPDATED,
    lifetime=dt.timedelta(minutes=42_300),
    facts=("1.1", "1.3", "1.6", "1.7", "2.2", "3.5", "5.4", "10.2"),
)

DRIVE = entry(
    id="drive-root",
    path="drives/{drive-id}/root",
    summary="everything in one drive",
    permissions=FILES_READ,
    resync=("drives/{drive-id}/root/delta",),
    notes=(LATE, ROOT_ONLY, SECURITY, UNCOUNTED),
)

USER_DRIVE = entry(
    id="user-drive-root",
    path="users/{user-id}/drive/root",
    summary="everything in the drive of one user",
    permissions=FILES_READ,
    resync=("drives/{drive-id}/root/delta",),
    notes=(LATE, ROOT_ONLY, SECURITY, UNCOUNTED),
)

LIST = entry(
    id="list",
    path="sites/{site-id}/lists/{list-id}",
    summary="everything in one list of SharePoint",
    permissions=SITES_READ,
    resync=("sites/{site-id}/lists/{list-id}/items/delta",),
    notes=(LATE,),
)

ENTRIES = (DRIVE, USER_DRIVE, LIST)
