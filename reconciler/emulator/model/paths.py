"""The path of a resource: text in, steps out. ``teams('x')`` is ``teams/x``; a function keeps its arguments.

The project's own parser is another one, on purpose: neither hides the other's mistake.
"""

import dataclasses
import re
import urllib.parse
from collections.abc import Iterator

CALL = re.compile(r"(?P<name>[^()'\s]+)\((?P<inside>.*)\)", re.DOTALL)
BRACKET = re.compile(r"['()\[\]]")
QUOTED = re.compile(r"'(?:[^']|'')*'")
GUIDS = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(@[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?", re.IGNORECASE
)


@dataclasses.dataclass(frozen=True, slots=True)
class Argument:
    name: str
    values: tuple[str, ...]
    many: bool
    """Written as a list in brackets."""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One part of a path: a name, an id, or a function with its arguments."""

    text: str
    key: bool = False
    """Written in brackets, so it is an id and never a name."""
    arguments: tuple[Argument, ...] | None = None


def split(text: str, separator: str) -> list[str]:
    """Split where the separator stands outside quotes and brackets."""
    if BRACKET.search(text) is None:
        return text.split(separator)
    parts, depth, quoted = [""], 0, False
    for char in text:
        quoted ^= char == "'"
        depth += 0 if quoted else (char in "([") - (char in ")]")
        if char == separator and not quoted and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def decoded(text: str) -> str:
    """Escapes outside quotes decoded once: a join URL keeps its own, as it was encoded once more (facts 2.5)."""
    result, position = "", 0
    for found in QUOTED.finditer(text):
        result += urllib.parse.unquote(text[position : found.start()]) + found[0]
        position = found.end()
    return result + urllib.parse.unquote(text[position:])


def steps(path: str) -> tuple[Step, ...]:
    """ValueError for what is no path."""
    return tuple(step for part in split(path.strip("/"), "/") for step in parse(part))


def parse(part: str) -> Iterator[Step]:
    """Brackets and quotes may be escaped; where they make no sense as such, they belong to an id: ``o%27neil``."""
    text = decoded(part)
    call = CALL.fullmatch(text)
    if call is None:
        if not text or any(char in part for char in "()'"):
            raise ValueError(f"'{part}' is no part of a path")
        yield Step(text)
    elif "=" in QUOTED.sub("", call["inside"]):
        yield Step(call["name"], arguments=tuple(argument(text) for text in split(call["inside"], ",")))
    else:
        yield Step(call["name"])
        yield Step(key_of(call["inside"]), key=True)


def argument(text: str) -> Argument:
    name, _, value = text.partition("=")
    value = value.strip()
    many = value.startswith("[") and value.endswith("]")
    texts = split(value[1:-1], ",") if many else [value]
    return Argument(name.strip().lower(), tuple(quoted_text(each) for each in texts), many)


def quoted_text(text: str) -> str:
    if QUOTED.fullmatch(text.strip()) is None or len(text.strip()) == 2:
        raise ValueError(f"{text} is no quoted text")
    return unquoted(text)


def key_of(text: str) -> str:
    """In quotes it has its escapes still, which no id has: ``'19%3Ax'`` is ``19:x``."""
    identifier = unquoted(text)
    return urllib.parse.unquote(identifier) if QUOTED.fullmatch(text.strip()) else identifier


def unquoted(text: str) -> str:
    text = text.strip()
    result = text[1:-1].replace("''", "'") if QUOTED.fullmatch(text) else text
    if not result or (result is text and "'" in text):
        raise ValueError("an id is empty or badly quoted")
    return result


def canonical_id(text: str) -> str:
    """GUIDs are compared in lower case; other ids (``19:…@thread.tacv2``) as they are."""
    return text.lower() if GUIDS.fullmatch(text) else text
