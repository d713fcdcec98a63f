"""Bytes in and out again: how much may be held in the memory at a time, for strangers not to fill it."""

import time
from types import TracebackType
from typing import Self

__all__ = ["SMALL", "Place", "Room", "RoomTaken"]

CROWD = 16
"""Places taken at a time: more than there are when all is well."""

LASTING = 0.1
"""Seconds for which it counts as crowded: between two commits it may look empty."""

SMALL, RESERVE = 64 * 1024, 8 * 1024 * 1024
"""The last bytes are for small bodies, such as Graph's are: who sends large ones slowly must not keep them out."""


class RoomTaken(Exception):
    """There is no more room now."""


class Room:
    def __init__(self, size: int) -> None:
        self.left = size
        self.places = 0
        self.crowded_at = float("-inf")

    def place(self) -> "Place":
        """For what grows while it is read; a context, at the end of which it is given back."""
        return Place(self)

    def crowded(self) -> bool:
        """Whether so many are in it that all else had better wait a little."""
        return time.monotonic() - self.crowded_at < LASTING


class Place:
    __slots__ = ("room", "taken")

    def __init__(self, room: Room) -> None:
        self.room, self.taken = room, 0

    def take(self, size: int) -> None:
        """Raises RoomTaken."""
        kept = RESERVE if self.taken + size > SMALL else 0
        if size > self.room.left - kept:
            raise RoomTaken
        self.room.left -= size
        self.taken += size

    def __enter__(self) -> Self:
        self.room.places += 1
        if self.room.places >= CROWD:
            self.room.crowded_at = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.room.places -= 1
        self.room.left += self.taken
