"""Putting a thing into a store, with all that comes with it: its properties in, where it is now out. Nobody is told."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from reconciler.emulator import instants
from reconciler.emulator.model.paths import canonical_id
from reconciler.emulator.world.checks import child
from reconciler.emulator.world.events import SESSION
from reconciler.emulator.world.kinds import Properties, Thing
from reconciler.emulator.world.meetings import MEETING, join_url
from reconciler.emulator.world.places import Place
from reconciler.emulator.world.store import Store
from reconciler.emulator.world.teams import TEAM, thread_id


def plant(store: Store, into: Place, given: Properties, *, now: dt.datetime) -> Place:
    """``into`` is a collection; what is given was checked, and its id is not there yet."""
    kind = into.collection.kind
    identifier = canonical_id(given["id"]) if "id" in given else kind.new_id(into.tenant, into.above)
    not_its_own = {"id", kind.created, *kind.children}
    properties = kind.differing({name: value for name, value in given.items() if name not in not_its_own})
    created_at = instants.parse(given.get(kind.created or "") or "") or now
    thing = Thing(identifier, properties, created_at, store.next_serial())
    place = into.thing(identifier)
    store.put(place, thing)
    if (url := join_url_of(place, thing)) is not None:
        store.add_join_url(url)
    for name, items in children_of(place, given).items():
        below = Place(tenant=into.tenant, collection=child(into.collection, name), ids=place.ids)
        for each in items:
            plant(store, below, each, now=now)
    return place


def children_of(place: Place, given: Properties) -> Mapping[str, list[Any]]:
    """A team has a General channel, always."""
    kind = place.collection.kind
    found = {name: list(given.get(name) or ()) for name in kind.children}
    if kind is TEAM:
        general = thread_id(place.ids[-1])
        if all(each.get("id") != general for each in found["channels"]):
            found["channels"].insert(0, {"id": general, "displayName": "General"})
    return found


def is_general(place: Place) -> bool:
    return place.collection.key == "teams/*/channels" and place.ids[1] == thread_id(place.ids[0])


def join_url_of(place: Place, thing: Thing) -> str | None:
    """Where it can be joined: sessions and meetings have an address."""
    if place.collection.kind not in (SESSION, MEETING):
        return None
    return str(thing.properties.get("joinWebUrl") or join_url(thing.id, place.tenant))
