"""Brings the tables to what this version needs, and tells which version wrote them.

The revisions are known by heart, so that only a store that must be migrated pays for importing alembic.
"""

import threading

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text

from reconciler.core.errors import StoreError
from reconciler.store.failures import database_failures
from reconciler.store.location import Place

__all__ = ["HEAD", "REVISIONS", "REVISION_TABLE", "migrate", "revision_of", "upgrade"]

REVISIONS = ("0001", "0002", "0003")
"""From the first to the current one; each has its script in ``migrations/versions``."""

HEAD = REVISIONS[-1]

REVISION_TABLE = "reconciler_revision"
"""Not alembic's own default: a PostgreSQL database may be shared with another program that uses alembic."""

ADVISORY_LOCK = 7_262_636_015
"""Any number that no other program in the same PostgreSQL database is likely to lock."""

# alembic passes the connection through a module-wide proxy: one migration at a time in a process.
ONE_AT_A_TIME = threading.Lock()

revisions = Table(REVISION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


def migrate(reading: Engine, writing: Engine, place: Place) -> None:
    """Migrate a store that is new or older. Raises StoreError for a later one; concurrent openers take turns."""
    with database_failures(place, "opened"):
        with reading.begin() as connection:
            if is_current(connection, place):
                return
        with ONE_AT_A_TIME, writing.begin() as connection:
            wait_for_turn(connection)
            if not is_current(connection, place):
                upgrade(connection)


def is_current(connection: Connection, place: Place) -> bool:
    found = revision_of(connection)
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"{place} was written by a later version: its revision is {found}, this version knows {HEAD}: "
            "upgrade reconcile"
        )
    return found == HEAD


def revision_of(connection: Connection) -> str | None:
    """None for a store without tables."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    return connection.scalar(select(revisions.c.version_num))


def wait_for_turn(connection: Connection) -> None:
    """SQLite's write lock is held by the transaction already; PostgreSQL lets two transactions create one table."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def upgrade(connection: Connection, to: str = HEAD) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "revision_table": REVISION_TABLE})
    config.set_main_option("script_location", "reconciler.store:migrations")
    command.upgrade(config, to)
