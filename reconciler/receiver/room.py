"""Bytes in and out again: how much may be held in the memory at a time, for strangers not to fill it."""

import contextlib
from collections.abc import Iterator

__all__ = ["Room", "RoomTaken"]


class RoomTaken(Exception):
    """There is no more room now."""


class Room:
    """``places`` tells how many are in it."""

    def __init__(self, size: int) -> None:
        self.size = self.left = size
        self.places = 0

    @contextlib.contextmanager
    def place(self) -> Iterator["Place"]:
        """For what grows while it is read; given back at the end."""
        place = Place(self)
        self.places += 1
        try:
            yield place
        finally:
            self.places -= 1
            self.left += place.taken


class Place:
    def __init__(self, room: Room) -> None:
        self.room, self.taken = room, 0
        self.complete = False

    def take(self, size: int) -> None:
        """Raises RoomTaken."""
        if size > self.room.left:
            raise RoomTaken
        self.room.left -= size
        self.taken += size
