"""A world as JSON: what a file holds, what is taken in and given out over the control path, what is saved.

    {"teams": [{"displayName": "Sales", "channels": [{"displayName": "Leads", "membershipType": "private"}]}],
     "webinars": [{"displayName": "Launch", "sessions": [{"attendanceReports": [{}]}], "registrations": [{…}]}],
     "townhalls": [{"displayName": "All hands", "sessions": []}],
     "onlineMeetings": [{"subject": "Standup"}],
     "things": {"chats/19:x@thread.v2/messages": [{"body": {"content": "hi"}}]}}

Properties are Graph's. Ids may be left out everywhere; so may ``createdDateTime`` and its like.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.emulator import instants
from reconciler.emulator.model.paths import canonical_id
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.world import layout, places
from reconciler.emulator.world.checks import child
from reconciler.emulator.world.kinds import THING, Thing
from reconciler.emulator.world.layout import COLLECTIONS, MEETINGS, TOWNHALLS, WEBINARS, Collection, above, filled
from reconciler.emulator.world.store import Shelf, Store
from reconciler.emulator.world.values import Where

ROOTS: Mapping[str, Collection] = {
    "teams": COLLECTIONS["teams"],
    "webinars": COLLECTIONS[WEBINARS],
    "townhalls": COLLECTIONS[TOWNHALLS],
    "onlineMeetings": COLLECTIONS[MEETINGS],
}
THINGS = "things"
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One thing of a document: where it belongs, and what is said of it, its children included."""

    collection: Collection
    above: tuple[str, ...]
    given: Mapping[str, Any]
    where: Where


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """What was checked by ``problems``: it is right, or there is none."""

    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return dict(self.data)

    def rows(self) -> Iterator[Row]:
        return rows(self.data)


def spelled(where: Where) -> str:
    """``teams[0].displayName``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return text.removeprefix(".") or "the world"


def rows(data: Mapping[str, Any]) -> Iterator[Row]:
    """Also of data that is not checked yet: what is no thing in no collection is left out."""
    for name, collection in ROOTS.items():
        for index, given in enumerate(listed(data.get(name))):
            yield Row(collection, (), given, (name, index))
    things = data.get(THINGS)
    for path, items in things.items() if isinstance(things, dict) else ():
        try:
            collection, ids = generic(path)
        except ValueError:
            continue  # said by ``problems``
        for index, given in enumerate(listed(items)):
            yield Row(collection, ids, given, (THINGS, path, index))


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def generic(path: str) -> tuple[Collection, tuple[str, ...]]:
    """ValueError with the reason if it leads to no collection, or to one that has a place of its own in a document."""
    try:
        way = places.way(path, tenant=NOBODY)
        place = places.resolved(way, tenant=NOBODY, version=None, is_townhall=False)
    except Refusal as error:
        raise ValueError(f"there is no collection at '{path}': {error.message}") from error
    if place.is_thing:
        raise ValueError(f"'{path}' is the path of a thing: end it with the name of a collection")
    if not place.is_open or is_child(place.collection):
        raise ValueError(f"what is in '{path}' stands with what it belongs to, not under '{THINGS}'")
    return place.collection, place.ids


def is_child(collection: Collection) -> bool:
    parent = above(collection.key)
    return parent is not None and collection.name in parent.kind.children


def named(row: Row) -> Iterator[tuple[str, str, Where]]:
    """The path of its collection, its id and where it stands, and the same of all below it, where there is an id."""
    if not isinstance(row.given, dict):
        return
    identifier = row.given.get("id")
    own = canonical_id(identifier) if isinstance(identifier, str) else spelled(row.where)
    if isinstance(identifier, str):
        yield filled(row.collection.key, row.above), own, row.where
    for name in row.collection.kind.children:
        for index, each in enumerate(listed(row.given.get(name))):
            inner = Row(child(row.collection, name), (*row.above, own), each, (*row.where, name, index))
            yield from named(inner)


def written(store: Store) -> dict[str, Any]:
    """All that is in it, as a document."""
    return made(lazily(store))


def made(lists: dict[str, Any]) -> dict[str, Any]:
    return {name: made(each) if isinstance(each, dict) else [*each] for name, each in lists.items()}


def lazily(store: Store) -> dict[str, Any]:
    """The same with iterators instead of lists: what is in them is looked at when its turn comes."""
    result: dict[str, Any] = {}
    for name, collection in ROOTS.items():
        if (shelf := store.shelf(collection, ())) is not None:
            result[name] = items(store, shelf)
    things = {
        layout.spelled(shelf.collection.spelled, shelf.above): items(store, shelf)
        for shelf in store
        if shelf.collection.kind is THING and not is_child(shelf.collection)
    }
    return result | ({THINGS: things} if things else {})


def items(store: Store, shelf: Shelf) -> Iterator[dict[str, Any]]:
    """Those of now, whatever comes or goes before they are looked at."""
    things = tuple(shelf.things.values())
    return (item(store, shelf, each) for each in things)


def item(store: Store, shelf: Shelf, thing: Thing) -> dict[str, Any]:
    kind = shelf.collection.kind
    result: dict[str, Any] = {"id": thing.id, **thing.properties}
    if kind.created is not None:
        result[kind.created] = instants.spell(thing.created_at)
    for name in kind.children:
        inner = store.shelf(child(shelf.collection, name), (*shelf.above, thing.id))
        if inner is not None:
            result[name] = [item(store, inner, each) for each in inner.things.values()]
    return result


def counts(store: Store) -> dict[str, int]:
    """How many there are of each sort: ``channels``, ``webinars``, …, and ``things`` for all others."""
    found: Counter[str] = Counter()
    for shelf in store:
        found[THINGS if shelf.collection.kind is THING else shelf.collection.name] += len(shelf.things)
    return dict(sorted(found.items()))
