"""What no source shows: the path as it is, the type by the name of the collection. The emulator's own."""

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import singular, steps_of


def shape(told: Told) -> Shape:
    change = told.change
    if told.subscription.resource.entry.path.endswith("/root"):
        return root(told)
    name, key = steps_of(change.path)[-1]
    etag = {"@odata.etag": change.etag} if change.etag else {}
    data = resource_data(
        odata_type=f"#microsoft.graph.{singular(name)}",
        odata_id=change.path,
        identifier=change.ids.get("id") or key or name,
        **etag,
    )
    return Shape(resource=change.path, data=data, payload=change.body)


def root(told: Told) -> Shape:
    """A drive: only that something in it has changed (facts 5.4)."""
    return Shape(resource=told.followed, data=None, payload={})
