"""What the file system and the database complain of in, one ``StoreError`` with its cause and its remedy out."""

import contextlib
import sqlite3
from collections.abc import Iterator

from reconciler.core.errors import StoreError

__all__ = ["REBUILT", "concerns_all", "database_failures", "file_failures"]

REBUILT = "move the file away, the next run makes a new one (ownership is written on the subscriptions themselves)"
INSTALL = "pip install '.[postgresql]' in the checkout brings it"
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

RIGHTS = "grant the user of the URL the rights to make and to write tables"
RETRY = "try again when it is up"

STATES = {
    "25006": ("it may only be read", "give the URL of the primary server, with a user that may write"),
    "3D000": ("the database does not exist", "create it"),
    "40P01": ("another process was in the way", "try again"),
    "42501": ("access is denied", RIGHTS),
    "53100": ("the disk of the server is full", "free some space there"),
    "53200": ("the server is out of memory", "give it more memory, or fewer connections"),
    "53300": ("the server has no connection left", "raise its max_connections"),
    "55P03": ("another process holds it locked", "stop that process, or try again when it is done"),
    "57014": ("the server gave up on it", "raise its statement_timeout"),
    "57P01": ("the server was stopped meanwhile", RETRY),
    "57P02": ("the server has crashed", RETRY),
    "57P03": ("the server is starting or stopping", RETRY),
}
"""By PostgreSQL's SQLSTATE."""

WORDS = {
    "password": "check the user and the password of the URL",
    "SSL": "check the TLS parameters of the URL, such as sslmode and sslrootcert",
    "certificate": "check the TLS parameters of the URL, such as sslmode and sslrootcert",
    "does not exist": "check the database and the user of the URL, or create them",
    "server closed": RETRY,
}
"""Of what libpq says without a SQLSTATE, mostly while connecting."""

UNREACHABLE = "check that the server is up, and the host and the port of the URL"

FOR_ALL = frozenset({"InternalError", "OperationalError"})
"""As PEP 249 names, in every driver, what is not the fault of the values written."""

DEADLOCK = "40P01"


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
    except (OverflowError, UnicodeError) as error:
        raise StoreError(f"{place} cannot be {deed}: {error}") from error
    except ImportError as error:
        missing = f"{error.name or 'psycopg'} is not installed"
        raise StoreError(f"{place} cannot be {deed}: {missing}: {INSTALL}") from error


def concerns_all(error: StoreError) -> bool:
    """The database itself failed: whoever else tries to write now fares alike."""
    cause = error.__cause__
    names = {kind.__name__ for kind in type(cause).__mro__}
    return bool(names & FOR_ALL) and getattr(cause, "sqlstate", None) != DEADLOCK


def explain(cause: BaseException) -> str:
    name = getattr(cause, "sqlite_errorname", None) or ""
    primary = "_".join(name.split("_")[:2])
    found = CAUSES.get(primary) or STATES.get(getattr(cause, "sqlstate", None) or "")
    if found:
        return ": ".join(found)
    lines = str(cause).splitlines()
    reason = lines[0] if lines else type(cause).__name__
    return f"{reason}: {remedy(reason)}" if is_lost(cause) else reason


def is_lost(cause: BaseException) -> bool:
    """There is no connection to the server, or none any more: libpq then has words, and no code."""
    kind = type(cause)
    return kind.__module__.startswith("psycopg") and kind.__name__ in {"ConnectionTimeout", "OperationalError"}


def remedy(reason: str) -> str:
    return next((remedy for word, remedy in WORDS.items() if word in reason), UNREACHABLE)
