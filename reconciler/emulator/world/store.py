"""The things of one tenant: kept by collection, found at once. No rules, nobody told."""

import dataclasses
import heapq
import itertools
from collections.abc import Iterator

from reconciler.emulator.world.kinds import Thing
from reconciler.emulator.world.layout import Collection, below, filled
from reconciler.emulator.world.meetings import plain
from reconciler.emulator.world.places import Place


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """One collection, as the channels of one team."""

    collection: Collection
    above: tuple[str, ...]
    things: dict[str, Thing] = dataclasses.field(default_factory=dict)


class Store:
    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._serials = itertools.count(1)
        self._join_urls: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[Shelf]:
        return iter(tuple(self._shelves.values()))

    def shelf(self, collection: Collection, ids: tuple[str, ...]) -> Shelf | None:
        return self._shelves.get(filled(collection.key, ids))

    def find(self, place: Place) -> Thing | None:
        shelf = self._shelves.get(place.shelf)
        return shelf.things.get(place.ids[-1]) if shelf is not None else None

    def has(self, path: str, identifier: str) -> bool:
        """``path`` is the canonical one of a collection."""
        shelf = self._shelves.get(path)
        return shelf is not None and identifier in shelf.things

    def has_below(self, place: Place) -> bool:
        return any(self.shelf(each, place.ids) is not None for each in below(place.collection.key))

    def next_serial(self) -> int:
        return next(self._serials)

    def put(self, place: Place, thing: Thing) -> None:
        path = place.shelf
        shelf = self._shelves.get(path)
        if shelf is None:
            shelf = self._shelves[path] = Shelf(place.collection, place.above)
        shelf.things[thing.id] = thing

    def remove(self, place: Place) -> Iterator[tuple[Place, Thing]]:
        """The thing and all that is below it, as it goes."""
        shelf = self._shelves[place.shelf]
        yield place, shelf.things.pop(place.ids[-1])
        if not shelf.things:
            del self._shelves[place.shelf]
        for collection in below(place.collection.key):
            inner = self.shelf(collection, place.ids)
            for identifier in tuple(inner.things) if inner is not None else ():
                yield from self.remove(Place(tenant=place.tenant, collection=collection, ids=(*place.ids, identifier)))

    def after(self, places: tuple[Place, ...], serial: int) -> Iterator[tuple[Place, Thing]]:
        """What is in them together, in the order of creation."""
        rows = [self._rows(place, serial) for place in places]
        return rows[0] if len(rows) == 1 else heapq.merge(*rows, key=lambda row: row[1].serial)

    def _rows(self, place: Place, serial: int) -> Iterator[tuple[Place, Thing]]:
        shelf = self._shelves.get(place.shelf)
        for thing in shelf.things.values() if shelf is not None else ():
            if thing.serial > serial:
                yield place.thing(thing.id), thing

    def joined(self, url: str) -> str | None:
        """The join URL as a meeting or session has it, however often the one asked for is escaped."""
        return next(iter(self._join_urls.get(plain(url), ())), None)

    def add_join_url(self, url: str) -> None:
        self._join_urls.setdefault(plain(url), []).append(url)

    def remove_join_url(self, url: str) -> None:
        same = self._join_urls[plain(url)]
        same.remove(url)
        if not same:
            del self._join_urls[plain(url)]
