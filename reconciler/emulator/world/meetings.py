"""Online meetings and what happens in their calls (facts 2.5)."""

import base64
import urllib.parse
import uuid
from typing import Any

from reconciler.emulator.world.kinds import Ids, Kind, Properties, Thing, drawn_from
from reconciler.emulator.world.values import INSTANT, OBJECTS, TEXT, one_of, record

CALL_EVENTS_OF = "communications/onlineMeetings(joinWebUrl='{}')/meetingCallEvents"


def join_url(identifier: str, tenant: str) -> str:
    """With its own escapes, as Graph's have them (facts 2.5)."""
    thread = drawn_from(identifier)
    context = urllib.parse.quote(f'{{"Tid":"{tenant}"}}', safe="").lower()
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context={context}"


def plain(url: str) -> str:
    """Without escapes: the same URL is compared equal however often it is escaped (facts 2.5)."""
    while (unescaped := urllib.parse.unquote(url)) != url:
        url = unescaped
    return url


def call_events_path(url: str) -> str:
    """The URL as found, escaped once more (facts 2.5)."""
    return CALL_EVENTS_OF.format(urllib.parse.quote(url, safe=""))


def new_meeting_id(_tenant: str, _above: Ids) -> str:
    return base64.urlsafe_b64encode(f"0**19:meeting_{uuid.uuid4().hex}@thread.v2".encode()).decode().rstrip("=")


def organizer(meeting: Properties) -> str | None:
    participants = meeting.get("participants") or {}
    identity = (participants.get("organizer") or {}).get("identity") or {}
    return (identity.get("user") or {}).get("id")


def organized(given: Properties, who: str, _tenant: str) -> Properties:
    if organizer(given) is not None:
        return given
    participants: dict[str, Any] = dict(given.get("participants") or {"attendees": []})
    participants["organizer"] = {"identity": {"user": {"id": who, "displayName": None}}, "upn": None}
    return {**given, "participants": participants}


def derived_of_meeting(tenant: str, _ids: Ids, thing: Thing) -> Properties:
    return {} if "joinWebUrl" in thing.properties else {"joinWebUrl": join_url(thing.id, tenant)}


PARTICIPANT = record(
    {
        "identity": record({"application": record({}), "user": record({"id": TEXT, "displayName": TEXT})}),
        "role": TEXT,
        "upn": TEXT,
    }
)

MEETING = Kind(
    name="online-meeting",
    type_name="onlineMeeting",
    id_name="meeting",
    fields={
        "allowedPresenters": TEXT,
        "endDateTime": INSTANT,
        "joinWebUrl": TEXT,
        "participants": record({"attendees": OBJECTS, "organizer": PARTICIPANT}),
        "startDateTime": INSTANT,
        "subject": TEXT,
    },
    fixed=frozenset({"joinWebUrl"}),
    defaults={
        "subject": None,
        "startDateTime": None,
        "endDateTime": None,
        "joinWebUrl": None,
        "participants": {"attendees": [], "organizer": None},
    },
    created="creationDateTime",
    new_id=new_meeting_id,
    derived=derived_of_meeting,
    signed=organized,
)

CALL_EVENT = Kind(
    name="call-event",
    type_name="callEvent",
    fields={
        "eventType": one_of("callStarted", "callEnded", "rosterUpdated"),
        "eventDateTime": INSTANT,
        "participants@delta": OBJECTS,
    },
    required=("eventType",),
)


def call_event(given: Properties, *, now: str) -> dict[str, Any]:
    """What happened, with an id and a time. It is kept nowhere: Graph has nothing to read it back (facts 2.5)."""
    told = {name: value for name, value in given.items() if value is not None}
    return {"id": str(uuid.uuid4()), "eventDateTime": now} | told
