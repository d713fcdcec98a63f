"""A verified notification in, the CloudEvent out that every sink gets alike (CloudEvents 1.0, structured JSON)."""

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from reconciler.core.json_text import spell_json
from reconciler.core.subject import subject_of
from reconciler.core.times import spell_time

__all__ = ["MEDIA_TYPE", "Event", "Facts", "event_of", "type_of"]

MEDIA_TYPE = "application/cloudevents+json"
PREFIX = "com.microsoft.graph"
ODATA_TYPE = re.compile(r"#?microsoft\.graph\.([a-z][a-z0-9]*)", re.ASCII | re.IGNORECASE)
WORD = re.compile(r"[a-z]+", re.ASCII)
SPELLED = {
    each.lower(): each
    for each in (
        "aadUserConversationMember",
        "callEvent",
        "callRecord",
        "callRecording",
        "callTranscript",
        "channel",
        "chat",
        "chatMessage",
        "contact",
        "driveItem",
        "event",
        "group",
        "meetingAttendanceReport",
        "message",
        "presence",
        "sharedWithChannelTeamInfo",
        "team",
        "teamsAppInstallation",
        "todoTask",
        "user",
        "virtualEvent",
        "virtualEventRegistration",
        "virtualEventSession",
        "virtualEventTownhall",
        "virtualEventWebinar",
    )
} | {"teams": "team"}
"""Graph spells type names in every letter case, and teams in both numbers (facts 2.3, 2.4)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """What a sink is given. ``content`` is the whole CloudEvent as JSON; the rest is what a broker wants beside it."""

    id: str
    """The same for each time that it is sent."""

    type: str
    subject: str
    """The canonical resource."""

    content: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a notification that Graph has sent. None where Graph does not say."""

    id: str
    source: str
    received_at: dt.datetime
    change_type: str | None
    tenant_id: str
    subscription_id: str
    name: str | None
    """The manifest's; None where only the subscription's id is known."""

    resource: str | None
    """As Graph spells it."""

    resource_data: Any = dataclasses.field(default=None, repr=False)
    content: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    """The resource itself, decrypted; None where the notification came without."""

    encrypted_content: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    """Where it stays closed, for whoever has the key."""

    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """Whatever else Graph has sent with it."""

    possible_duplicate: bool = False


def event_of(facts: Facts) -> Event:
    """Raises RecursionError for what is nested as deeply as can just be read."""
    kind, subject = type_of(facts.resource_data, facts.change_type), subject_of(facts.resource)
    data = {
        "changeType": facts.change_type,
        "tenantId": facts.tenant_id,
        "subscriptionId": facts.subscription_id,
        "subscription": facts.name,
        "resource": facts.resource,
        "resourceData": facts.resource_data,
        "content": facts.content,
    }
    if facts.encrypted_content is not None:
        data["encryptedContent"] = facts.encrypted_content
    if facts.properties:
        data["properties"] = facts.properties
    if facts.possible_duplicate:
        data["duplicate"] = "possible"
    attributes = {
        "specversion": "1.0",
        "id": facts.id,
        "source": facts.source,
        "type": kind,
        "subject": subject,
        "time": spell_time(facts.received_at),
        "datacontenttype": "application/json",
        "data": data,
    }
    if not subject:
        del attributes["subject"]  # it must not be empty, where it stands at all
    return Event(facts.id, kind, subject, spell_json(attributes))


def type_of(resource_data: Any, change_type: str | None) -> str:
    """``com.microsoft.graph.team.updated``: what has changed by its ``@odata.type``, ``resource`` where it has none."""
    named = resource_data.get("@odata.type") if isinstance(resource_data, Mapping) else None
    found = ODATA_TYPE.fullmatch(named) if isinstance(named, str) else None
    noun = found[1] if found else "resource"
    change = change_type if change_type and WORD.fullmatch(change_type) else "changed"
    return f"{PREFIX}.{SPELLED.get(noun.lower()) or noun[0].lower() + noun[1:]}.{change}"
