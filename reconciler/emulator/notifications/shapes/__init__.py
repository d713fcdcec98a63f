"""How Graph spells a notification, one module for each workload: a change and a subscription in, a shape out."""

from collections.abc import Callable, Mapping

from reconciler.core.catalog import Status, Workload
from reconciler.emulator.notifications.shapes import (
    directory,
    meetings,
    other,
    outlook,
    presence,
    teams,
    virtual_event_drafts,
    virtual_events,
)
from reconciler.emulator.notifications.shapes.shape import Shape, Told

__all__ = ["Shape", "Told", "shape"]

Kind = tuple[Workload, Status]
SHAPES: Mapping[Kind, Callable[[Told], Shape | None]] = {
    (Workload.DIRECTORY, Status.SHIPPED): directory.shape,
    (Workload.MEETINGS, Status.DRAFT): meetings.draft,
    (Workload.MEETINGS, Status.SHIPPED): meetings.shape,
    (Workload.OUTLOOK, Status.SHIPPED): outlook.shape,
    (Workload.PRESENCE, Status.SHIPPED): presence.shape,
    (Workload.TEAMS, Status.SHIPPED): teams.shape,
    (Workload.VIRTUAL_EVENTS, Status.DRAFT): virtual_event_drafts.shape,
    (Workload.VIRTUAL_EVENTS, Status.SHIPPED): virtual_events.shape,
}


def shape(told: Told) -> Shape:
    """That of the workload; the plain one for whatever it does not know."""
    entry = told.subscription.resource.entry
    of_workload = SHAPES.get((entry.workload, entry.status))
    return (of_workload(told) if of_workload else None) or other.shape(told)
