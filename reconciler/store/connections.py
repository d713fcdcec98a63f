"""A place in, SQLAlchemy engines out: one that writes, one that reads while the other writes, one that only looks."""

import sqlite3
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from reconciler.store.location import DRIVER, Place

__all__ = ["looking_engine", "reading_engine", "settle_journal_mode", "writing_engine"]

PRAGMAS = ("synchronous = FULL", "foreign_keys = ON")
"""Those that last as long as the connection; the busy timeout is the driver's ``timeout``."""


def writing_engine(place: Place, *, patience: float) -> Engine:
    """For the one writing thread, which waits for other processes for ``patience`` seconds.

    Its transactions take SQLite's write lock at once: one that begins by reading cannot wait for the lock later on.
    """
    if place.url:
        return server_engine(place.url, patience, pool_size=1)
    return sqlite_engine(place, patience, "BEGIN IMMEDIATE")


def reading_engine(place: Place, *, patience: float) -> Engine:
    return server_engine(place.url, patience) if place.url else sqlite_engine(place, patience, "BEGIN")


def looking_engine(place: Place, *, patience: float) -> Engine:
    """For a server only: a transaction that writes is refused by the server itself. Files are for ``looking``."""
    url = place.url or URL.create(DRIVER)
    return server_engine(url, patience, execution_options={"postgresql_readonly": True}, poolclass=NullPool)


def server_engine(url: URL, patience: float, **options: Any) -> Engine:
    """What the URL says itself counts. A connection is tried before it is used: the server may have been restarted."""
    seconds = max(2, round(patience))  # libpq takes 1 for 2, and 0 for ever
    waits = {
        "connect_timeout": seconds,
        "options": f"-c lock_timeout={round(patience * 1000)}",
        "tcp_user_timeout": seconds * 1000,
    }
    arguments = {name: value for name, value in waits.items() if name not in url.query}
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, **options)


def sqlite_engine(place: Place, patience: float, begin: str) -> Engine:
    # isolation_level None turns sqlite3's own transactions off: they begin too late for a consistent read.
    arguments = {"check_same_thread": False, "isolation_level": None, "timeout": patience}
    engine = create_engine(URL.create("sqlite", database=str(place.file)), connect_args=arguments)

    def configure(connection: DBAPIConnection, record: object) -> None:
        del record
        for pragma in PRAGMAS:
            run(connection, f"PRAGMA {pragma}")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", start)
    return engine


def run(connection: DBAPIConnection, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()


def settle_journal_mode(engine: Engine, patience: float) -> None:
    """The journal mode stays with the file. SQLite does not wait while two openers switch it, so that is done here."""
    if engine.dialect.name != "sqlite":
        return
    deadline = time.monotonic() + patience
    while True:
        try:
            switch(engine)
        except sqlite3.OperationalError as error:
            if time.monotonic() > deadline or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            time.sleep(0.01)
        else:
            return


def switch(engine: Engine) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()
    finally:
        connection.close()
