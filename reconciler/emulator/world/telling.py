"""What is told of a write: a place and its body in, the change out."""

import functools
from collections.abc import Mapping

from reconciler.core.catalog import ChangeType
from reconciler.emulator.model.paths import canonical_id
from reconciler.emulator.world import layout, meetings
from reconciler.emulator.world.changes import Change
from reconciler.emulator.world.kinds import THING, Properties, etag
from reconciler.emulator.world.layout import COLLECTIONS
from reconciler.emulator.world.places import Place
from reconciler.emulator.world.store import Store
from reconciler.emulator.world.topics import topics, topics_of_call, topics_of_video


def change_of(store: Store, place: Place, change_type: ChangeType, body: Properties) -> Change:
    """Of a thing that is in the store."""
    return Change(
        tenant=place.tenant,
        change_type=change_type,
        kind=place.collection.kind.name,
        path=place.path,
        ids=ids_of(place),
        topics=topics(place, body, owner=owner(store, place), membership=membership(store, place)),
        body=body,
        etag=etag(body) if place.collection.etags else None,
    )


def video_change_of(place: Place, body: Properties) -> Change:
    """The recording of a session was published (facts 2.4)."""
    return Change(
        tenant=place.tenant,
        change_type=ChangeType.UPDATED,
        kind="video-on-demand",
        path=place.path,
        ids=ids_of(place),
        topics=topics_of_video(place),
        body=body,
    )


def call_change_of(tenant: str, join_url: str, body: Properties) -> Change:
    """Something happened in a call (facts 2.5)."""
    return Change(
        tenant=tenant,
        change_type=ChangeType.UPDATED,
        kind=meetings.CALL_EVENT.name,
        path=meetings.call_events_path(join_url),
        ids={"joinWebUrl": join_url, "id": body["id"]},
        topics=topics_of_call(join_url),
        body=body,
    )


def ids_of(place: Place) -> Mapping[str, str]:
    names = id_names(place.collection.key)
    return {name: identifier for name, identifier in zip(names, place.ids, strict=True) if name}


@functools.cache
def id_names(key: str) -> tuple[str, ...]:
    """Of the ids in a path; empty for those above that have no kind of their own."""
    befores = [COLLECTIONS[key[: index - 1]] for index, char in enumerate(key) if char == "*"]
    names = ["" if each.kind is THING else each.kind.id_name for each in befores]
    return (*names, COLLECTIONS[key].kind.id_name)


def owner(store: Store, place: Place) -> str | None:
    """Who organizes the meeting it is or belongs to."""
    if not place.collection.key.startswith(layout.MEETINGS):
        return None
    meeting = store.find(Place(tenant=place.tenant, collection=COLLECTIONS[layout.MEETINGS], ids=place.ids[:1]))
    found = meetings.organizer(meeting.properties) if meeting is not None else None
    return canonical_id(found) if found is not None else None


def membership(store: Store, place: Place) -> str | None:
    """Of the channel it belongs to, if it does."""
    if not place.collection.key.startswith("teams/*/channels/*/"):
        return None
    channels = COLLECTIONS["teams/*/channels"]
    channel = store.find(Place(tenant=place.tenant, collection=channels, ids=place.ids[:2]))
    return str(channel.properties.get("membershipType", "standard")) if channel is not None else None
