"""Installations of one Teams app (facts 1.6, 2.2)."""

from reconciler.core.catalog.model import ALL_CHANGES, Permissions
from reconciler.core.catalog.teamwork import entry

INSTALLATIONS = entry(
    id="app-installations",
    path="appCatalogs/teamsApps/{app-id}/installations",
    summary="the installations of one Teams app",
    change_types=ALL_CHANGES,
    # The first is enough whatever the $filter; each of the others is for one scope.
    permissions=Permissions(
        application=(
            "TeamsAppInstallation.Read.All",
            "TeamsAppInstallation.ReadForChat.All",
            "TeamsAppInstallation.ReadForTeam.All",
            "TeamsAppInstallation.ReadForUser.All",
        )
    ),
    options=frozenset({"$filter", "useResourceSpecificConsentBasedAuthorization"}),
    notes=(
        "ReadForUser, ReadForTeam and ReadForChat are for the scope of the $filter only",
        "There are no updated notifications of chats, and no deleted ones with resource-specific consent",
    ),
)

ENTRIES = (INSTALLATIONS,)
