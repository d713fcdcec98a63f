"""Ways in which Graph is away for hours, each as the faults of an emulator; and when in a month that is."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest import mock

from starlette.exceptions import HTTPException

from tests.support.emulator import RunningEmulator

__all__ = ["Outage", "outages_of"]

WEEK, LENGTH = dt.timedelta(days=7), dt.timedelta(hours=2)

METHODS = ("GET", "POST", "PATCH", "DELETE")
EVER = 1_000_000_000
AWAY = [{"method": method, "status": 503, "count": EVER} for method in METHODS]
BUSY = [answer | {"retryAfter": 120} for answer in AWAY]
DROPPED = [{"method": method, "count": EVER} for method in METHODS]

FAULTS: dict[str, dict[str, Any]] = {
    "answers 503": {"answers": AWAY},
    "drops connections": {"answers": AWAY, "lost": DROPPED},  # nothing of it is carried out
    "asks to wait, and no tokens": {"answers": BUSY},
    "has no tokens": {},
}
WITHOUT_TOKENS = ("asks to wait, and no tokens", "has no tokens")


@dataclasses.dataclass(frozen=True, slots=True)
class Outage:
    kind: str
    since: dt.datetime
    until: dt.datetime

    def has(self, moment: dt.datetime) -> bool:
        return self.since <= moment <= self.until

    @contextlib.contextmanager
    def at(self, emulator: RunningEmulator) -> Iterator[None]:
        emulator.faults(FAULTS[self.kind])
        with no_tokens(emulator) if self.kind in WITHOUT_TOKENS else contextlib.nullcontext():
            yield
        emulator.faults({})


@contextlib.contextmanager
def no_tokens(emulator: RunningEmulator) -> Iterator[None]:
    """The token endpoint answers 503, and what it gave before ends within the hour."""
    tokens = emulator.inside(lambda parts: parts.tokens).result()
    with mock.patch.object(tokens, "issue", side_effect=HTTPException(503, "Service unavailable.")):
        yield


def outages_of(begin: dt.datetime, length: dt.timedelta) -> list[Outage]:
    """One a week, in the middle of it, each of another kind and at another hour."""
    first = min(WEEK, length) / 2
    found: list[Outage] = []
    while (since := begin + first + len(found) * (WEEK + dt.timedelta(hours=5))) + 2 * LENGTH < begin + length:
        kinds = list(FAULTS)
        found.append(Outage(kinds[len(found) % len(kinds)], since, since + LENGTH))
    return found
