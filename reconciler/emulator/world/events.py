"""Virtual events and what belongs to them: webinars, town halls, sessions, registrations, attendance reports."""

import dataclasses
import uuid
from collections.abc import Iterator

from reconciler.emulator.world.kinds import Ids, Kind, Properties, Thing
from reconciler.emulator.world.meetings import join_url
from reconciler.emulator.world.values import (
    FLAG,
    IDENTITY,
    INSTANT,
    OBJECT,
    OBJECTS,
    TEXT,
    TIME,
    WHOLE,
    Complaint,
    Where,
    many,
    one_of,
    record,
)

ITEM_BODY = record({"content": TEXT, "contentType": one_of("text", "html")})
AUDIENCE = one_of("everyone", "organization", "unknownFutureValue")
VIDEO = "videoOnDemandWebUrl"


def description(value: object, where: Where) -> Iterator[Complaint]:
    """An itemBody; older texts have a plain one."""
    return TEXT(value, where) if isinstance(value, str) else ITEM_BODY(value, where)


def new_event_id(tenant: str, _above: Ids) -> str:
    """Facts 2.4."""
    return f"{uuid.uuid4()}@{tenant}"


def organized(given: Properties, who: str, tenant: str) -> Properties:
    """Whoever creates it is its organizer."""
    identity = {"id": who, "displayName": None, "tenantId": tenant}
    author = {"createdBy": {"application": None, "device": None, "user": identity}}
    return given if given.get("createdBy") else {**given, **author}


def organizers(event: Properties) -> Iterator[str]:
    """The ids of the organizer and the co-organizers: whoever is any of them counts (facts 2.4)."""
    user = (event.get("createdBy") or {}).get("user") or {}
    for identity in (user, *(event.get("coOrganizers") or ())):
        if identity.get("id"):
            yield identity["id"]


def published(before: Properties, after: Properties) -> bool:
    """A recording can be watched from now on: a session has got its address, or another one."""
    return bool(after.get(VIDEO)) and after.get(VIDEO) != before.get(VIDEO)


def derived_of_session(tenant: str, _ids: Ids, thing: Thing) -> Properties:
    return {} if "joinWebUrl" in thing.properties else {"joinWebUrl": join_url(thing.id, tenant)}


WEBINAR = Kind(
    name="webinar",
    type_name="virtualEventWebinar",
    id_name="event",
    fields={
        "audience": AUDIENCE,
        "coOrganizers": many(IDENTITY),
        "createdBy": record({"application": OBJECT, "device": OBJECT, "user": IDENTITY}),
        "description": description,
        "displayName": TEXT,
        "endDateTime": TIME,
        "externalEventInformation": OBJECTS,
        "settings": record({"isAttendeeEmailNotificationEnabled": FLAG}),
        "startDateTime": TIME,
        "status": one_of("draft", "published", "canceled"),
    },
    required=("displayName",),
    defaults={
        "status": "draft",
        "displayName": None,
        "description": None,
        "startDateTime": None,
        "endDateTime": None,
        "audience": "everyone",
        "createdBy": None,
        "coOrganizers": [],
        "externalEventInformation": [],
        "settings": {"isAttendeeEmailNotificationEnabled": True},
    },
    children=("sessions", "registrations"),
    new_id=new_event_id,
    signed=organized,
)

TOWNHALL = dataclasses.replace(
    WEBINAR,
    name="townhall",
    type_name="virtualEventTownhall",
    fields={**(WEBINAR.fields or {}), "invitedAttendees": many(IDENTITY), "isInviteOnly": FLAG},
    defaults={**WEBINAR.defaults, "invitedAttendees": [], "isInviteOnly": False},
    children=("sessions",),
)

SESSION = Kind(
    name="session",
    type_name="virtualEventSession",
    id_name="session",
    fields={
        "allowedPresenters": TEXT,
        "endDateTime": TIME,
        "joinWebUrl": TEXT,
        "recordAutomatically": FLAG,
        "startDateTime": TIME,
        "subject": TEXT,
        VIDEO: TEXT,
    },
    fixed=frozenset({"joinWebUrl"}),
    defaults={"subject": None, "startDateTime": None, "endDateTime": None, "joinWebUrl": None, VIDEO: None},
    children=("attendanceReports",),
    derived=derived_of_session,
)

REGISTRATION = Kind(
    name="registration",
    type_name="virtualEventRegistration",
    id_name="registration",
    fields={
        "cancelationDateTime": INSTANT,
        "email": TEXT,
        "externalRegistrationInformation": OBJECT,
        "firstName": TEXT,
        "lastName": TEXT,
        "preferredLanguage": TEXT,
        "preferredTimezone": TEXT,
        "registrationQuestionAnswers": OBJECTS,
        "status": one_of("registered", "canceled", "waitlisted", "pendingApproval", "rejectedByOrganizer"),
        "userId": TEXT,
    },
    required=("email",),
    defaults={
        "status": "registered",
        "cancelationDateTime": None,
        "email": None,
        "firstName": None,
        "lastName": None,
        "userId": None,
        "preferredTimezone": None,
        "preferredLanguage": None,
        "registrationQuestionAnswers": [],
    },
    created="registrationDateTime",
)

REPORT = Kind(
    name="attendance-report",
    type_name="meetingAttendanceReport",
    id_name="report",
    fields={
        "attendanceRecords": OBJECTS,
        "meetingEndDateTime": INSTANT,
        "meetingStartDateTime": INSTANT,
        "totalParticipantCount": WHOLE,
    },
    defaults={"totalParticipantCount": 0, "meetingStartDateTime": None, "meetingEndDateTime": None},
)
