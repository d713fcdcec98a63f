"""The resources of all tenants, as they are now. A write in, the change told.

Properties were checked by ``bodies`` before they come here; what is not there, or there already, is refused here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator import instants
from reconciler.emulator.clock import Clock
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import refusals
from reconciler.emulator.model.paths import canonical_id
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.world import documents, events, layout, meetings, places, sizes
from reconciler.emulator.world.changes import Tell
from reconciler.emulator.world.documents import Document, Row
from reconciler.emulator.world.joining import problems_of_joining
from reconciler.emulator.world.kinds import Properties, Thing, merged
from reconciler.emulator.world.layout import COLLECTIONS
from reconciler.emulator.world.places import Place, Way
from reconciler.emulator.world.planting import is_general, join_url_of, plant
from reconciler.emulator.world.problems import checked
from reconciler.emulator.world.store import Store
from reconciler.emulator.world.telling import call_change_of, change_of, owner, video_change_of


class World:
    def __init__(self, *, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._stores: defaultdict[str, Store] = defaultdict(Store)

    def place(self, path: str, *, tenant: str, version: Version | None, me: str | None = None) -> Place:
        """What a path leads to, whether it is there or not. ``me`` is the user behind the token. Raises ``Refusal``."""
        return self._resolved(places.way(path, tenant=tenant, me=me), tenant=tenant, version=version)

    def _resolved(self, way: Way, *, tenant: str, version: Version | None) -> Place:
        is_townhall = way.key.startswith(f"{layout.EVENTS}/*") and self._is_townhall(tenant, way.ids[0])
        return places.resolved(way, tenant=tenant, version=version, is_townhall=is_townhall)

    def read(self, place: Place) -> Properties:
        """As GET answers it. Raises ``Refusal``."""
        return body_of(place, self._thing(place))

    def rows(self, place: Place, *, after: int = 0) -> Iterator[tuple[int, Properties]]:
        """What is in a collection, with serial numbers, those after a number only. Raises ``Refusal``."""
        self._check_above(place)
        for each, thing in self._store(place.tenant).after(together(place), after):
            if place.user is None or owner(self._store(place.tenant), each) == place.user:
                yield thing.serial, body_of(each, thing)

    def create(self, place: Place, given: Properties, *, who: str) -> tuple[Place, Properties]:
        """In a collection; ``who`` is the user or application that does it. Raises ``Refusal``."""
        self._check_above(place)
        store = self._store(place.tenant)
        if "id" in given and store.find(place.thing(canonical_id(given["id"]))) is not None:
            raise already_there(given["id"])
        signed = place.collection.kind.signed(given, place.user or who, place.tenant)
        made = plant(store, place, signed, now=self._now())
        body = self.read(made)
        self._tell(change_of(store, made, ChangeType.CREATED, body))
        self._tell_of_video(made, {}, body)
        return made, body

    def update(self, place: Place, given: Properties) -> Properties:
        """Raises ``Refusal``."""
        thing, kind = self._thing(place), place.collection.kind
        before = thing.properties
        thing.properties = kind.differing(merged(thing.properties, given))
        body = body_of(place, thing)
        self._tell(change_of(self._store(place.tenant), place, ChangeType.UPDATED, body))
        self._tell_of_video(place, before, body)
        return body

    def delete(self, place: Place) -> None:
        """With all that is below it, of which nobody is told. Raises ``Refusal``."""
        body, store = self.read(place), self._store(place.tenant)
        if is_general(place):
            raise refusals.bad_request("The General channel of a team cannot be deleted.")
        change = change_of(store, place, ChangeType.DELETED, body)
        for each, thing in store.remove(place):
            if (url := join_url_of(each, thing)) is not None:
                store.remove_join_url(url)
        self._tell(change)

    def call_event(self, join_url: str, given: Properties, *, tenant: str) -> Properties:
        """Something happened in the call of a meeting or session. Raises ``Refusal``."""
        found = self._store(tenant).joined(join_url)
        if found is None:
            raise not_found()
        body = meetings.call_event(given, now=instants.spell(self._now()))
        self._tell(call_change_of(tenant, found, body))
        return body

    def knows(self, tenant: str, resource_path: str) -> bool:
        """Whether what a subscription's path names is there; the collections of what is there are."""
        join_url = places.call_events_url(resource_path)
        if join_url is not None:
            return self._store(tenant).joined(join_url) is not None
        if "(" in resource_path:
            return True  # a function with values: of organizers, who need not exist
        try:
            way = places.without_function(places.way(resource_path, tenant=tenant))
            return way is None or self._is_there(self._resolved(way, tenant=tenant, version=None))
        except Refusal:
            return False

    def add(self, document: Document, *, tenant: str) -> dict[str, int]:
        """All of it or nothing; how many of each sort. Nobody is told. Raises ``EmulatorError``."""
        store = self._store(tenant)
        if found := list(problems_of_joining(document, store, tenant)):
            raise EmulatorError("\n".join(found))
        before = documents.counts(store)
        self._plant(document.rows(), tenant)
        after = documents.counts(store)
        return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name)}

    def make(self, size: str | None, *, tenant: str) -> None:
        """A world of that size, if there is to be one."""
        if size is not None:
            self._plant(sizes.make(size, tenant=tenant), tenant)

    def document(self, tenant: str) -> dict[str, Any]:
        return documents.written(self._store(tenant))

    def counts(self, tenant: str) -> dict[str, int]:
        return documents.counts(self._store(tenant))

    def clear(self) -> None:
        """Forget everything, telling nobody."""
        self._stores.clear()

    def as_json(self) -> dict[str, Any]:
        """The document of each tenant."""
        return {tenant: documents.written(store) for tenant, store in self._stores.items()}

    def lazily(self) -> dict[str, Any]:
        """The same with iterators instead of long lists."""
        return {tenant: documents.lazily(store) for tenant, store in self._stores.items()}

    def load(self, data: object) -> None:
        """What ``as_json`` gave, in place of what is there. Raises ``EmulatorError``; then nothing has changed."""
        if not isinstance(data, dict):
            raise EmulatorError("the saved world must be an object: tenant id, then its world")
        read = {str(tenant): checked(document) for tenant, document in data.items()}
        for tenant, document in read.items():
            if found := list(problems_of_joining(document, Store(), tenant)):
                raise EmulatorError("\n".join(found))
        self.clear()
        for tenant, document in read.items():
            self._plant(document.rows(), tenant)

    def _plant(self, rows: Iterable[Row], tenant: str) -> None:
        store, now = self._store(tenant), self._now()
        for row in rows:
            plant(store, Place(tenant=tenant, collection=row.collection, ids=row.above), row.given, now=now)

    def _now(self) -> dt.datetime:
        """In milliseconds, as Graph's examples have it."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _store(self, tenant: str) -> Store:
        return self._stores[tenant]

    def _thing(self, place: Place) -> Thing:
        store = self._store(place.tenant)
        thing = store.find(place)
        if thing is None or (place.user is not None and owner(store, place) != place.user):
            raise not_found()
        return thing

    def _check_above(self, place: Place) -> None:
        """Teams, channels, events have to be there; a chat or mailbox is there as soon as something is in it."""
        above = places.nearest_typed(place)
        if above is not None:
            self._thing(above)

    def _is_there(self, place: Place) -> bool:
        store = self._store(place.tenant)
        if not place.is_thing:
            above = places.above(place)
            return above is None or self._is_there(above)
        return store.find(place) is not None or (place.is_open and store.has_below(place))

    def _is_townhall(self, tenant: str, event: str) -> bool:
        return self._store(tenant).find(townhall(tenant, event)) is not None

    def _tell_of_video(self, place: Place, before: Properties, after: Properties) -> None:
        if place.collection.kind is events.SESSION and events.published(before, after):
            self._tell(video_change_of(place, after))


def townhall(tenant: str, event: str) -> Place:
    return Place(tenant=tenant, collection=COLLECTIONS[layout.TOWNHALLS], ids=(event,))


def body_of(place: Place, thing: Thing) -> Properties:
    return place.collection.kind.body(place.tenant, place.ids, thing)


def together(place: Place) -> tuple[Place, ...]:
    if place.together_with is None:
        return (place,)
    return place, Place(tenant=place.tenant, collection=place.together_with, ids=place.ids)


def not_found() -> Refusal:
    """The general code of facts 3.3; subscriptions have another one."""
    return Refusal(404, "itemNotFound", "The object was not found.")


def already_there(identifier: str) -> Refusal:
    """Facts 3.3."""
    return Refusal(409, "nameAlreadyExists", f"An object with the id '{identifier}' already exists.")
