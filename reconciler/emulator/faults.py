"""What goes wrong on request: JSON in, the faults in force out. Each is a thing that Graph has done to somebody."""

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from reconciler.core.catalog import Version
from reconciler.emulator.delivery_faults import DELIVERY_KEYS, DeliveryFaults
from reconciler.emulator.reading import Keys, complete, flag, items, optional, read, seconds, text, texts, whole

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
    deliveries: DeliveryFaults = dataclasses.field(default_factory=DeliveryFaults)

    def become(self, other: "Faults") -> None:
        """Exactly these from now on, for all who hold this object."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(other, field.name))

    def clear(self) -> None:
        self.become(Faults())

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
    return value if value is None or isinstance(value, str) else str(whole(value))


def answers(value: Any) -> list[Answer]:
    return [complete(Answer, ANSWER_KEYS, each) for each in items(value)]


def losses(value: Any) -> list[Lost]:
    return [complete(Lost, LOST_KEYS, each) for each in items(value)]


LOST_KEYS: Keys = {"method": ("method", method), "count": ("count", whole)}
ANSWER_KEYS: Keys = LOST_KEYS | {
    "status": ("status", status),
    "code": ("code", text),
    "message": ("message", text),
    "retryAfter": ("retry_after", retry_after),
    "version": ("version", optional(Version)),
}
FAULT_KEYS: Keys = {
    "list": ("list", optional(ListFault)),
    "omit": ("omit", texts),
    "versions": ("versions", lambda value: frozenset(map(Version, texts(value)))),
    "answers": ("answers", answers),
    "lost": ("lost", losses),
    "granted": ("granted", optional(seconds)),
    "extend": ("extend", flag),
    "ghost": ("ghost", texts),
    "slow": ("slow", seconds),
    "deliveries": ("deliveries", lambda value: DeliveryFaults(**read(value, DELIVERY_KEYS, "deliveries"))),
}
