"""Reads a SQLite file without leaving a trace: a dry run writes nothing, not even SQLite's own small files.

A read-only connection to a database in WAL mode creates ``-wal`` and ``-shm`` files, or writes into the latter. Two
ways of opening do not. With no ``-wal`` everything is in the file itself, and ``immutable`` reads that without any
lock; whether somebody wrote meanwhile is found by comparing how the files look before and after. With a ``-wal`` a
writer is at work, or was killed: ``readonly_shm`` reads beside it under SQLite's own locks.
"""

import dataclasses
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DatabaseError

from reconciler.core.errors import StoreError
from reconciler.store.location import Place

__all__ = ["look"]

ATTEMPTS = 20
CLOSING = 0.05
"""Seconds: a writer that is about to end has removed one of its small files, and not yet the other."""

T = TypeVar("T")
Signature = tuple[int, int, int] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Files:
    """How the files of a database look; two that are equal had no write between them."""

    main: Signature
    wal: Signature
    shm: bool

    @classmethod
    def of(cls, file: Path) -> Self:
        wal, shm = (file.with_name(f"{file.name}{suffix}") for suffix in ("-wal", "-shm"))
        return cls(signature(file), signature(wal), shm.exists())

    @property
    def pending(self) -> bool:
        """The ``-wal`` holds what is not in the file yet."""
        return self.wal is not None and self.wal[1] > 0


def signature(file: Path) -> Signature:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def look(place: Place, file: Path, query: Callable[[Connection], T]) -> T:
    """Run ``query``, which only reads, once more for each time that somebody writes meanwhile."""
    for _ in range(ATTEMPTS):
        before = Files.of(file)
        try:
            answer = query_once(place, file, before, query)
        except (DatabaseError, StoreError):
            time.sleep(CLOSING)
            if Files.of(file) == before:
                raise
            continue
        if before.pending or Files.of(file) == before:
            return answer
    raise StoreError(f"{place} cannot be read: it changes all the time: try again")


def query_once(place: Place, file: Path, files: Files, query: Callable[[Connection], T]) -> T:
    if files.pending and not files.shm:
        raise StoreError(
            f"{place} cannot be read without writing: its -wal file was copied or restored without the -shm file: "
            "let a run that is no dry run open it once"
        )
    way = "readonly_shm=1" if files.pending else "immutable=1"
    uri = f"{file.as_uri()}?mode=ro&{way}"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=NullPool)
    with engine.connect() as connection:
        return query(connection)
