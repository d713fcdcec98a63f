"""What was asked of the emulator, to be looked at: the last requests with their answers' status and time."""

import collections
import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Iterator

from reconciler.emulator.instants import spell

KEPT = 1000
"""The log in the home has all of them."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request and its answer. ``tenant`` and ``app`` are None where no good token came with it."""

    method: str
    path: str
    """As it was sent, with the query."""
    status: int
    tenant: str | None
    app: str | None
    seconds: float
    """The machine's, until the answer began."""
    at: dt.datetime
    """When the answer began, by the emulator's clock."""

    def as_line(self) -> dict[str, object]:
        """For the log in the home."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "tenant": self.tenant,
            "app": self.app,
        }

    def as_json(self) -> dict[str, object]:
        return self.as_line() | {"seconds": round(self.seconds, 6), "at": spell(self.at)}


class Requests:
    """The newest ``KEPT``; ``log`` gets the line of each."""

    def __init__(self, *, log: Callable[[dict[str, object]], None]) -> None:
        self._log = log
        self.count = 0
        self.writes = 0
        """Those that may have changed something, since the start."""
        self._newest: collections.deque[Asked] = collections.deque(maxlen=KEPT)

    def add(self, asked: Asked) -> None:
        self.count += 1
        self.writes += asked.method not in {"GET", "HEAD"}
        self._newest.append(asked)
        self._log(asked.as_line())

    def newest(self, limit: int | None, *, below: str = "") -> list[Asked]:
        """The oldest of them first; ``below`` is how their paths begin."""
        found: Iterator[Asked] = (each for each in reversed(self._newest) if each.path.startswith(below))
        return [*itertools.islice(found, limit)][::-1]

    def clear(self) -> None:
        """Forget all; ``writes`` goes on."""
        self.count = 0
        self._newest.clear()
