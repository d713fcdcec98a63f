"""Whether standard output shows colours, and text in one."""

import os
import sys

__all__ = ["painted", "shows_colours"]


def shows_colours() -> bool:
    """On a terminal that can, or where FORCE_COLOR is set, unless NO_COLOR is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, *, colours: bool) -> str:
    """``colour`` is a number of ECMA-48, as 32 for green."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colours else text
