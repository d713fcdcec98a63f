"""Virtual events: as shipped (facts 2.4), and as the first draft had them (facts 11.2).

Nothing here ever carries resource data. The tenant-level paths compete for one slot per app and tenant, whatever their
organizers (facts 2.4, ``docs/decisions/0003-virtual-event-drafts.md``).
"""

import datetime as dt

from reconciler.core.catalog.model import (
    ALL_CHANGES,
    CREATED,
    CREATED_UPDATED,
    UPDATED,
    UPDATED_DELETED,
    ChangeType,
    Cloud,
    Entry,
    LifecycleUrl,
    Permissions,
    Status,
    Version,
    Workload,
)

ONE_DAY = dt.timedelta(minutes=1440)
TENANT_SLOT = "virtual-events-tenant"
ROOT = "solutions/virtualEvents"
EVENT_KINDS = {"webinar": "webinars", "townhall": "townhalls"}

APPLICATION_ONLY = Permissions(application=("VirtualEvent.Read.All",))
BOTH = Permissions(delegated=("VirtualEvent.Read", "VirtualEvent.ReadWrite"), application=("VirtualEvent.Read.All",))


def shipped(
    name: str,
    path: str,
    summary: str,
    change_types: frozenset[ChangeType],
    *,
    resync: tuple[str, ...],
    permissions: Permissions = BOTH,
    slot: str | None = None,
) -> Entry:
    return Entry(
        id=name,
        path=f"{ROOT}/{path}",
        summary=summary,
        workload=Workload.VIRTUAL_EVENTS,
        change_types=change_types,
        lifetime=ONE_DAY,
        lifecycle_url=LifecycleUrl.OPEN,
        read_clouds=frozenset({Cloud.GLOBAL}),
        permissions=permissions,
        exclusive=True,
        slot=slot,
        resync=tuple(f"{ROOT}/{each}" for each in resync),
        facts=("1.3", "1.5", "1.6", "2.4", "10.2"),
    )


def draft(
    name: str,
    path: str,
    summary: str,
    change_types: frozenset[ChangeType],
    *,
    replaced_by: tuple[str, ...],
    resync: tuple[str, ...],
    slot: str | None = None,
    filter_fields: tuple[str, ...] = (),
) -> Entry:
    return Entry(
        id=name,
        path=f"{ROOT}/{path}",
        summary=summary,
        workload=Workload.VIRTUAL_EVENTS,
        change_types=change_types,
        lifetime=ONE_DAY,
        lifecycle_url=LifecycleUrl.OPEN,
        versions=(Version.BETA,),
        permissions=APPLICATION_ONLY,
        exclusive=True,
        slot=slot,
        filter_fields=filter_fields,
        resync=tuple(f"{ROOT}/{each}" for each in resync),
        status=Status.DRAFT,
        replaced_by=tuple(f"{ROOT}/{each}" for each in replaced_by),
        facts=("1.3", "11.2"),
    )


def of_each_kind(suffix: str) -> tuple[str, ...]:
    """The shipped paths that took the place of one path below a draft event."""
    return tuple(f"{kind}/{{{name}-id}}{suffix}" for name, kind in EVENT_KINDS.items())


TENANT_LEVEL = (
    shipped(
        "virtual-events",
        "events",
        "every virtual event created in the tenant",
        CREATED,
        permissions=APPLICATION_ONLY,
        slot=TENANT_SLOT,
        resync=("webinars", "townhalls"),
    ),
    shipped(
        "virtual-events-of-organizers",
        "events/getEventsFromOrganizers(organizerIds=['{organizer-id}'])",
        "every virtual event created by any of some organizers or co-organizers",
        CREATED,
        permissions=APPLICATION_ONLY,
        slot=TENANT_SLOT,
        resync=("webinars", "townhalls"),
    ),
)

BY_KIND = tuple(
    entry
    for name, kind in EVENT_KINDS.items()
    for entry in (
        shipped(name, f"{kind}/{{{name}-id}}", f"one {name}", UPDATED, resync=(f"{kind}/{{{name}-id}}",)),
        shipped(
            f"{name}-attendance-reports",
            f"{kind}/{{{name}-id}}/getAttendanceReports",
            f"the attendance reports of one {name}",
            CREATED,
            resync=(
                f"{kind}/{{{name}-id}}/sessions",
                f"{kind}/{{{name}-id}}/sessions/{{session-id}}/attendanceReports",
            ),
        ),
        shipped(
            f"{name}-sessions",
            f"{kind}/{{{name}-id}}/sessions",
            f"the sessions of one {name}",
            CREATED_UPDATED,
            resync=(f"{kind}/{{{name}-id}}/sessions",),
        ),
        shipped(
            f"{name}-video-on-demand",
            f"{kind}/{{{name}-id}}/getVideoOnDemandPublication",
            f"the recording of one {name} being published",
            UPDATED,
            resync=(f"{kind}/{{{name}-id}}/sessions",),
        ),
    )
)

REGISTRATIONS = shipped(
    "webinar-registrations",
    "webinars/{webinar-id}/registrations",
    "the registrations of one webinar",
    CREATED_UPDATED,
    resync=("webinars/{webinar-id}/registrations",),
)

DRAFTS = (
    draft(
        "draft-virtual-events-filtered",
        "events?$filter=organizerid eq '{organizer-id}' and coorganizerid in ('{organizer-id}')",
        "every virtual event created by any of some organizers or co-organizers",
        CREATED,
        slot=TENANT_SLOT,
        filter_fields=("organizerid", "coorganizerid"),
        replaced_by=("events/getEventsFromOrganizers(organizerIds=['{organizer-id}'])",),
        resync=("events",),
    ),
    draft(
        "draft-virtual-event",
        "events/{event-id}",
        "one virtual event",
        UPDATED_DELETED,
        replaced_by=of_each_kind(""),
        resync=("events/{event-id}",),
    ),
    draft(
        "draft-virtual-event-sessions",
        "events/{event-id}/sessions",
        "the sessions of one virtual event",
        ALL_CHANGES,
        replaced_by=of_each_kind("/sessions"),
        resync=("events/{event-id}/sessions",),
    ),
    draft(
        "draft-virtual-event-registrants",
        "events/{event-id}/registration/registrants",
        "the registrants of one virtual event",
        ALL_CHANGES,
        replaced_by=("webinars/{webinar-id}/registrations",),
        resync=("events/{event-id}/registration/registrants",),
    ),
    draft(
        "draft-virtual-event-attendance-reports",
        "events/{event-id}/sessions/{session-id}/attendanceReports",
        "the attendance reports of one session of a virtual event",
        CREATED,
        replaced_by=of_each_kind("/getAttendanceReports"),
        resync=("events/{event-id}/sessions/{session-id}/attendanceReports",),
    ),
)

ENTRIES = (*TENANT_LEVEL, *BY_KIND, REGISTRATIONS, *DRAFTS)
