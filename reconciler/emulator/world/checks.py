"""What is wrong with a thing that somebody wants to write: its properties in, complaints out."""

import dataclasses
import enum
from collections.abc import Iterator, Mapping

from reconciler.emulator.model.resources import NO_ID
from reconciler.emulator.world.kinds import Kind
from reconciler.emulator.world.layout import COLLECTIONS, Collection
from reconciler.emulator.world.values import INSTANT, Complaint, Reason, Where, named, scalar

NOT_IN_IDS = frozenset("/'(){}[]?#%")


class Purpose(enum.Enum):
    CREATE = "POST"
    CHANGE = "PATCH"
    LOAD = "a world file"
    """Ids and times of creation may be given too."""


def is_id(value: object) -> bool:
    if not isinstance(value, str) or NO_ID.search(value):
        return False
    return bool(value) and NOT_IN_IDS.isdisjoint(value) and not any(char.isspace() for char in value)


ID = scalar("an id: a text without spaces, slashes, quotes, brackets and percent signs", is_id, nullable=False)


def child(collection: Collection, name: str) -> Collection:
    return COLLECTIONS[f"{collection.key}/*/{name.lower()}"]


def complaints(collection: Collection, given: object, purpose: Purpose, where: Where = ()) -> Iterator[Complaint]:
    """``where`` is that of what was given, in the whole that it is part of."""
    if not isinstance(given, dict):
        yield Complaint(where, Reason.WRONG, "an object")
        return
    yield from reserved(collection.kind, given, purpose, where)
    if purpose is not Purpose.CHANGE:
        yield from children(collection, given, purpose, where)
    yield from own(collection.kind, given, purpose, where)


def reserved(kind: Kind, given: Mapping[str, object], purpose: Purpose, where: Where) -> Iterator[Complaint]:
    """The id, the time of creation, and what nobody sets or nobody changes."""
    may_name = purpose is Purpose.LOAD or (purpose is Purpose.CREATE and kind.fields is None)
    if "id" in given and may_name:
        yield from ID(given["id"], (*where, "id"))
    if kind.created is not None and kind.created in given and purpose is Purpose.LOAD:
        yield from INSTANT(given[kind.created], (*where, kind.created))
    for name in given:
        is_ours = name == "id" and not may_name
        is_ours |= name == kind.created and purpose is not Purpose.LOAD
        is_ours |= name in kind.read_only or (name in kind.children and purpose is Purpose.CHANGE)
        if is_ours:
            yield Complaint((*where, name), Reason.READ_ONLY)
        if name in kind.fixed and purpose is Purpose.CHANGE:
            yield Complaint((*where, name), Reason.FIXED)


def children(
    collection: Collection, given: Mapping[str, object], purpose: Purpose, where: Where
) -> Iterator[Complaint]:
    for name in collection.kind.children:
        items = given.get(name)
        if items is not None and not isinstance(items, list):
            yield Complaint((*where, name), Reason.WRONG, "a list")
            continue
        for index, each in enumerate(items or ()):
            yield from complaints(child(collection, name), each, purpose, (*where, name, index))


def own(kind: Kind, given: Mapping[str, object], purpose: Purpose, where: Where) -> Iterator[Complaint]:
    if kind.fields is None:
        return
    elsewhere = {"id", kind.created, *kind.read_only, *kind.children}
    rest = {name: value for name, value in given.items() if name not in elsewhere}
    known = (*kind.fields, *kind.children, "id", *filter(None, [kind.created]))
    for complaint in named(rest, kind.fields, where):
        is_outer = complaint.reason is Reason.UNKNOWN and len(complaint.where) == len(where) + 1
        yield dataclasses.replace(complaint, known=known) if is_outer else complaint
    for name in kind.required:
        if not given.get(name) and (name in given or purpose is not Purpose.CHANGE):
            yield Complaint((*where, name), Reason.MISSING)
