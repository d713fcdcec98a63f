"""What is to be done at which time in, what is due out, the most urgent first."""

import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Collection

__all__ = ["Schedule"]


@dataclasses.dataclass(order=True, slots=True)
class Item:
    at: dt.datetime
    serial: int
    key: str = dataclasses.field(compare=False)


class Schedule:
    """Each key has one time; putting it anew moves it. Taking what is due costs nothing while nothing is."""

    def __init__(self) -> None:
        self._times: dict[str, tuple[dt.datetime, int]] = {}
        self._heap: list[Item] = []
        self._serials = itertools.count()

    def put(self, key: str, at: dt.datetime) -> None:
        if self.time(key) == at:
            return
        serial = next(self._serials)
        self._times[key] = (at, serial)
        heapq.heappush(self._heap, Item(at, serial, key))
        if len(self._heap) > 1000 + 2 * len(self._times):
            self._heap = [item for item in self._heap if self._stands(item)]
            heapq.heapify(self._heap)

    def drop(self, key: str) -> None:
        """One that is not there does no harm."""
        self._times.pop(key, None)

    def keep(self, keys: Collection[str]) -> None:
        """Drop all others."""
        for key in [key for key in self._times if key not in keys]:
            del self._times[key]

    def time(self, key: str) -> dt.datetime | None:
        found = self._times.get(key)
        return found[0] if found else None

    def next(self) -> dt.datetime | None:
        """The earliest time."""
        self._clear()
        return self._heap[0].at if self._heap else None

    def take(self, now: dt.datetime) -> list[str]:
        """The keys whose time has come, in the order of their times; they are not in it any more."""
        taken = []
        while (at := self.next()) is not None and at <= now:
            key = heapq.heappop(self._heap).key
            del self._times[key]
            taken.append(key)
        return taken

    def overdue(self, now: dt.datetime) -> int:
        return sum(at <= now for at, _ in list(self._times.values()))

    def __len__(self) -> int:
        return len(self._times)

    def _clear(self) -> None:
        while self._heap and not self._stands(self._heap[0]):
            heapq.heappop(self._heap)

    def _stands(self, item: Item) -> bool:
        return self._times.get(item.key) == (item.at, item.serial)
