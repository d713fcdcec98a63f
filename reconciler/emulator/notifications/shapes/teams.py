"""Teams, channels, chats and what is in them (facts 2.3, seed TC): keys in brackets, types in changing case."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import keyed, pacific, singular, steps_of

YEAR_1970 = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
TEAM_PAYLOAD = (
    "id",
    "createdDateTime",
    "displayName",
    "description",
    "internalId",
    "specialization",
    "visibility",
    "webUrl",
    "isArchived",
    "isMembershipLimitedToOwners",
    "memberSettings",
    "guestSettings",
    "messagingSettings",
    "funSettings",
)
"""What the seed shows: neither ``discoverySettings`` nor ``classSettings``, which GET has."""
CHANNEL_PAYLOAD = (
    "id",
    "createdDateTime",
    "displayName",
    "description",
    "isFavoriteByDefault",
    "email",
    "webUrl",
    "membershipType",
    "moderationSettings",
)
TYPES = {
    "allmembers": "#Microsoft.Graph.aadUserConversationMember",
    "chats": "#microsoft.graph.chat",
    "installations": "#microsoft.graph.teamsAppInstallation",
    "members": "#Microsoft.Graph.aadUserConversationMember",
    "messages": "#Microsoft.Graph.chatMessage",
    "replies": "#Microsoft.Graph.ChatMessage",
    "sharedwithteams": "#Microsoft.Graph.sharedWithChannelTeamInfo",
}

OF_SOMEBODY = re.compile(r"^.+/(chats|installedToChats)\('", re.IGNORECASE)


def shape(told: Told) -> Shape:
    match told.change.kind:
        case "team":
            return team(told)
        case "channel":
            return channel(told)
        case _:
            return item(told)


def team(told: Told) -> Shape:
    """Its ``id`` is no id but the moment, in milliseconds."""
    moment = str((told.now - YEAR_1970) // dt.timedelta(milliseconds=1))
    odata_type = "#Microsoft.Graph.Team" if told.rich else "#Microsoft.Graph.Teams"
    return shaped(told, odata_type, moment, payload=chosen(told.change.body, TEAM_PAYLOAD))


def channel(told: Told) -> Shape:
    body = {"moderationSettings": None} | dict(told.change.body) | {"email": ""}
    return shaped(told, "#Microsoft.Graph.Channel", told.change.ids["channel"], payload=chosen(body, CHANNEL_PAYLOAD))


def item(told: Told) -> Shape:
    name, key = steps_of(told.change.path)[-1]
    odata_type = TYPES.get(name.lower(), f"#microsoft.graph.{singular(name)}")
    return shaped(told, odata_type, key or name, payload=told.change.body)


def shaped(told: Told, odata_type: str, identifier: str, *, payload: Mapping[str, Any]) -> Shape:
    """A chat is named by itself, whoever's it is."""
    path = OF_SOMEBODY.sub("chats('", keyed(told.change.path))
    data = resource_data(odata_type=odata_type, odata_id=path, identifier=identifier)
    return Shape(resource=path, data=data, payload=payload, expiration=pacific)


def chosen(body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body}
