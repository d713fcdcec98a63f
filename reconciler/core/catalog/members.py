"""Members of teams, channels and chats, and channels that are shared with teams (facts 1.6, 2.2)."""

from reconciler.core.catalog.model import ALL_CHANGES, CREATED_DELETED, Permissions, Version
from reconciler.core.catalog.teamwork import entry

CHANNEL_MEMBER = ("ChannelMember.Read.All", "ChannelMember.ReadWrite.All")
CHAT_MEMBER = (
    "ChatMember.Read.All",
    "ChatMember.ReadWrite.All",
    "Chat.ReadBasic.All",
    "Chat.Read.All",
    "Chat.ReadWrite.All",
)
CHAT_MEMBER_OWN = ("ChatMember.Read", "ChatMember.ReadWrite", "Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
CHAT_MEMBER_WHERE_INSTALLED = (
    "ChatMember.Read.WhereInstalled",
    "Chat.ReadBasic.WhereInstalled",
    "Chat.Read.WhereInstalled",
    "Chat.ReadWrite.WhereInstalled",
)

TEAM_MEMBERS = entry(
    id="team-members",
    path="teams/{team-id}/members",
    summary="the members of one team",
    change_types=ALL_CHANGES,
    permissions=Permissions(
        delegated=("TeamMember.Read.All",),
        application=("TeamMember.Read.All",),
        resource_specific=("TeamMember.Read.Group",),
    ),
    resync=("teams/{team-id}/members",),
)

ALL_TEAM_MEMBERS = entry(
    id="all-team-members",
    path="teams/getAllMembers",
    summary="the members of every team of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=("TeamMember.Read.All", "TeamMember.ReadWrite.All")),
    resync=("teams", "teams/{team-id}/members"),
)

CHANNEL_MEMBERS = entry(
    id="channel-members",
    path="teams/{team-id}/channels/getAllMembers",
    summary="the members of every private and shared channel of one team",
    change_types=ALL_CHANGES,
    permissions=Permissions(delegated=CHANNEL_MEMBER, application=("ChannelMember.Read.All",)),
    options=frozenset({"notifyOnIndirectMembershipUpdate", "suppressNotificationWhenSharedUnsharedWithTeam"}),
    resync=("teams/{team-id}/allChannels", "teams/{team-id}/channels/{channel-id}/allMembers"),
    notes=(
        "Direct members only, unless notifyOnIndirectMembershipUpdate=true; indirect ones for the owning team only",
        "For a signed-in user the documentation contradicts itself: no (create page), yes (concept page)",
    ),
)

ALL_CHANNEL_MEMBERS = entry(
    id="all-channel-members",
    path="teams/getAllChannels/getAllMembers",
    summary="the members of every private channel of the tenant",
    change_types=ALL_CHANGES,
    versions=(Version.BETA,),
    permissions=Permissions(application=CHANNEL_MEMBER),
    resync=("teams", "teams/{team-id}/allChannels", "teams/{team-id}/channels/{channel-id}/members"),
)

SHARED_WITH_TEAMS = entry(
    id="shared-with-teams",
    path="teams/{team-id}/channels/{channel-id}/sharedWithTeams",
    summary="the teams that one channel is shared with",
    change_types=CREATED_DELETED,
    versions=(Version.BETA,),
    permissions=Permissions(delegated=CHANNEL_MEMBER, application=CHANNEL_MEMBER),
)

CHAT_MEMBERS = entry(
    id="chat-members",
    path="chats/{chat-id}/members",
    summary="the members of one chat",
    change_types=CREATED_DELETED,
    permissions=Permissions(
        delegated=CHAT_MEMBER_OWN,
        application=CHAT_MEMBER,
        resource_specific=("ChatMember.Read.Chat", "Chat.Manage.Chat"),
    ),
)

ALL_CHAT_MEMBERS = entry(
    id="all-chat-members",
    path="chats/getAllMembers",
    summary="the members of every chat of the tenant",
    change_types=CREATED_DELETED,
    permissions=Permissions(application=CHAT_MEMBER),
)

INSTALLED_CHAT_MEMBERS = entry(
    id="installed-chat-members",
    path="appCatalogs/teamsApps/{app-id}/installedToChats/getAllMembers",
    summary="the members of every chat in which one Teams app is installed",
    change_types=ALL_CHANGES,
    change_types_verified=False,
    permissions=Permissions(application=CHAT_MEMBER_WHERE_INSTALLED),
    notes=("Created and deleted by the text, created and updated by its example",),
)

ENTRIES = (
    TEAM_MEMBERS,
    ALL_TEAM_MEMBERS,
    CHANNEL_MEMBERS,
    ALL_CHANNEL_MEMBERS,
    SHARED_WITH_TEAMS,
    CHAT_MEMBERS,
    ALL_CHAT_MEMBERS,
    INSTALLED_CHAT_MEMBERS,
)
