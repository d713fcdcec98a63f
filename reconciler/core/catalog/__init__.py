"""What Graph allows for each resource that one can subscribe to. Imports nothing else of the project.

``ENTRIES`` has every entry, in the order of their paths. Finding the entry of a concrete resource takes a parser, and
there are two on purpose: ``core.resource`` for us, and the emulator's own, so that neither hides the other's mistake.
"""

from reconciler.core.catalog import directory, meetings, outlook, presence, teams, virtual_events
from reconciler.core.catalog.model import (
    ChangeType,
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
            *directory.ENTRIES,
            *meetings.ENTRIES,
            *outlook.ENTRIES,
            *presence.ENTRIES,
            *teams.ENTRIES,
            *virtual_events.ENTRIES,
        ),
        key=lambda entry: entry.path.lower(),
    )
)
