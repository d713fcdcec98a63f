"""Teams, channels and chat messages (facts 1.5, 1.6, 2.2, 2.3)."""

import datetime as dt
import functools

from reconciler.core.catalog.model import (
    ALL_CHANGES,
    UPDATED_DELETED,
    Entry,
    LifecycleEvent,
    LifecycleUrl,
    Permissions,
    Quota,
    Rich,
    Workload,
)

THREE_DAYS = dt.timedelta(minutes=4320)
ORGANIZATION = Quota(limit=10_000, per="organization", shared="all Teams resources")
"""Counted across all Teams resources of all apps together (facts 2.1)."""

entry = functools.partial(
    Entry,
    workload=Workload.TEAMS,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    exclusive=True,
    quotas=(ORGANIZATION,),
)
"""What all Teams resources have in common."""

TEAM_READ = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
CHANNEL_READ = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All")

TEAMS = entry(
    id="teams",
    path="teams",
    summary="every team of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=TEAM_READ),
    resync=("teams",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

TEAM = entry(
    id="team",
    path="teams/{team-id}",
    summary="one team",
    change_types=UPDATED_DELETED,
    permissions=Permissions(
        delegated=TEAM_READ,
        application=TEAM_READ,
        resource_specific=("TeamSettings.Read.Group", "TeamSettings.ReadWrite.Group"),
    ),
    resync=("teams/{team-id}",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

ALL_CHANNELS = entry(
    id="all-channels",
    path="teams/getAllChannels",
    summary="every channel of every team of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=CHANNEL_READ),
    resync=("teams", "teams/{team-id}/allChannels"),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

CHANNELS = entry(
    id="channels",
    path="teams/{team-id}/channels",
    summary="every channel of one team",
    change_types=ALL_CHANGES,
    permissions=Permissions(
        delegated=CHANNEL_READ,
        application=CHANNEL_READ,
        resource_specific=("ChannelSettings.Read.Group", "ChannelSettings.ReadWrite.Group"),
    ),
    resync=("teams/{team-id}/allChannels",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

CHAT_MESSAGES = entry(
    id="chat-messages",
    path="chats/{chat-id}/messages",
    summary="every message of one chat",
    change_types=ALL_CHANGES,
    lifecycle_events=frozenset({LifecycleEvent.REAUTHORIZATION_REQUIRED, LifecycleEvent.SUBSCRIPTION_REMOVED}),
    permissions=Permissions(
        delegated=("Chat.Read", "Chat.ReadWrite"),
        application=("Chat.Read.All",),
        resource_specific=("ChatMessage.Read.Chat",),
    ),
    options=frozenset({"$filter", "$search"}),
    resync=("chats/{chat-id}/messages",),
    facts=("1.3", "1.5", "1.6", "2.1", "2.2", "6", "10.2"),
)

ENTRIES = (TEAMS, TEAM, ALL_CHANNELS, CHANNELS, CHAT_MESSAGES)
