"""Text that others wrote in, GitHub-flavoured Markdown that shows just that text out.

Names, resources and messages come with a pull request: they must not make tables, links, images, HTML, mentions of
people or references to issues in a comment that a pipeline writes.
"""

import re

from reconciler.cli.plain import plain

__all__ = ["code", "prose"]

ZERO_WIDTH = "&#8203;"
"""Put behind what GitHub would take for a mention, a reference or a link, even where it is escaped."""

ACTIVE = {ord(each): f"&#{ord(each)};" for each in "\\`*_[]<>|~$&"}
ACTIVE |= {ord("@"): f"&#64;{ZERO_WIDTH}", ord("#"): f"&#35;{ZERO_WIDTH}"}
LINKED = re.compile(r"(?i)(?<=\bgh)(?=-\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)")


LONGEST = 2_000
"""A longer text is cut: a name or a resource must not fill a comment."""


def prose(text: str) -> str:
    """In a sentence."""
    return LINKED.sub(ZERO_WIDTH, shown(text).translate(ACTIVE))


def code(text: str) -> str:
    """As a code span, fenced with more backticks than it has: in one, nothing else means anything."""
    inside = shown(text)
    fence = "`" * (max(map(len, re.findall("`+", inside)), default=0) + 1)
    padding = " " if inside[:1] in {"`", " ", ""} or inside[-1:] in {"`", " "} else ""
    return f"{fence}{padding}{inside}{padding}{fence}"


def shown(text: str) -> str:
    return plain(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
