"""Whose subscriptions a change is for: a place and its body in, topics as ``model.resources`` spells them out."""

from collections.abc import Iterator

from reconciler.emulator.model.paths import canonical_id
from reconciler.emulator.model.resources import topic
from reconciler.emulator.world import layout
from reconciler.emulator.world.events import organizers
from reconciler.emulator.world.kinds import Properties
from reconciler.emulator.world.layout import FILTERED, LOOKING_AT, filled
from reconciler.emulator.world.places import Place, Way

OF_ORGANIZERS = ("virtual-events-of-organizers", "draft-virtual-events-filtered")
OF_CALLS = ("meeting-call-events", "draft-meeting-call-events")
"""Entries that are for values: of organizers, of a join URL."""
VIDEO_ON_DEMAND = "getvideoondemandpublication"
CHATS = "chats"
CHATS_OF = ("users/*/chats", "appcatalogs/teamsapps/*/installedtochats")
"""What is written through these is a chat's, too."""
MEMBERSHIPS = {
    "teams/*/channels/getallmembers": frozenset({"private", "shared"}),
    "teams/getallchannels/getallmembers": frozenset({"private"}),
}
"""Which channels' members they are for (facts 2.2)."""


def topics(place: Place, body: Properties, *, owner: str | None, membership: str | None) -> tuple[str, ...]:
    """``owner``: who organizes the meeting it belongs to; ``membership``: of the channel it belongs to."""
    found = [each for seen in ways(place, owner) for each in topics_of(seen, membership)]
    found += [
        topic(entry, canonical_id(value))
        for entry, field in FILTERED.get(place.collection.key, ())
        for name, value in body.items()
        if name.lower() == field and isinstance(value, str)
    ]
    if place.collection.key in {layout.WEBINARS, layout.TOWNHALLS}:
        found += [topic(entry, canonical_id(each)) for entry in OF_ORGANIZERS for each in organizers(body)]
    return tuple(dict.fromkeys(found))


def ways(place: Place, owner: str | None) -> Iterator[Way]:
    """All paths that lead to it: its own, the draft's, a user's."""
    key, ids = place.collection.key, place.ids
    yield Way(key, ids)
    for kind in (layout.WEBINARS, layout.TOWNHALLS):
        if key.startswith(kind):
            yield Way(layout.EVENTS + key[len(kind) :].replace("registrations", layout.REGISTRANTS), ids)
    if key.startswith(layout.MEETINGS) and owner is not None:
        yield Way(layout.OF_USER + key[len(layout.MEETINGS) :], (owner, *ids))
    for chats in CHATS_OF:
        if key.startswith(chats):
            yield Way(CHATS + key[len(chats) :], ids[1:])


def topics_of(way: Way, membership: str | None) -> Iterator[str]:
    """The collection, the thing itself and the functions that look at the collection."""
    yield filled(way.key, way.ids)
    yield filled(f"{way.key}/*", way.ids)
    for function in LOOKING_AT.get(way.key, ()):
        if membership is None or membership in MEMBERSHIPS.get(function, (membership,)):
            yield filled(function, way.ids)


def topics_of_video(place: Place) -> tuple[str, ...]:
    """A recording of a session of the event was published."""
    event = filled(f"{place.collection.key.partition('/*/')[0]}/*", place.ids)
    return (f"{event}/{VIDEO_ON_DEMAND}",)


def topics_of_call(join_url: str) -> tuple[str, ...]:
    return tuple(topic(entry, join_url) for entry in OF_CALLS)
