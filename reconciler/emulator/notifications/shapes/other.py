"""What no source shows: the path as it is, the type by the name of the collection. The emulator's own."""

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import capitalized, singular, steps_of

TYPES = {
    "getallenterpriseinteractions": "aiInteraction",
    "recordings": "callRecording",
    "tasks": "todoTask",
    "transcripts": "callTranscript",
}
"""Where the type is not what the collection is called (facts 1.3, 2.2)."""


def shape(told: Told) -> Shape:
    change = told.change
    if told.subscription.resource.entry.path.endswith("/root"):
        return root(told)
    name, key = steps_of(change.path)[-1]
    etag = {"@odata.etag": change.etag} if change.etag else {}
    data = resource_data(
        odata_type=f"#microsoft.graph.{type_of(change.path, name)}",
        odata_id=change.path,
        identifier=change.ids.get("id") or key or name,
        **etag,
    )
    return Shape(resource=change.path, data=data, payload=change.body)


def type_of(path: str, collection: str) -> str:
    """The tasks of a printer are none of To Do."""
    if path.startswith("print/"):
        return f"print{capitalized(singular(collection))}"
    return TYPES.get(collection.lower(), singular(collection))


def root(told: Told) -> Shape:
    """A drive: only that something in it has changed (facts 5.4)."""
    return Shape(resource=told.followed, data=None, payload={})
