"""Mailboxes: messages, events and contacts (facts 1.3, 1.6, 2.2, 6)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import ALL_CHANGES, Entry, LifecycleEvent, Permissions, Quota, Rich, Workload

MAIL = Permissions(delegated=("Mail.ReadBasic", "Mail.Read"), application=("Mail.Read",))
CALENDARS = Permissions(delegated=("Calendars.Read",), application=("Calendars.Read",))
CONTACTS = Permissions(delegated=("Contacts.Read",), application=("Contacts.Read",))

entry = functools.partial(
    Entry,
    workload=Workload.OUTLOOK,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    rich_needs_select=True,
    lifetime=dt.timedelta(minutes=10_070),  # 10,080 is documented, 10,070 is enforced (facts 1.3)
    rich_lifetime=dt.timedelta(minutes=1440),
    lifecycle_events=frozenset(LifecycleEvent),
    quotas=(Quota(limit=1000, per="mailbox", shared="all apps"),),
    options=frozenset({"$expand", "$filter", "$select"}),
    forbidden_select=frozenset({"body", "uniqueBody"}),
    expandable=frozenset({"multiValueExtendedProperties", "singleValueExtendedProperties"}),
    notes=("With $filter, what comes to meet it is created, what ceases to is deleted",),
    facts=("1.3", "1.6", "2.2", "6", "10.2"),
)

MESSAGES = entry(
    id="messages",
    path="users/{user-id}/messages",
    summary="every message of one mailbox",
    permissions=MAIL,
    resync=("users/{user-id}/mailFolders/{folder-id}/messages/delta",),
)

FOLDER_MESSAGES = entry(
    id="folder-messages",
    path="users/{user-id}/mailFolders/{folder-id}/messages",
    summary="every message of one folder",
    permissions=MAIL,
    resync=("users/{user-id}/mailFolders/{folder-id}/messages/delta",),
)

EVENTS = entry(
    id="events",
    path="users/{user-id}/events",
    summary="every event of one calendar",
    permissions=CALENDARS,
    resync=("users/{user-id}/calendarView/delta",),
)

CONTACTS_OF_USER = entry(
    id="contacts",
    path="users/{user-id}/contacts",
    summary="every contact of one mailbox",
    permissions=CONTACTS,
    resync=("users/{user-id}/contactFolders/{folder-id}/contacts/delta",),
)

FOLDER_CONTACTS = entry(
    id="folder-contacts",
    path="users/{user-id}/contactFolders/{folder-id}/contacts",
    summary="every contact of one folder",
    permissions=CONTACTS,
    resync=("users/{user-id}/contactFolders/{folder-id}/contacts/delta",),
)

ENTRIES = (MESSAGES, FOLDER_MESSAGES, EVENTS, CONTACTS_OF_USER, FOLDER_CONTACTS)
