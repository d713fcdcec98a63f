"""What is read to find out what was missed, and the permissions that read it: data about Graph.

``docs/graph-facts.md`` has the paths (10.2) and the permissions of attendance reports (2.6); the others are from the
permission tables of the pages named here, of microsoftgraph/microsoft-graph-docs-contrib, ``api-reference/v1.0``. What
is not here is not documented as far as we know, and nothing is made up for it.
"""

import re
from collections.abc import Mapping

from reconciler.core.catalog import Permissions

__all__ = ["permissions_to_read"]

TEAM = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
CHANNEL = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All")
CHANNEL_MEMBERS = Permissions(
    delegated=("ChannelMember.Read.All", "ChannelMember.ReadWrite.All"),
    application=("ChannelMember.Read.All", "ChannelMember.ReadWrite.All"),
    resource_specific=("ChannelMember.Read.Group",),
)
ATTENDANCE = Permissions(delegated=("OnlineMeetingArtifact.Read.All",), application=("OnlineMeetingArtifact.Read.All",))
VIRTUAL_EVENT = Permissions(delegated=("VirtualEvent.Read",), application=("VirtualEvent.Read.All",))
EVENTS = "solutions/virtualevents"

READS: Mapping[str, Permissions] = {
    # teams-list, team-get
    "teams": Permissions(delegated=TEAM, application=TEAM),
    "teams/{}": Permissions(
        delegated=TEAM, application=TEAM, resource_specific=("TeamSettings.Read.Group", "TeamSettings.ReadWrite.Group")
    ),
    # team-list-allchannels
    "teams/{}/allchannels": Permissions(delegated=CHANNEL, application=CHANNEL),
    # channel-list-members, channel-list-allmembers
    "teams/{}/channels/{}/members": CHANNEL_MEMBERS,
    "teams/{}/channels/{}/allmembers": CHANNEL_MEMBERS,
    # chat-list-messages
    "chats/{}/messages": Permissions(
        delegated=("Chat.Read", "Chat.ReadWrite"),
        application=("Chat.Read.All", "Chat.ReadWrite.All"),
        resource_specific=("ChatMessage.Read.Chat",),
    ),
    # user-delta, group-delta: of a user only the least that every user's data takes
    "users/delta": Permissions(delegated=("User.Read.All",), application=("User.Read.All", "Directory.Read.All")),
    "groups/delta": Permissions(
        delegated=("GroupMember.Read.All", "Group.Read.All"), application=("GroupMember.Read.All", "Group.Read.All")
    ),
    # message-delta, event-delta
    "users/{}/mailfolders/{}/messages/delta": Permissions(
        delegated=("Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"),
        application=("Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite"),
    ),
    "users/{}/calendarview/delta": Permissions(
        delegated=("Calendars.Read", "Calendars.ReadWrite"), application=("Calendars.Read", "Calendars.ReadWrite")
    ),
    # listitem-delta, todotask-delta
    "sites/{}/lists/{}/items/delta": Permissions(
        delegated=("Sites.Read.All", "Sites.ReadWrite.All"), application=("Sites.Read.All", "Sites.ReadWrite.All")
    ),
    "users/{}/todo/lists/{}/tasks/delta": Permissions(
        delegated=("Tasks.Read", "Tasks.ReadWrite"), application=("Tasks.Read.All", "Tasks.ReadWrite.All")
    ),
    # presence-get: the token of a user reads that of others with the second only
    "users/{}/presence": Permissions(delegated=("Presence.Read.All",), application=("Presence.Read.All",)),
    # virtualeventsroot-list-webinars: application only
    f"{EVENTS}/webinars": Permissions(application=("VirtualEvent.Read.All",)),
    # virtualeventregistration-list; virtualeventsession-get, as the list only has summaries (facts 10.2)
    f"{EVENTS}/webinars/{{}}/registrations": VIRTUAL_EVENT,
    f"{EVENTS}/webinars/{{}}/sessions": VIRTUAL_EVENT,
    f"{EVENTS}/townhalls/{{}}/sessions": VIRTUAL_EVENT,
    # facts 2.6
    f"{EVENTS}/webinars/{{}}/sessions/{{}}/attendancereports": ATTENDANCE,
    f"{EVENTS}/townhalls/{{}}/sessions/{{}}/attendancereports": ATTENDANCE,
}


def permissions_to_read(path: str) -> Permissions | None:
    """Of a path as the catalog's ``resync`` has it; None where it is not documented."""
    return READS.get(re.sub(r"\{[^}]*\}", "{}", path.strip("/").lower()))
