"""What goes wrong on request: JSON in, the faults in force out. Each is a thing that Graph has done to somebody."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.catalog import Version
from reconciler.emulator.delivery_faults import DELIVERY_KEYS, DeliveryFaults, repeats
from reconciler.emulator.known import KNOWN
from reconciler.emulator.reading import (
    Keys,
    Misread,
    each_of,
    flag,
    items,
    one_of,
    optional,
    read,
    seconds,
    text,
    texts,
    whole,
)

METHODS = frozenset({"BATCH", "DELETE", "GET", "LIST", "PATCH", "POST", "REAUTHORIZE", "WORLD"})
"""Those of subscriptions; GET is LIST too, POST is reauthorize too. BATCH is a batch as a whole, WORLD all the rest."""


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
    SHORT = "short"
    """About every second one is left out, always the same ones."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Answer:
    """Given instead of normal handling, ``count`` times; a ``known`` one has been read into the others."""

    method: str
    status: int
    code: str = "ServiceNotAvailable"
    message: str = "Service unavailable."
    retry_after: str | None = None
    known: str | None = None
    version: Version | None = None
    count: int = 1


@dataclasses.dataclass(slots=True, kw_only=True)
class Lost:
    """The request is carried out, the connection dropped without an answer, ``count`` times."""

    method: str
    count: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ValidationFault:
    """Validation requests that come several times, each to be answered, or late."""

    repeat: int = 0
    """So many times more."""
    delay: float = 0.0
    """Seconds before the first."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Faults:
    list: ListFault | None = None
    omit: frozenset[str] = frozenset()
    stale: float = 0.0
    """LIST shows what was true so many seconds ago, by the emulator's clock."""
    versions: frozenset[Version] = frozenset(Version)
    """To which the three above apply."""
    answers: Sequence[Answer] = ()
    lost: Sequence[Lost] = ()
    granted: float | None = None
    """Seconds that are granted at most, whatever is asked."""
    extend: bool = True
    """False: PATCH answers 200 and extends nothing (facts 11.4)."""
    ghost: frozenset[str] = frozenset()
    """404 by id, while the slot stays taken (facts 3.5)."""
    slow: float | Mapping[str, float] = 0.0
    """Seconds before each answer, or before those to some methods."""
    date: float = 0.0
    """Seconds that the ``Date`` of the answers is ahead of the emulator's clock, below nought if behind."""
    validation: ValidationFault = dataclasses.field(default_factory=ValidationFault)
    deliveries: DeliveryFaults = dataclasses.field(default_factory=DeliveryFaults)
    start: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """What was told at the start, as JSON; these come back with a reset."""

    def become(self, other: "Faults") -> None:
        """Exactly these from now on, for all who hold this object."""
        for field in dataclasses.fields(self):
            if field.name != "start":
                setattr(self, field.name, getattr(other, field.name))

    def clear(self) -> None:
        self.become(parse(self.start))

    def delay(self, method: str) -> float:
        """Seconds before an answer."""
        if isinstance(self.slow, Mapping):
            return max((each for wanted, each in self.slow.items() if meant(wanted, method)), default=0.0)
        return self.slow

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
            "stale": self.stale,
            "versions": sorted(self.versions, reverse=True),
            "answers": [answer_as_json(answer) for answer in self.answers],
            "lost": [dataclasses.asdict(lost) for lost in self.lost],
            "granted": self.granted,
            "extend": self.extend,
            "ghost": sorted(self.ghost),
            "slow": self.slow,
            "date": self.date,
            "validation": dataclasses.asdict(self.validation),
            "deliveries": self.deliveries.as_json(),
        }


def meant(wanted: str, method: str) -> bool:
    return wanted == method or (wanted, method) in {("GET", "LIST"), ("POST", "REAUTHORIZE")}


def answer_as_json(answer: Answer) -> dict[str, object]:
    result = dataclasses.asdict(answer)
    result["retryAfter"] = result.pop("retry_after")
    return result


def parse(data: object) -> Faults:
    """Absent keys mean no fault; raises ``EmulatorError``."""
    return Faults(**read(data, FAULT_KEYS, "faults"))


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
    if not isinstance(value, str):
        return None if value is None else str(whole(value))
    if not (value.isascii() and value.isprintable()):
        raise ValueError("a header has printable ASCII characters only")
    return value


def known(value: Any) -> str:
    if value not in KNOWN:
        raise ValueError(f"use {', '.join(sorted(KNOWN))}")
    return text(value)


def answer(data: object) -> Answer:
    """What is given wins over what is known."""
    given = read(data, ANSWER_KEYS, "answer")
    name = given.get("known")
    values = (dataclasses.asdict(KNOWN[name]) if name is not None else {}) | given
    if missing := sorted({"method", "status"} - values.keys()):
        raise Misread(f"answer: '{missing[0]}' is missing")
    return Answer(**values)


def loss(data: object) -> Lost:
    return Lost(**read(data, LOST_KEYS, "lost"))


def offset(value: Any) -> float:
    """Seconds, backwards too."""
    behind = isinstance(value, int | float) and value < 0
    return -seconds(-value) if behind else seconds(value)


def slowness(value: Any) -> float | dict[str, float]:
    """For all, or an object with seconds by method."""
    if isinstance(value, dict):
        return {method(name): seconds(each) for name, each in value.items()}
    return seconds(value)


LOST_KEYS: Keys = {"method": ("method", method), "count": ("count", whole)}
ANSWER_KEYS: Keys = LOST_KEYS | {
    "status": ("status", status),
    "code": ("code", text),
    "message": ("message", text),
    "retryAfter": ("retry_after", retry_after),
    "version": ("version", optional(one_of(Version))),
    "known": ("known", optional(known)),
}
VALIDATION_KEYS: Keys = {"repeat": ("repeat", repeats), "delay": ("delay", seconds)}
FAULT_KEYS: Keys = {
    "list": ("list", optional(one_of(ListFault))),
    "omit": ("omit", texts),
    "stale": ("stale", seconds),
    "versions": ("versions", lambda value: frozenset(map(one_of(Version), items(value)))),
    "answers": ("answers", each_of(answer)),
    "lost": ("lost", each_of(loss)),
    "granted": ("granted", optional(seconds)),
    "extend": ("extend", flag),
    "ghost": ("ghost", texts),
    "slow": ("slow", slowness),
    "date": ("date", offset),
    "validation": ("validation", lambda value: ValidationFault(**read(value, VALIDATION_KEYS, "validation"))),
    "deliveries": ("deliveries", lambda value: DeliveryFaults(**read(value, DELIVERY_KEYS, "deliveries"))),
}
