"""A text with blanks such as ``{value}`` in, the text for one row of a set out.

What is filled in can never change the shape of a resource: what would is refused, and nothing is escaped silently. The
one exception is a join URL, which Graph wants encoded once more than it is found (facts 2.5).
"""

import dataclasses
import enum
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

__all__ = ["BLANK", "Blank", "BlankError", "Form", "read_form"]

BLANK = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")
JOIN_URL = re.compile(r"\(\s*joinWebUrl\s*=\s*'$", re.IGNORECASE)
UNFIT = re.compile(r"""[\x00-\x20\x7f/\\?#%&'"()\[\]{}<>^`|]|^\$|^\.+$|\s""")
UNFIT_BARE = re.compile(rf"{UNFIT.pattern}|[=+,;]")
NO_URL = re.compile(r"^(?!https://)|[^\x21-\x7e]|[\"<>\\^`{|}]")


class BlankError(ValueError):
    """A value cannot stand where it is to be filled in; the message says why."""


class Place(enum.Enum):
    PATH = enum.auto()
    """A segment of a path, or in quotes anywhere: ids may have commas and equals signs."""

    BARE = enum.auto()
    """In a query or as an argument, without quotes."""

    JOIN_URL = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Blank:
    column: str
    place: Place

    def fill(self, value: str) -> str:
        """Raises BlankError."""
        if self.place is Place.JOIN_URL:
            if NO_URL.search(value):
                raise BlankError(f"{value[:80]!r} is no join URL: write it as it is found, beginning with https://")
            return quote(value, safe="")
        found = (UNFIT if self.place is Place.PATH else UNFIT_BARE).search(value)
        if found:
            raise BlankError(
                f"{value[:80]!r} cannot stand in {{{self.column}}}: {found.group()!r} might change the path"
            )
        return value


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """A text, and the blanks in it."""

    parts: tuple[str | Blank, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(part.column for part in self.parts if isinstance(part, Blank))

    @property
    def has_bare(self) -> bool:
        """Whether more than ids differ from row to row."""
        return any(isinstance(part, Blank) and part.place is Place.BARE for part in self.parts)

    def fill(self, values: Mapping[str, str]) -> str:
        """Raises BlankError."""
        return "".join(part if isinstance(part, str) else part.fill(values[part.column]) for part in self.parts)

    def example(self) -> str:
        """The text for a row like any other."""
        filled = {Place.JOIN_URL: quote("https://x", safe="")}
        return "".join(part if isinstance(part, str) else filled.get(part.place, "x") for part in self.parts)


def read_form(text: str, *, query: bool = False) -> Form:
    """Cut a text at its blanks; ``query`` where all of it is one."""
    return Form(tuple(cut(text, query=query)))


def cut(text: str, *, query: bool) -> Iterator[str | Blank]:
    end = 0
    for match in BLANK.finditer(text):
        yield text[end : match.start()]
        yield Blank(match[1], place_of(text[: match.start()], query=query))
        end = match.end()
    yield text[end:]


def place_of(before: str, *, query: bool) -> Place:
    if JOIN_URL.search(before):
        return Place.JOIN_URL
    if before.count("'") % 2:
        return Place.PATH
    bracket = before.count("(") > before.count(")")
    return Place.BARE if query or bracket or "?" in before else Place.PATH
