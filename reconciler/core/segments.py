"""A resource path in, its segments out: names, ids and function calls, each as Graph understands it.

Escapes are decoded once outside quotes and never inside them: the join URL of a meeting is a quoted value in which
``%253a`` is not ``%3a`` (facts 2.5).
"""

import dataclasses
import functools
import itertools
import re
from collections.abc import Iterator
from urllib.parse import unquote

__all__ = ["Segment", "SegmentError", "cut", "decode", "read_path"]

ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
QUOTED = re.compile(r"'[^']*'")
"""The usual id, ``teams('x')``."""

ARGUMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*)", re.DOTALL)


class SegmentError(ValueError):
    """The text is no resource path; the message names the part that is not understood."""


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path: a name or an id, and what a function is called with (each argument a list of values)."""

    name: str
    arguments: tuple[tuple[str, tuple[str, ...]], ...] = ()


def read_path(text: str) -> tuple[Segment, ...]:
    """Read a path without its query; ``teams('x')`` is ``teams/x``, slashes at both ends do not count."""
    parts = list(cut(text.strip().strip("/"), "/"))
    if not all(parts):
        raise SegmentError("the path is empty" if len(parts) == 1 else "two slashes follow each other")
    segments = tuple(itertools.chain.from_iterable(map(read_segment, parts)))
    if "" in [segment.name for segment in segments]:
        raise SegmentError("an id is empty")
    return segments


def read_segment(text: str) -> list[Segment]:
    name, bracket, rest = text.partition("(")
    if not bracket or "'" in name:
        return [Segment(decode(text))]
    if not rest.endswith(")") or not name:
        raise SegmentError(f"{text!r} is neither a name nor a function call")
    inside = rest[:-1].strip()
    if not inside:
        return [Segment(decode(name))]
    if QUOTED.fullmatch(inside):
        return [Segment(decode(name)), Segment(inside[1:-1])]
    arguments = [ARGUMENT.fullmatch(part) for part in cut(inside, ",")]
    if arguments == [None]:
        return [Segment(decode(name)), Segment(value_of(inside))]
    return [Segment(decode(name), tuple(sorted(read_argument(each, text) for each in arguments)))]


def read_argument(match: re.Match[str] | None, text: str) -> tuple[str, tuple[str, ...]]:
    if match is None:
        raise SegmentError(f"{text!r} has an argument that is not name=value")
    name, value = match.group(1), match.group(2).strip()
    if not value.startswith("["):
        return name, (value_of(value),)
    if not value.endswith("]"):
        raise SegmentError(f"the list of {name} is not closed")
    inside = value[1:-1].strip()
    return name, tuple(value_of(part.strip()) for part in cut(inside, ",")) if inside else ()


def value_of(text: str) -> str:
    """A quoted value as it stands, a bare one decoded."""
    if not text.startswith("'"):
        if not text or any(sign in text for sign in "'[]()"):
            raise SegmentError(f"{text!r} is not a value")
        return decode(text)
    if len(text) < 2 or not text.endswith("'") or "'" in text[1:-1].replace("''", ""):
        raise SegmentError(f"{text!r} is not a quoted value")
    return text[1:-1].replace("''", "'")


def decode(text: str) -> str:
    """Decode escapes once. An escape that is none, or bytes that are no text, is a SegmentError."""
    if "%" not in text:
        return text
    if bad := ESCAPE.search(text):
        raise SegmentError(f"{text[bad.start() : bad.start() + 3]!r} is not an escape such as %20")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise SegmentError(f"the escapes in {text!r} are not UTF-8") from error


@functools.cache
def signs(separator: str) -> re.Pattern[str]:
    """What matters to ``cut``: the separator, a bracket, a quote that is not closed. Whole quotes hide what is in them,
    and so do brackets around one, which are most of all brackets."""
    return re.compile(rf"\('[^']*'\)|'[^']*'|['()\[\]{re.escape(separator)}]")


def cut(text: str, separator: str) -> Iterator[str]:
    """Split at a character, but not inside quotes or brackets."""
    start, level = 0, 0
    for match in signs(separator).finditer(text):
        sign = match.group()
        if sign == separator:
            if level == 0:
                yield text[start : match.start()]
                start = match.end()
        elif sign in "([":
            level += 1
        elif sign in ")]":
            level -= 1
        elif sign == "'":
            raise SegmentError("a quote is not closed")
    if level:
        raise SegmentError("a bracket is not closed" if level > 0 else "a bracket is closed that was not opened")
    yield text[start:]
