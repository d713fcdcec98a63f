"""Chats: their names and settings, not what is said in them (facts 1.6, 2.2)."""

from reconciler.core.catalog.model import CREATED_UPDATED, UPDATED, Permissions
from reconciler.core.catalog.teamwork import ORGANIZATION, PER_USER, entry

READ = ("Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All")
READ_OWN = ("Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
READ_WHERE_INSTALLED = ("Chat.ReadBasic.WhereInstalled", "Chat.Read.WhereInstalled", "Chat.ReadWrite.WhereInstalled")

USER_SPECIFIC = frozenset({"notifyOnUserSpecificProperties", "$notifyOnUserSpecificProperties"})
"""The documentation writes it in both ways (facts 2.2, 11.3)."""

CHATS = entry(
    id="chats",
    path="chats",
    summary="every chat of the tenant",
    change_types=CREATED_UPDATED,
    permissions=Permissions(application=READ),
    resync=("chats",),
)

CHAT = entry(
    id="chat",
    path="chats/{chat-id}",
    summary="one chat",
    change_types=UPDATED,
    permissions=Permissions(
        delegated=READ_OWN,
        application=READ,
        resource_specific=("ChatSettings.Read.Chat", "ChatSettings.ReadWrite.Chat", "Chat.Manage.Chat"),
    ),
    options=USER_SPECIFIC,
    delegated_options=USER_SPECIFIC,
    resync=("chats",),
    notes=("With notifyOnUserSpecificProperties, which a signed-in user may ask for, created comes too",),
)

USER_CHATS = entry(
    id="user-chats",
    path="users/{user-id}/chats",
    summary="every chat of one user",
    change_types=CREATED_UPDATED,
    permissions=Permissions(delegated=READ_OWN, application=READ),
    quotas=(PER_USER, ORGANIZATION),
    options=USER_SPECIFIC,
    delegated_options=USER_SPECIFIC,
    resync=("chats",),
    notes=("All examples of it are on beta",),
)

INSTALLED_CHATS = entry(
    id="installed-chats",
    path="appCatalogs/teamsApps/{app-id}/installedToChats",
    summary="every chat in which one Teams app is installed",
    change_types=CREATED_UPDATED,
    permissions=Permissions(application=READ_WHERE_INSTALLED),
    resync=("chats",),
)

ENTRIES = (CHATS, CHAT, USER_CHATS, INSTALLED_CHATS)
