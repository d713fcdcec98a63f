"""Chat messages: what is said in channels and chats (facts 1.6, 2.2, 6)."""

import functools

from reconciler.core.catalog.model import ALL_CHANGES, CREATED_UPDATED, LifecycleEvent, Permissions
from reconciler.core.catalog.teamwork import ORGANIZATION, PER_USER
from reconciler.core.catalog.teamwork import entry as teams_entry

SEARCH = frozenset({"$filter", "$search"})
CHAT_READ = ("Chat.Read", "Chat.ReadWrite")
OPTIONS_ARE_OLD = "The query options are from a text of 2023, their later status is not verified"

entry = functools.partial(
    teams_entry,
    lifecycle_events=frozenset({LifecycleEvent.REAUTHORIZATION_REQUIRED, LifecycleEvent.SUBSCRIPTION_REMOVED}),
)

ALL_CHANNEL_MESSAGES = entry(
    id="all-channel-messages",
    path="teams/getAllMessages",
    summary="every message and reply in every channel of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=("ChannelMessage.Read.All",)),
    resync=("teams", "teams/{team-id}/allChannels", "teams/{team-id}/channels/{channel-id}/messages/delta"),
)

ALL_CHAT_MESSAGES = entry(
    id="all-chat-messages",
    path="chats/getAllMessages",
    summary="every message in every chat of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=("Chat.Read.All",)),
    resync=("chats", "chats/{chat-id}/messages"),
)

CHANNEL_MESSAGES = entry(
    id="channel-messages",
    path="teams/{team-id}/channels/{channel-id}/messages",
    summary="every message and reply in one channel",
    change_types=ALL_CHANGES,
    permissions=Permissions(
        delegated=("ChannelMessage.Read.All",),
        application=("ChannelMessage.Read.All",),
        resource_specific=("ChannelMessage.Read.Group",),
    ),
    options=SEARCH,
    resync=("teams/{team-id}/channels/{channel-id}/messages/delta",),
    notes=(OPTIONS_ARE_OLD,),
)

CHAT_MESSAGES = entry(
    id="chat-messages",
    path="chats/{chat-id}/messages",
    summary="every message of one chat",
    change_types=ALL_CHANGES,
    permissions=Permissions(
        delegated=CHAT_READ, application=("Chat.Read.All",), resource_specific=("ChatMessage.Read.Chat",)
    ),
    options=SEARCH,
    resync=("chats/{chat-id}/messages",),
    notes=(OPTIONS_ARE_OLD,),
)

USER_CHAT_MESSAGES = entry(
    id="user-chat-messages",
    path="users/{user-id}/chats/getAllMessages",
    summary="every message in every chat of one user",
    change_types=ALL_CHANGES,
    permissions=Permissions(delegated=CHAT_READ, application=("Chat.Read.All", "Chat.ReadWrite.All")),
    quotas=(PER_USER, ORGANIZATION),
    options=frozenset({"$search"}),
    resync=("users/{user-id}/chats/getAllMessages",),
    notes=("The example of it is on beta",),
)

INSTALLED_CHAT_MESSAGES = entry(
    id="installed-chat-messages",
    path="appCatalogs/teamsApps/{app-id}/installedToChats/getAllMessages",
    summary="every message in every chat in which one Teams app is installed",
    change_types=CREATED_UPDATED,
    permissions=Permissions(application=("Chat.Read.WhereInstalled", "Chat.ReadWrite.WhereInstalled")),
    resync=("chats", "chats/{chat-id}/messages"),
)

ENTRIES = (
    ALL_CHANNEL_MESSAGES,
    ALL_CHAT_MESSAGES,
    CHANNEL_MESSAGES,
    CHAT_MESSAGES,
    USER_CHAT_MESSAGES,
    INSTALLED_CHAT_MESSAGES,
)
