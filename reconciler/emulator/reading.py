"""Reading JSON that somebody wrote by hand: a value in, the typed one out, or ``EmulatorError`` with the reason."""

import enum
import json
import math
from collections.abc import Callable
from typing import Any

from reconciler.emulator.errors import EmulatorError

Reader = Callable[[Any], object]
Keys = dict[str, tuple[str, Reader]]
"""Key in JSON → name of the argument, and how its value is read (TypeError or ValueError if it is none)."""


LONGEST = 315_360_000
"""Ten years in seconds: no calendar ends so soon."""
DEEPEST = 100
"""Levels: what is nested deeper cannot be written again by everything that has to."""


def json_value(content: bytes, *, levels: int = DEEPEST) -> Any:
    """Only what can be given back as JSON; ValueError with the reason for anything else."""
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    check_json(value, levels=levels)
    return value


def check_json(value: object, *, levels: int) -> None:
    """ValueError for what Python reads and cannot write: infinite numbers, halves of characters, endless nesting."""
    match value:
        case str():
            value.encode()
        case float() if not math.isfinite(value):
            raise ValueError("a number is too large, or none")
        case dict() | list() if not levels:
            raise ValueError("it is nested too deeply")
        case dict():
            for name, each in value.items():
                name.encode()
                check_json(each, levels=levels - 1)
        case list():
            for each in value:
                check_json(each, levels=levels - 1)


class Misread(EmulatorError):
    """``way`` leads from the top of what was read, over keys and indexes, to what is wrong."""

    def __init__(self, message: str, *way: str | int) -> None:
        super().__init__(message)
        self.way = way

    def below(self, step: str | int) -> "Misread":
        return Misread(str(self), step, *self.way)


def read(data: object, keys: Keys, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Misread(f"{what}: an object is needed")
    if unknown := sorted(data.keys() - keys.keys(), key=str):
        raise Misread(f"{what}: unknown key '{unknown[0]}', use {', '.join(sorted(keys))}", unknown[0])
    result: dict[str, Any] = {}
    for key, value in data.items():
        name, reader = keys[key]
        try:
            result[name] = reader(value)
        except Misread as error:
            raise error.below(key) from error
        except (TypeError, ValueError) as error:
            raise Misread(f"{what}: {value!r} is no good value for '{key}': {error}", key) from error
    return result


def each_of(reader: Reader) -> Reader:
    """A list of them."""

    def read_all(value: Any) -> list[object]:
        return [read_one(index, each) for index, each in enumerate(items(value))]

    def read_one(index: int, value: object) -> object:
        try:
            return reader(value)
        except Misread as error:
            raise error.below(index) from error

    return read_all


def texts(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return frozenset(text(each) for each in value)


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is needed")
    return value


def seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise TypeError(f"a number of seconds is needed, {LONGEST} at most")
    return float(value)


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("a whole number is needed")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false is needed")
    return value


def items(value: Any) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return value


def one_of(kind: type[enum.StrEnum]) -> Reader:
    def read_one(value: Any) -> enum.StrEnum:
        if value not in [*kind]:
            raise ValueError(f"use one of {', '.join(kind)}")
        return kind(value)

    return read_one


def optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def complete(kind: Callable[..., Any], keys: Keys, data: object) -> Any:
    """One object of a kind from its keys; TypeError where one that it needs is missing."""
    return kind(**read(data, keys, kind.__name__.lower()))
