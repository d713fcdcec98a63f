"""One run writes at a time: two that overlap would each create what the other one is about to."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from reconciler.core.errors import ReconcilerError, StoreError
from reconciler.sources.texts import reason

__all__ = ["one_writer"]


@contextlib.contextmanager
def one_writer(location: Path | str) -> Iterator[None]:
    """Hold the store's folder for as long as this run writes; the lock ends with the process, however that ends.

    A database on a server is not locked: there, several replicas share it on purpose.
    """
    if isinstance(location, str):
        yield
        return
    try:
        file = (location / "writer.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"the store's folder {location} cannot be locked: {reason(error)}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another run is writing with the store in {location}: wait for it, or look with --dry-run"
            raise ReconcilerError(message) from error
        yield
