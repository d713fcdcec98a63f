"""What is wrong with a world that somebody wrote: its data in, every problem and its place in the data out."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.world.checks import Purpose, complaints
from reconciler.emulator.world.documents import ROOTS, THINGS, Document, generic, named, rows, spelled
from reconciler.emulator.world.layout import Collection
from reconciler.emulator.world.values import Complaint, Reason, Where


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    where: Where
    message: str
    at_key: bool = False
    """It is the key that is wrong, not the value."""


def checked(data: object) -> Document:
    """Raises ``EmulatorError`` with all that is wrong, a line for each problem."""
    if found := list(problems(data)):
        raise EmulatorError("\n".join(f"{spelled(each.where)}: {each.message}" for each in found))
    return Document(data if isinstance(data, dict) else {})


def problems(data: object) -> Iterator[Problem]:
    """All of them, in the order in which they stand in the data, but for ids that come twice: those come last."""
    if not isinstance(data, dict):
        yield Problem((), "a world is an object: use {}")
        return
    for name, items in data.items():
        yield from problems_of_root(name, items)
    yield from duplicates(data)


def problems_of_root(name: str, items: object) -> Iterator[Problem]:
    if name in ROOTS:
        yield from problems_of_list(ROOTS[name], items, (name,))
    elif name == THINGS:
        yield from problems_of_things(items)
    else:
        yield Problem((name,), unknown(name, (*ROOTS, THINGS)), at_key=True)


def problems_of_list(collection: Collection, items: object, where: Where) -> Iterator[Problem]:
    if items is not None and not isinstance(items, list):
        yield Problem(where, f"'{where[-1]}' must be a list")
        return
    for index, each in enumerate(items or ()):
        for complaint in complaints(collection, each, Purpose.LOAD, (*where, index)):
            yield Problem(complaint.where, sentence(complaint), complaint.reason is not Reason.WRONG)


def problems_of_things(things: object) -> Iterator[Problem]:
    if things is not None and not isinstance(things, dict):
        yield Problem((THINGS,), f"'{THINGS}' must be an object: path of a collection, then the list of what is in it")
        return
    for path, items in (things or {}).items():
        try:
            collection, _ = generic(path)
        except ValueError as error:
            yield Problem((THINGS, path), str(error), at_key=True)
        else:
            yield from problems_of_list(collection, items, (THINGS, path))


def duplicates(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Ids that come twice in one collection."""
    seen: dict[tuple[str, str], Where] = {}
    for path, identifier, where in (each for row in rows(data) for each in named(row)):
        first = seen.setdefault((path, identifier), where)
        if first is not where:
            yield Problem((*where, "id"), f"the id '{identifier}' is that of {spelled(first)} too: use another one")


def sentence(complaint: Complaint) -> str:
    name = complaint.where[-1]
    match complaint.reason:
        case Reason.MISSING:
            return f"'{name}' is missing or empty: add it"
        case Reason.UNKNOWN:
            return unknown(str(name), complaint.known)
        case Reason.WRONG:
            return f"{'a thing' if isinstance(name, int) else repr(name)} must be {complaint.expected}"
        case _:
            return f"'{name}' cannot be set, the emulator works it out: leave it out"


def unknown(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean '{close[0]}'?" if close else f"use {', '.join(sorted(known)) or 'none'}"
    return f"unknown key '{name}': {remedy}"
