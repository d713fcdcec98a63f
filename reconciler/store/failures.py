"""What the file system and the database complain of in, one ``StoreError`` with its cause and its remedy out."""

import contextlib
import sqlite3
from collections.abc import Iterator

from reconciler.core.errors import StoreError

__all__ = ["REBUILT", "database_failures", "file_failures"]

REBUILT = "move the file away, the next run makes a new one (ownership is written on the subscriptions themselves)"
PERMISSIONS = "check the permissions of the file and of its folder"

CAUSES = {
    "SQLITE_AUTH": ("access is denied", PERMISSIONS),
    "SQLITE_BUSY": ("another process holds it locked", "stop that process, or try again when it is done"),
    "SQLITE_CANTOPEN": ("the file cannot be opened", PERMISSIONS),
    "SQLITE_CORRUPT": ("the file is damaged", REBUILT),
    "SQLITE_FULL": ("the disk is full", "free some space"),
    "SQLITE_IOERR": ("the disk does not read or write it", "check the disk and its free space"),
    "SQLITE_LOCKED": ("another process holds it locked", "stop that process, or try again when it is done"),
    "SQLITE_NOTADB": ("the file is not a database", REBUILT),
    "SQLITE_PERM": ("access is denied", PERMISSIONS),
    "SQLITE_READONLY": ("it may only be read", PERMISSIONS),
}
"""By SQLite's primary result code."""


@contextlib.contextmanager
def file_failures(place: object, deed: str) -> Iterator[None]:
    """``place`` names itself by ``str()``; ``deed`` completes "the store … cannot be": opened, read, written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(f"{place} cannot be {deed}: {reason}: {PERMISSIONS}, and the disk") from error


@contextlib.contextmanager
def database_failures(place: object, deed: str) -> Iterator[None]:
    """Like ``file_failures``; the cause is the driver's own error, since SQLAlchemy's repeats statement and values."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"{place} cannot be {deed}: {explain(cause)}") from cause
    except sqlite3.Error as error:
        raise StoreError(f"{place} cannot be {deed}: {explain(error)}") from error
    except ModuleNotFoundError as error:
        raise StoreError(f"{place} cannot be {deed}: its driver {error.name!r} is missing: install that") from error


def explain(cause: BaseException) -> str:
    name = getattr(cause, "sqlite_errorname", None) or ""
    primary = "_".join(name.split("_")[:2])
    if primary in CAUSES:
        return ": ".join(CAUSES[primary])
    lines = str(cause).splitlines()
    return lines[0] if lines else type(cause).__name__
