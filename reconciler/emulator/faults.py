"""What goes wrong on request: JSON in, the faults in force out. Each is a thing that Graph has done to somebody."""

import dataclasses
import enum
from collections.abc import Callable, Sequence
from typing import Any

from reconciler.core.catalog import Version
from reconciler.emulator.errors import EmulatorError

METHODS = frozenset({"DELETE", "GET", "LIST", "PATCH", "POST", "REAUTHORIZE"})
"""GET is LIST too, POST is reauthorize too."""


class ListFault(enum.StrEnum):
    BREAKS_OFF = "breaks-off"
    """The first page is good, the second answers 500."""
    EMPTY = "empty"
    """Nothing is listed, while GET by id works."""
    EMPTY_PAGES = "empty-pages"
    """50 empty pages, then everything."""
    ENDLESS = "endless"
    """After the items, empty pages with a next link for ever."""
    FOREIGN_NEXT_LINK = "foreign-next-link"
    """The second page is said to be on another host."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Answer:
    """Given instead of normal handling, ``count`` times."""

    method: str
    status: int
    code: str = "ServiceNotAvailable"
    message: str = "Service unavailable."
    retry_after: str | None = None
    version: Version | None = None
    count: int = 1


@dataclasses.dataclass(slots=True, kw_only=True)
class Lost:
    """The request is carried out, the connection dropped without an answer, ``count`` times."""

    method: str
    count: int = 1


@dataclasses.dataclass(slots=True, kw_only=True)
class Faults:
    list: ListFault | None = None
    omit: frozenset[str] = frozenset()
    versions: frozenset[Version] = frozenset(Version)
    """To which the two above apply."""
    answers: Sequence[Answer] = ()
    lost: Sequence[Lost] = ()
    granted: float | None = None
    """Seconds that are granted at most, whatever is asked."""
    extend: bool = True
    """False: PATCH answers 200 and extends nothing (facts 11.4)."""
    ghost: frozenset[str] = frozenset()
    """404 by id, while the slot stays taken (facts 3.5)."""
    slow: float = 0.0
    """Seconds before each answer."""

    def take_answer(self, method: str, version: Version) -> Answer | None:
        for answer in self.answers:
            if answer.count > 0 and meant(answer.method, method) and answer.version in {None, version}:
                answer.count -= 1
                return answer
        return None

    def take_loss(self, method: str) -> bool:
        for lost in self.lost:
            if lost.count > 0 and meant(lost.method, method):
                lost.count -= 1
                return True
        return False

    def as_json(self) -> dict[str, object]:
        return {
            "list": self.list,
            "omit": sorted(self.omit),
            "versions": sorted(self.versions, reverse=True),
            "answers": [answer_as_json(answer) for answer in self.answers],
            "lost": [dataclasses.asdict(lost) for lost in self.lost],
            "granted": self.granted,
            "extend": self.extend,
            "ghost": sorted(self.ghost),
            "slow": self.slow,
        }


def meant(wanted: str, method: str) -> bool:
    return wanted == method or (wanted, method) in {("GET", "LIST"), ("POST", "REAUTHORIZE")}


def answer_as_json(answer: Answer) -> dict[str, object]:
    result = dataclasses.asdict(answer)
    result["retryAfter"] = result.pop("retry_after")
    return result


Reader = Callable[[Any], object]


def parse(data: object) -> Faults:
    """Absent keys mean no fault; raises ``EmulatorError``."""
    return Faults(**read(data, FAULT_KEYS, "faults"))


def read(data: object, keys: dict[str, tuple[str, Reader]], what: str) -> dict[str, Any]:
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


def method(value: Any) -> str:
    if value not in METHODS:
        raise ValueError(f"use {', '.join(sorted(METHODS))}")
    return text(value)


def status(value: Any) -> int:
    if not 200 <= whole(value) <= 599:
        raise ValueError("use 200 to 599")
    return whole(value)


def retry_after(value: Any) -> str | None:
    """Seconds, or a date as HTTP spells it."""
    return value if value is None or isinstance(value, str) else str(whole(value))


def answers(value: Any) -> list[Answer]:
    return [complete(Answer, ANSWER_KEYS, each) for each in items(value)]


def losses(value: Any) -> list[Lost]:
    return [complete(Lost, LOST_KEYS, each) for each in items(value)]


def complete(kind: Callable[..., Any], keys: dict[str, tuple[str, Reader]], data: object) -> Any:
    return kind(**read(data, keys, kind.__name__.lower()))


def items(value: Any) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is needed")
    return value


def optional(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


LOST_KEYS: dict[str, tuple[str, Reader]] = {"method": ("method", method), "count": ("count", whole)}
ANSWER_KEYS: dict[str, tuple[str, Reader]] = LOST_KEYS | {
    "status": ("status", status),
    "code": ("code", text),
    "message": ("message", text),
    "retryAfter": ("retry_after", retry_after),
    "version": ("version", optional(Version)),
}
FAULT_KEYS: dict[str, tuple[str, Reader]] = {
    "list": ("list", optional(ListFault)),
    "omit": ("omit", texts),
    "versions": ("versions", lambda value: frozenset(map(Version, texts(value)))),
    "answers": ("answers", answers),
    "lost": ("lost", losses),
    "granted": ("granted", optional(seconds)),
    "extend": ("extend", flag),
    "ghost": ("ghost", texts),
    "slow": ("slow", seconds),
}
