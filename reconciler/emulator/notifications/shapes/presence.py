"""The presence of one user (facts 2.5): the resource is not where it is read."""

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data

PAYLOAD = ("availability", "activity")


def shape(told: Told) -> Shape:
    user = told.change.path.rpartition("/")[2]
    data = resource_data(odata_type="#microsoft.graph.presence", odata_id=f"users/{user}/presence", identifier=user)
    known = {name: told.change.body[name] for name in PAYLOAD if name in told.change.body}
    return Shape(resource=told.change.path, data=data, payload=data | known, organization_id=True)
