"""Whether standard output shows colours, and text in one."""

import os
import sys

__all__ = ["painted", "shows_colours"]


def shows_colours() -> bool:
    """On a terminal that can, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, *, colours: bool) -> str:
    """``colour`` is a number of ECMA-48, as 32 for green."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colours else text
