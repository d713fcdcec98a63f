"""The calls of an online meeting (facts 2.5): as shipped, and as the path of older texts has them."""

import urllib.parse
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import capitalized

OLD_NAMES = {
    "callEnded": "Microsoft.Communication.CallEnded",
    "callStarted": "Microsoft.Communication.CallStarted",
    "rosterUpdated": "Microsoft.Communication.CallRosterUpdate",
}


def shape(told: Told) -> Shape | None:
    """The id is one of the event alone: nothing can be read with it."""
    if told.change.kind != "call-event":
        return None
    url = urllib.parse.quote(join_url(told), safe="")  # it has escapes already: once more (facts 2.5)
    path = f"communications/onlineMeetings(joinWebUrl='{url}')/meetingCallEvents"
    identifier = str(told.change.body.get("id") or uuid.uuid4())
    data = resource_data(odata_type="#microsoft.graph.callevent", odata_id=path, identifier=identifier)
    return Shape(resource=path, data=data, payload=data | known(told.change.body), organization_id=True)


def draft(told: Told) -> Shape | None:
    """Without encryption ``resourceData`` has everything, as the page of that time says: nothing can be read later."""
    if told.change.kind != "call-event":
        return None
    path = f"communications/onlineMeetings?$filter=joinWebUrl+eq+'{join_url(told)}'"
    data = resource_data(odata_type="#microsoft.graph.onlineMeeting", odata_id=path, identifier=path)
    payload = data | {"@odata.type": "#Microsoft.Graph.onlineMeeting"} | old(told.change.body)
    shown = data if told.rich else payload | data
    return Shape(resource=path, data=shown, payload=payload, organization_id=True)


def join_url(told: Told) -> str:
    """As a meeting has it: without the escapes that it got to stand in a path."""
    url = told.change.ids["joinWebUrl"]
    while "://" not in url and (plain := urllib.parse.unquote(url)) != url:
        url = plain
    return url


def known(body: Mapping[str, Any]) -> dict[str, Any]:
    names = ("eventType", "eventDateTime", "participants@delta")
    return {name: body[name] for name in names if name in body}


def old(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same event in the words of the older texts."""
    event = str(body.get("eventType"))
    result = {"eventType": OLD_NAMES.get(event, event), "eventDateTime": body.get("eventDateTime"), "state": "active"}
    if event == "rosterUpdated":
        participants = body.get("participants@delta") or ()
        result["activeParticipants@joined"] = old_participants(participants, gone=False)
        result["activeParticipants@exited"] = old_participants(participants, gone=True)
    return result


def old_participants(participants: Iterable[Mapping[str, Any]], *, gone: bool) -> list[dict[str, Any]]:
    """The older texts write the parts of an identity with capitals."""
    return [
        {"id": each.get("id"), "identity": with_capitals(identity_of(each))}
        for each in participants
        if bool(each.get("removedState")) is gone
    ]


def identity_of(participant: Mapping[str, Any]) -> Any:
    info = participant.get("info")
    return info.get("identity") if isinstance(info, Mapping) else None


def with_capitals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {capitalized(name): with_capitals(each) for name, each in value.items()}
    return value
