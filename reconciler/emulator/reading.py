"""Reading JSON that somebody wrote by hand: a value in, the typed one out, or ``EmulatorError`` with the reason."""

from collections.abc import Callable
from typing import Any

from reconciler.emulator.errors import EmulatorError

Reader = Callable[[Any], object]
Keys = dict[str, tuple[str, Reader]]
"""Key in JSON → name of the argument, and how its value is read (TypeError or ValueError if it is none)."""


def read(data: object, keys: Keys, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise EmulatorError(f"{what}: an object is needed")
    if unknown := sorted(data.keys() - keys.keys()):
        raise EmulatorError(f"{what}: unknown key '{unknown[0]}', use {', '.join(sorted(keys))}")
    result: dict[str, Any] = {}
    for key, value in data.items():
        name, reader = keys[key]
        try:
            result[name] = reader(value)
        except (TypeError, ValueError) as error:
            raise EmulatorError(f"{what}: {value!r} is no good value for '{key}': {error}") from error
    return result


def texts(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return frozenset(text(each) for each in value)


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is needed")
    return value


def seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise TypeError("a number of seconds is needed")
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


def optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def complete(kind: Callable[..., Any], keys: Keys, data: object) -> Any:
    """One object of a kind from its keys."""
    return kind(**read(data, keys, kind.__name__.lower()))
