"""What was read from the inbox and is not settled: bounded for each lane, so that a stubborn one keeps no other.

A lane that is full falls behind: what comes for it is passed by, and read again from where it stopped once it has room.
"""

import asyncio
import dataclasses
import zlib
from collections.abc import Callable, Iterable

from reconciler.core.subject import subject_of
from reconciler.engine.inbox import Entry, Settled

__all__ = ["Lane", "Window"]

IN_A_LANE, LOW, BYTES = 64, 16, 16 * 1024 * 1024
"""Entries of one lane, when more of them are wanted, and bytes of all."""


@dataclasses.dataclass(slots=True, eq=False)
class Lane:
    number: int
    held: int = 0
    taken: int = 0
    """The id of the last entry that was taken into it."""

    behind: bool = False
    """Later entries of it were passed by."""


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    entry: Entry
    lane: Lane


class Window:
    """Of one sink. ``on_room`` is called where a lane that has fallen behind can go on."""

    def __init__(self, lanes: int, *, on_room: Callable[[], None]) -> None:
        self.lanes = [Lane(number) for number in range(lanes)]
        self.on_room = on_room
        self.held: dict[int, Held] = {}
        self.size = 0
        self.fingerprints: dict[str, int] = {}
        """Of those that are verified, with the id of the first that has it."""

        self.less = asyncio.Event()

    def take(self, page: Iterable[Entry]) -> list[Entry]:
        """What there is room for, of entries that follow all that were seen."""
        return [entry for entry in page if self.taken(entry, self.lane_of(entry))]

    def taken(self, entry: Entry, lane: Lane) -> bool:
        if lane.behind:
            return False
        if self.full(lane):
            lane.behind = True
            return False
        self.add(entry, lane)
        return True

    def retake(self, lanes: set[Lane], page: Iterable[Entry]) -> list[Entry]:
        """Of entries that were seen before, those that were passed by; lanes that are full again leave ``lanes``."""
        found = []
        for entry in page:
            lane = self.lane_of(entry)
            if lane not in lanes or entry.id <= lane.taken:
                continue
            if self.full(lane):
                lanes.discard(lane)
            else:
                self.add(entry, lane)
                found.append(entry)
        return found

    def add(self, entry: Entry, lane: Lane) -> None:
        self.held[entry.id] = Held(entry, lane)
        self.size += len(entry.body)
        lane.held += 1
        lane.taken = entry.id

    def full(self, lane: Lane) -> bool:
        return lane.held >= IN_A_LANE or self.size >= BYTES

    def waiting(self) -> set[Lane]:
        """Those behind that can go on."""
        return {lane for lane in self.lanes if self.can_go_on(lane)}

    def can_go_on(self, lane: Lane) -> bool:
        return lane.behind and lane.held <= LOW and self.size < BYTES

    def lane_of(self, entry: Entry) -> Lane:
        """By what has changed, however it is spelled; the same in each process."""
        named = f"{entry.tenant_id} {subject_of(entry.resource) or entry.subscription_id}".lower()
        return self.lanes[zlib.crc32(named.encode(errors="surrogatepass")) % len(self.lanes)]

    def number(self, entry: Entry) -> int:
        """Of the lane that an entry is held in."""
        return self.held[entry.id].lane.number

    def first(self, entry: Entry) -> bool:
        """Whether no other one has its fingerprint; from now on it has."""
        return entry.fingerprint is None or self.fingerprints.setdefault(entry.fingerprint, entry.id) == entry.id

    def release(self, settled: Settled) -> None:
        held = self.held.pop(settled.id, None)
        if held is None:  # it was written down once more, since nobody had heard that it was
            return
        self.size -= len(held.entry.body)
        held.lane.held -= 1
        fingerprint = held.entry.fingerprint
        if fingerprint and self.fingerprints.get(fingerprint) == settled.id:
            del self.fingerprints[fingerprint]
        self.less.set()
        if self.can_go_on(held.lane):
            self.on_room()

    async def room(self) -> None:
        """Return once a lane has little left, so that hardly any of the others is full before it has enough."""
        while not any(lane.held <= LOW and not self.stuck(lane) for lane in self.lanes):
            await self.smaller()

    def stuck(self, lane: Lane) -> bool:
        return self.size >= BYTES and lane.behind

    async def empty(self) -> None:
        while self.held:
            await self.smaller()

    async def smaller(self) -> None:
        self.less.clear()
        await self.less.wait()
