"""Teams and channels (facts 1.5, 1.6, 2.2, 2.3)."""

from reconciler.core.catalog.model import ALL_CHANGES, UPDATED_DELETED, Permissions
from reconciler.core.catalog.teamwork import entry

TEAM_READ = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
CHANNEL_READ = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All")

TEAMS = entry(
    id="teams",
    path="teams",
    summary="every team of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=TEAM_READ),
    resync=("teams",),
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
)

ALL_CHANNELS = entry(
    id="all-channels",
    path="teams/getAllChannels",
    summary="every channel of every team of the tenant",
    change_types=ALL_CHANGES,
    permissions=Permissions(application=CHANNEL_READ),
    resync=("teams", "teams/{team-id}/allChannels"),
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
    notes=("With the token of a signed-in user, v1.0 tells of standard channels only",),
)

ENTRIES = (TEAMS, TEAM, ALL_CHANNELS, CHANNELS)
