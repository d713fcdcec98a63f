"""Where a store is: a folder or a URL in, a ``Place`` out. Also makes the folder and the file, for their owner only."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.core.errors import StoreError
from reconciler.store.failures import file_failures

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["DRIVER", "FILE_NAME", "PATIENCE", "Place"]

FILE_NAME = "reconciler.db"
PATIENCE = 5.0
"""How many seconds another process may hold the store locked, and a server may take to answer."""

BACKENDS = frozenset({"postgresql", "sqlite"})

DRIVER = "postgresql+psycopg"
"""Psycopg 3, whatever the URL says; SQLAlchemy 2.0 would take psycopg2 for a plain ``postgresql``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One of ``file`` (SQLite) and ``url`` (a server) is set; ``str()`` names it without a password."""

    shown: str
    file: Path | None = None
    url: "URL | None" = dataclasses.field(default=None, repr=False)

    def __str__(self) -> str:
        return f"the store {self.shown}"

    @classmethod
    def of(cls, location: Path | str) -> Self:
        """A folder, which holds ``reconciler.db``, or a URL such as ``sqlite:////folder/file`` or ``postgresql://…``."""
        if isinstance(location, str) and "://" in location:
            return cls.of_url(location)
        return cls.of_file(Path(location).expanduser() / FILE_NAME)

    @classmethod
    def of_file(cls, path: Path) -> Self:
        return cls(str(path), file=path.absolute())

    @classmethod
    def of_url(cls, text: str) -> Self:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(text)
            backend = url.get_backend_name()
        except (ArgumentError, ValueError):
            # The text may hold a password, so it is not repeated; nor is the cause, which would repeat it.
            raise StoreError("the store's location is not a URL: give a folder, or postgresql://…") from None
        hidden = {name: "***" for name in url.query if "password" in name}
        shown = url.update_query_dict(hidden).render_as_string(hide_password=True)
        if backend not in BACKENDS:
            raise StoreError(f"the store {shown} is of an unknown kind: give a folder, or postgresql://…")
        if backend == "sqlite":
            return cls.of_database(url.database, shown)
        return cls(shown, url=url.set(drivername=DRIVER))

    @classmethod
    def of_database(cls, database: str | None, shown: str) -> Self:
        if not database or database == ":memory:" or database.startswith("file:"):
            raise StoreError(f"the store {shown} names no file: it would not outlive the process, so give a folder")
        return cls.of_file(Path(database))

    def prepare(self) -> None:
        """Make the folder (0700) and the file (0600) where they are missing; what is there keeps its mode.

        SQLite gives its ``-wal`` and ``-shm`` files the mode of the file itself.
        """
        if self.file is None:
            return
        with file_failures(self, "opened"):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
