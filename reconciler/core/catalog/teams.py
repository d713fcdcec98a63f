"""Teams, channels and chat messages (facts 1.5, 1.6, 2.2, 2.3)."""

import datetime as dt

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

TEAM_READ = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
CHANNEL_READ = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All")

TEAMS = Entry(
    id="teams",
    path="teams",
    summary="every team of the tenant",
    workload=Workload.TEAMS,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    permissions=Permissions(application=TEAM_READ),
    exclusive=True,
    quotas=(ORGANIZATION,),
    resync=("teams",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

TEAM = Entry(
    id="team",
    path="teams/{team-id}",
    summary="one team",
    workload=Workload.TEAMS,
    change_types=UPDATED_DELETED,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    permissions=Permissions(
        delegated=TEAM_READ,
        application=TEAM_READ,
        resource_specific=("TeamSettings.Read.Group", "TeamSettings.ReadWrite.Group"),
    ),
    exclusive=True,
    quotas=(ORGANIZATION,),
    resync=("teams/{team-id}",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

ALL_CHANNELS = Entry(
    id="all-channels",
    path="teams/getAllChannels",
    summary="every channel of every team of the tenant",
    workload=Workload.TEAMS,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    permissions=Permissions(application=CHANNEL_READ),
    exclusive=True,
    quotas=(ORGANIZATION,),
    resync=("teams", "teams/{team-id}/allChannels"),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

CHANNELS = Entry(
    id="channels",
    path="teams/{team-id}/channels",
    summary="every channel of one team",
    workload=Workload.TEAMS,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    permissions=Permissions(
        delegated=CHANNEL_READ,
        application=CHANNEL_READ,
        resource_specific=("ChannelSettings.Read.Group", "ChannelSettings.ReadWrite.Group"),
    ),
    exclusive=True,
    quotas=(ORGANIZATION,),
    resync=("teams/{team-id}/allChannels",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.3", "6", "10.2"),
)

CHAT_MESSAGES = Entry(
    id="chat-messages",
    path="chats/{chat-id}/messages",
    summary="every message of one chat",
    workload=Workload.TEAMS,
    change_types=ALL_CHANGES,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.REQUIRED,
    lifecycle_events=frozenset({LifecycleEvent.REAUTHORIZATION_REQUIRED, LifecycleEvent.SUBSCRIPTION_REMOVED}),
    permissions=Permissions(
        delegated=("Chat.Read", "Chat.ReadWrite"),
        application=("Chat.Read.All",),
        resource_specific=("ChatMessage.Read.Chat",),
    ),
    exclusive=True,
    quotas=(ORGANIZATION,),
    options=frozenset({"$filter", "$search"}),
    resync=("chats/{chat-id}/messages",),
    facts=("1.3", "1.5", "1.6", "2.1", "2.2", "6", "10.2"),
)

ENTRIES = (TEAMS, TEAM, ALL_CHANNELS, CHANNELS, CHAT_MESSAGES)
