"""When rings of objects are looked for: not while thousands of manifests are read, which have none."""

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["uncollected"]


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Nobody looks for rings meanwhile: going through all that was read again and again would be a third of the time.

    Around a whole command, most of what it made is gone before the next look.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
