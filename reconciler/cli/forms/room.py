"""Parts of a text in, as many of them as there is room for out, and how many items that leaves out."""

import contextlib
from collections.abc import Iterable, Iterator

__all__ = ["Room", "size_of"]

SMALLEST = 80
"""Where fewer bytes are left, nothing is spelled that could not fit anyway."""


class Room:
    """``size`` is in bytes of UTF-8; each part stands on lines of its own."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.parts: list[str] = []
        self.left_out = 0

    def add(self, lines: Iterable[str], *, items: int = 0) -> None:
        """Take them all or none: a large one must not push out the small ones behind it."""
        part = "\n".join(lines) if self.left > SMALLEST else None
        if part is None or (size := size_of(part)) > self.left:
            self.left_out += items
            return
        self.left -= size
        self.parts.append(part)

    @contextlib.contextmanager
    def portion(self, size: int, opening: str = "", closing: str = "") -> Iterator["Room"]:
        """At most so much of this room, between two parts that are there only if anything is between them."""
        ends = [each for each in (opening, closing) if each]
        portion = Room(min(size, self.left) - sum(map(size_of, ends)))
        yield portion
        if portion.parts:
            parts = [*([opening] if opening else []), *portion.parts, *([closing] if closing else [])]
            self.left -= sum(map(size_of, parts))
            self.parts += parts
        self.left_out += portion.left_out


def size_of(part: str) -> int:
    """With its line break."""
    return len(part.encode(errors="backslashreplace")) + 1
