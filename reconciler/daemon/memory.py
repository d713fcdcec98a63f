"""Memory that a pass has used goes back to the system: the C library would keep much of it for the next one."""

import ctypes
import functools
from collections.abc import Callable

__all__ = ["give_back"]


def give_back() -> None:
    """Blocks for some milliseconds. Does nothing where the C library has no way to be asked for it."""
    if trim := malloc_trim():
        trim(0)


@functools.cache
def malloc_trim() -> Callable[[int], int] | None:
    """glibc's; musl has none, and needs none."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
