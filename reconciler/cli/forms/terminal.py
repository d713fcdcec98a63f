"""Lines of a report in, a terminal with colours and sane line breaks out. Where there is none, rich is not started."""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.cli.colours import shows_colours
from reconciler.cli.forms.text import Line

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["show"]

HANGING = 2
NARROWEST = 20
WORD = re.compile(r"\S+")


def show(lines: Iterable[Line]) -> None:
    """Print them: wrapped on a terminal, whole in a pipe, where a program may look for them."""
    if sys.stdout.isatty() or shows_colours():
        show_richly(lines)
        return
    for line in lines:
        print(line)


def show_richly(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    wraps, colours = sys.stdout.isatty(), shows_colours()
    console = Console(force_terminal=colours or None, color_system="auto" if colours else None, highlight=False)
    for line in lines:
        text = Text.assemble(*line.pieces)
        room = max(console.width - line.indent - HANGING, NARROWEST)
        for number, part in enumerate(wrapped(text, room) if wraps else [text]):
            indent = " " * (line.indent + (HANGING if number else 0))
            console.print(Text(indent) + part, soft_wrap=True)


def wrapped(text: "Text", room: int) -> Iterator["Text"]:
    """In lines of at most ``room`` cells; what is longer, such as a path, is left whole, to be copied."""
    for part in text.divide(breaks(text.plain, room)):
        part.rstrip()
        yield part


def breaks(text: str, room: int) -> Iterator[int]:
    """Where new lines begin."""
    from rich.cells import cell_len

    start = 0
    for word in WORD.finditer(text):
        if word.start() > start and cell_len(text[start : word.end()]) > room:
            start = word.start()
            yield start
