"""What Graph allows for each resource that one can subscribe to. Imports nothing else of the project.

``ENTRIES`` has every entry, in the order of their paths. Finding the entry of a concrete resource takes a parser, and
there are two on purpose: ``core.resource`` for us, and the emulator's own, so that neither hides the other's mistake.
"""

from reconciler.core.catalog import (
    approvals,
    apps,
    calls,
    chat_messages,
    chats,
    conversations,
    copilot,
    directory,
    files,
    health,
    meetings,
    members,
    outlook,
    presence,
    printing,
    recordings,
    security,
    shifts,
    tasks,
    teams,
    virtual_events,
)
from reconciler.core.catalog.model import (
    ChangeType,
    Cloud,
    Entry,
    LifecycleEvent,
    LifecycleUrl,
    Permissions,
    Quota,
    Rich,
    Status,
    Version,
    Workload,
)

__all__ = [
    "ENTRIES",
    "ChangeType",
    "Cloud",
    "Entry",
    "LifecycleEvent",
    "LifecycleUrl",
    "Permissions",
    "Quota",
    "Rich",
    "Status",
    "Version",
    "Workload",
]

ENTRIES: tuple[Entry, ...] = tuple(
    sorted(
        (
            *approvals.ENTRIES,
            *apps.ENTRIES,
            *calls.ENTRIES,
            *chat_messages.ENTRIES,
            *chats.ENTRIES,
            *conversations.ENTRIES,
            *copilot.ENTRIES,
            *directory.ENTRIES,
            *files.ENTRIES,
            *health.ENTRIES,
            *meetings.ENTRIES,
            *members.ENTRIES,
            *outlook.ENTRIES,
            *presence.ENTRIES,
            *printing.ENTRIES,
            *recordings.ENTRIES,
            *security.ENTRIES,
            *shifts.ENTRIES,
            *tasks.ENTRIES,
            *teams.ENTRIES,
            *virtual_events.ENTRIES,
        ),
        key=lambda entry: entry.path.lower(),
    )
)
