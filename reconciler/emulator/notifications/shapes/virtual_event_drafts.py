"""Virtual events as their first draft had them (seed VE): webinars and town halls are events, and so is all in them."""

from reconciler.emulator.notifications.shapes.shape import Shape, Told
from reconciler.emulator.notifications.shapes.virtual_events import ROOT, path_as_id


def shape(told: Told) -> Shape | None:
    ids = told.change.ids
    match told.change.kind:
        case "webinar" | "townhall":
            return event(told)
        case "session":
            return child(told, "sessions", f"sessions/{ids['session']}")
        case "registration":
            path = f"virtualEventWebinar/registration/registrants/{ids['registration']}"
            return child(told, "registration/registrants", path)
        case "attendance-report":
            reports = f"sessions/{ids['session']}/attendanceReports"
            return child(told, reports, f"{reports}/{ids['report']}")
        case _:
            return None


def event(told: Told) -> Shape:
    """With a slash at the end; who asked for some organizers' events gets the path that was subscribed to."""
    path = f"{event_of(told)}/"
    resource = told.followed if told.subscription.resource.any_of else path
    return shaped(resource, path)


def child(told: Told, collection: str, path: str) -> Shape:
    return shaped(f"{event_of(told)}/{collection}", f"{event_of(told)}/{path}")


def shaped(resource: str, path: str) -> Shape:
    """The draft knows one type only."""
    return Shape(resource=resource, data=path_as_id(path, "virtualEvent"), payload={})


def event_of(told: Told) -> str:
    return f"{ROOT}/events/{told.change.ids['event']}"
