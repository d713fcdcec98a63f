"""What a property may hold: a value in, what is wrong with it and where out. No texts for people or clients."""

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping

from reconciler.emulator import instants

Where = tuple[str | int, ...]
"""The way from the whole to a part of it: names and numbers."""


class Reason(enum.Enum):
    FIXED = "cannot be changed"
    MISSING = "is missing"
    READ_ONLY = "is read-only"
    UNKNOWN = "is not known"
    WRONG = "is of the wrong type"


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    where: Where
    reason: Reason
    expected: str = ""
    """For ``WRONG``: what it should be, as ``a text``."""
    known: tuple[str, ...] = ()
    """For ``UNKNOWN``: the names that are known there."""


Type = Callable[[object, Where], Iterator[Complaint]]


def scalar(expected: str, fits: Callable[[object], bool], *, nullable: bool = True) -> Type:
    def check(value: object, where: Where) -> Iterator[Complaint]:
        if not (fits(value) or (nullable and value is None)):
            yield Complaint(where, Reason.WRONG, expected)

    return check


def record(fields: Mapping[str, Type]) -> Type:
    """An object with no other names than these; annotations (``@odata.type``) pass."""

    def check(value: object, where: Where) -> Iterator[Complaint]:
        if isinstance(value, dict):
            yield from named(value, fields, where)
        elif value is not None:
            yield Complaint(where, Reason.WRONG, "an object")

    return check


def named(value: Mapping[str, object], fields: Mapping[str, Type], where: Where) -> Iterator[Complaint]:
    for name, each in value.items():
        if name in fields:
            yield from fields[name](each, (*where, name))
        elif "@" not in name:
            yield Complaint((*where, name), Reason.UNKNOWN, known=tuple(fields))


def many(item: Type) -> Type:
    def check(value: object, where: Where) -> Iterator[Complaint]:
        if not isinstance(value, list):
            yield Complaint(where, Reason.WRONG, "a list")
            return
        for index, each in enumerate(value):
            if each is None:
                yield Complaint((*where, index), Reason.WRONG, "something else than null")
            yield from item(each, (*where, index))

    return check


def one_of(*values: str) -> Type:
    return scalar(f"one of {', '.join(values)}", lambda value: value in values, nullable=False)


def is_instant(value: object) -> bool:
    return isinstance(value, str) and instants.parse(value) is not None


TEXT = scalar("a text", lambda value: isinstance(value, str))
FLAG = scalar("true or false", lambda value: isinstance(value, bool), nullable=False)
WHOLE = scalar("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool))
INSTANT = scalar("an instant like 2026-01-31T12:00:00Z", is_instant)
OBJECT = scalar("an object", lambda value: isinstance(value, dict))
OBJECTS = many(OBJECT)
TIME = record({"dateTime": TEXT, "timeZone": TEXT})
"""Graph's dateTimeTimeZone."""
IDENTITY = record({"id": TEXT, "displayName": TEXT, "tenantId": TEXT})
