"""Teams and channels: what they hold, with the values of Graph's own examples as defaults."""

import uuid
from typing import Any

from reconciler.emulator.world.kinds import Ids, Kind, Properties, Thing, drawn_from
from reconciler.emulator.world.values import FLAG, OBJECT, TEXT, one_of, record

MEMBER_SETTINGS = {
    "allowCreateUpdateChannels": True,
    "allowCreatePrivateChannels": True,
    "allowDeleteChannels": True,
    "allowAddRemoveApps": True,
    "allowCreateUpdateRemoveTabs": True,
    "allowCreateUpdateRemoveConnectors": True,
}
GUEST_SETTINGS = {"allowCreateUpdateChannels": False, "allowDeleteChannels": False}
MESSAGING_SETTINGS = {
    "allowUserEditMessages": True,
    "allowUserDeleteMessages": True,
    "allowOwnerDeleteMessages": True,
    "allowTeamMentions": True,
    "allowChannelMentions": True,
}
FUN_SETTINGS = {
    "allowGiphy": True,
    "giphyContentRating": "moderate",
    "allowStickersAndMemes": True,
    "allowCustomMemes": True,
}
PLACEHOLDER: Any = None
"""Keeps the place of what is worked out."""


def thread_id(team: str) -> str:
    """The team's own, which is that of its General channel too."""
    return f"19:{drawn_from(team)}@thread.tacv2"


def derived_of_team(tenant: str, _ids: Ids, thing: Thing) -> Properties:
    thread = thread_id(thing.id)
    link = f"https://teams.microsoft.com/l/team/{thread.replace('@', '%40')}/conversations"
    return {"internalId": thread, "webUrl": f"{link}?groupId={thing.id}&tenantId={tenant}"}


def derived_of_channel(tenant: str, ids: Ids, thing: Thing) -> Properties:
    escaped = thing.id.replace(":", "%3A").replace("@", "%40")
    name = str(thing.properties.get("displayName", "")).replace(" ", "%20")
    link = f"https://teams.microsoft.com/l/channel/{escaped}/{name}?groupId={ids[0]}&tenantId={tenant}"
    local = drawn_from(thing.id)[:8]
    return {"email": f"{local}.{tenant.partition('-')[0]}@teams.example", "webUrl": link}


def new_channel_id(_tenant: str, _above: Ids) -> str:
    return f"19:{uuid.uuid4().hex}@thread.tacv2"


def flags(settings: Properties) -> Any:
    return record({name: FLAG if isinstance(value, bool) else TEXT for name, value in settings.items()})


TEAM = Kind(
    name="team",
    type_name="team",
    id_name="team",
    fields={
        "classification": TEXT,
        "classSettings": record({"notifyGuardiansAboutAssignments": FLAG}),
        "description": TEXT,
        "discoverySettings": record({"showInTeamsSearchAndSuggestions": FLAG}),
        "displayName": TEXT,
        "funSettings": flags(FUN_SETTINGS),
        "guestSettings": flags(GUEST_SETTINGS),
        "isArchived": FLAG,
        "isMembershipLimitedToOwners": FLAG,
        "memberSettings": flags(MEMBER_SETTINGS),
        "messagingSettings": flags(MESSAGING_SETTINGS),
        "specialization": TEXT,
        "visibility": one_of("public", "private", "hiddenMembership"),
    },
    required=("displayName",),
    defaults={
        "displayName": PLACEHOLDER,
        "description": None,
        "internalId": PLACEHOLDER,
        "specialization": "none",
        "visibility": "public",
        "webUrl": PLACEHOLDER,
        "isArchived": False,
        "isMembershipLimitedToOwners": False,
        "discoverySettings": {"showInTeamsSearchAndSuggestions": True},
        "memberSettings": MEMBER_SETTINGS,
        "guestSettings": GUEST_SETTINGS,
        "messagingSettings": MESSAGING_SETTINGS,
        "funSettings": FUN_SETTINGS,
        "classSettings": None,
    },
    created="createdDateTime",
    children=("channels", "members"),
    derived=derived_of_team,
    read_only=frozenset({"internalId", "webUrl"}),
    patch_status=204,
)

CHANNEL = Kind(
    name="channel",
    type_name="channel",
    id_name="channel",
    fields={
        "description": TEXT,
        "displayName": TEXT,
        "isFavoriteByDefault": FLAG,
        "membershipType": one_of("standard", "private", "shared"),
        "moderationSettings": OBJECT,
    },
    required=("displayName",),
    fixed=frozenset({"membershipType"}),
    defaults={
        "displayName": PLACEHOLDER,
        "description": None,
        "isFavoriteByDefault": None,
        "email": PLACEHOLDER,
        "webUrl": PLACEHOLDER,
        "membershipType": "standard",
        "moderationSettings": None,
    },
    created="createdDateTime",
    children=("members",),
    new_id=new_channel_id,
    derived=derived_of_channel,
    read_only=frozenset({"email", "webUrl"}),
    patch_status=204,
)
