"""The SQL of the store, the same for SQLite and PostgreSQL; only the upsert asks which of them it is."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from reconciler.store import tables

__all__ = [
    "counts_of_living",
    "drop_old_gaps",
    "drop_tombstones",
    "fetch",
    "note_gap",
    "remove",
    "rows_of",
    "upsert",
]

TOMBSTONE_AGE = dt.timedelta(days=1)
"""LIST lags behind a DELETE by minutes; for that long it must be known that a listed subscription is gone."""

GAP_AGE = dt.timedelta(days=90)
"""For as long somebody may still want to know when something was missed."""

Row = Mapping[str, Any]


def rows_of(table: Table, scope: Row) -> Select[Any]:
    """Every row of a scope, without the columns that spell the scope."""
    wanted = [column for column in table.columns if column.name not in scope]
    return select(*wanted).where(*(table.columns[name] == value for name, value in scope.items()))


def counts_of_living(owner: str, now: dt.datetime) -> Select[Any]:
    """``tenant_id`` and ``living``, of all its applications: those neither deleted nor ended at ``now``."""
    columns = tables.subscriptions.c
    lasts = or_(columns.expires_at.is_(None), columns.expires_at > now)
    counts = select(columns.tenant_id, func.count().label("living"))
    return (
        counts.where(columns.owner == owner, columns.deleted_at.is_(None), lasts)
        .group_by(columns.tenant_id)
        .order_by(columns.tenant_id)
    )


def fetch(connection: Connection, statement: Select[Any]) -> list[Row]:
    """Run a statement that only reads."""
    return [{str(name): value for name, value in row.items()} for row in connection.execute(statement).mappings()]


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *, kept: Collection[str] = ()) -> None:
    """Insert, or overwrite by primary key, but for the columns that are to keep what stands in them."""
    if not rows:
        return
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    names = [column.name for column in table.columns if not column.primary_key and column.name not in kept]
    changed = {name: insert.excluded[name] for name in names}
    connection.execute(
        insert.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changed),
        [dict(row) for row in rows],
    )


def remove(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete by primary key; keys that are not there do no harm."""
    if not keys:
        return
    # The prefix keeps the parameters apart from the columns of the same name.
    matches = (column == bindparam(f"key_{column.name}") for column in table.primary_key.columns)
    values = [{f"key_{name}": value for name, value in key.items()} for key in keys]
    connection.execute(delete(table).where(*matches), values)


def drop_tombstones(connection: Connection, now: dt.datetime) -> None:
    """Of every owner, tenant and application, so that those of removed tenants go too."""
    connection.execute(delete(tables.subscriptions).where(tables.subscriptions.c.deleted_at < now - TOMBSTONE_AGE))


def note_gap(connection: Connection, row: Row) -> None:
    """When it began, why, and when that was noted stay as they were noted first: later one knows less of it."""
    upsert(connection, tables.gaps, [row], kept=("cause", "noted_at", "since"))


def drop_old_gaps(connection: Connection, now: dt.datetime) -> None:
    """Those that are open, too: nobody has wanted that subscription for long."""
    connection.execute(delete(tables.gaps).where(tables.gaps.c.noted_at < now - GAP_AGE))
