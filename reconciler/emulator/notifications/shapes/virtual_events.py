"""Virtual events as they were shipped (facts 2.4): never with data, ids that are paths, slashes at some ends."""

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data

ROOT = "solutions/virtualEvents"
TENANT_LEVEL = "virtual-events"
"""The catalog's entry for all events of a tenant."""


def shape(told: Told) -> Shape | None:
    ids = told.change.ids
    match told.change.kind:
        case "webinar":
            return webinar(told)
        case "townhall":
            return townhall(told)
        case "session":
            return child(told, "sessions", ids["session"], odata_type="virtualEventSession")
        case "registration":
            return child(told, "registrations", ids["registration"], odata_type="virtualEventRegistration")
        case "attendance-report":
            return attendance_report(told)
        case "video-on-demand":
            return video_on_demand(told)
        case _:
            return None


def webinar(told: Told) -> Shape:
    path = f"{ROOT}/webinars/{told.change.ids['event']}/"
    data = path_as_id(path, "virtualEvent")
    if told.subscription.resource.entry.id == TENANT_LEVEL:
        return Shape(resource=f"{ROOT}/events/", data=data, payload={})
    return Shape(resource=told.followed if told.subscription.resource.any_of else path, data=data, payload={})


def townhall(told: Told) -> Shape:
    """In lower case, without a tenant, without a slash at the end, whoever is told: so its only example has it."""
    path = f"{ROOT.lower()}/townhalls/{told.change.ids['event']}"
    return Shape(resource=path, data=path_as_id(path, "virtualEventTownhall"), payload={}, tenant_id=False)


def child(told: Told, collection: str, identifier: str, *, odata_type: str) -> Shape:
    """Of a webinar or a town hall: the resource is the collection."""
    path = f"{event_of(told)}/{collection}"
    return Shape(resource=path, data=path_as_id(f"{path}/{identifier}", odata_type), payload={})


def attendance_report(told: Told) -> Shape:
    """The only one whose ``id`` is an id."""
    event, ids = event_of(told), told.change.ids
    data = resource_data(
        odata_type="#microsoft.graph.meetingAttendanceReport",
        odata_id=f"{event}/sessions/{ids['session']}/attendanceReports/{ids['report']}",
        identifier=ids["report"],
    )
    return Shape(resource=f"{event}/getAttendanceReports", data=data, payload={})


def video_on_demand(told: Told) -> Shape:
    """It tells of a session, whose type is in lower case here only."""
    event = event_of(told)
    data = path_as_id(f"{event}/sessions/{told.change.ids['session']}", "virtualeventsession")
    return Shape(resource=f"{event}/getVideoOnDemandPublication", data=data, payload={})


def event_of(told: Told) -> str:
    """The path of the event, by the kind that the subscription is for."""
    collection = told.subscription.resource.entry.path.split("/")[2]
    return f"{ROOT}/{collection}/{told.change.ids['event']}"


def path_as_id(path: str, odata_type: str) -> dict[str, object]:
    return resource_data(odata_type=f"#microsoft.graph.{odata_type}", odata_id=path, identifier=path)
