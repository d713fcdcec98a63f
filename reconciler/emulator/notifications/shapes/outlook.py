"""Messages, events and contacts of a mailbox (facts 2.2, 5.4): one spelling without data, another with it."""

from collections.abc import Mapping
from typing import Any

from reconciler.emulator.model.paths import GUIDS, split
from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import capitalized, indian, quoted, singular, steps_of


def shape(told: Told) -> Shape | None:
    """The folder is left out; None for what is not in somebody's mailbox."""
    match steps_of(told.change.path):
        case [(owner, str(user)), *_, (collection, str(item))] if owner.lower() == "users":
            return rich(told, user, collection, item) if told.rich else basic(told, user, collection, item)
        case _:
            return None


def basic(told: Told, user: str, collection: str, item: str) -> Shape:
    who = f"{user}@{told.change.tenant}" if GUIDS.fullmatch(user) else user
    data = resource_data(
        odata_type=f"#Microsoft.Graph.{capitalized(singular(collection))}",
        odata_id=f"Users/{who}/{capitalized(collection)}/{item}",
        identifier=item,
        **etag(told),
    )
    return Shape(resource=f"users/{who}/{collection}/{item}", data=data, payload={}, expiration=indian)


def rich(told: Told, user: str, collection: str, item: str) -> Shape:
    path = f"Users('{quoted(user)}')/{collection}('{quoted(item)}')"
    data = resource_data(
        odata_type=f"#microsoft.graph.{singular(collection)}", odata_id=path, identifier=item, **etag(told)
    )
    payload = selected(told.change.body, told.subscription.resource.query)
    return Shape(resource=path, data=data, payload=payload, expiration=indian)


def etag(told: Told) -> dict[str, str]:
    return {"@odata.etag": told.change.etag} if told.change.etag else {}


def selected(body: Mapping[str, Any], query: str) -> dict[str, Any]:
    """Only what ``$select`` names, in any case; everything if there is none."""
    options = dict(part.partition("=")[::2] for part in split(query, "&"))
    wanted = {name.strip().lower() for name in options.get("$select", "").split(",")} - {""}
    return {name: value for name, value in body.items() if not wanted or name.lower() in wanted}
