"""The SQL of the inbox, the same for SQLite and PostgreSQL.

What thousands a second pass through goes to the driver as text: SQLAlchemy's own insert takes twice the time.
"""

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from reconciler.engine.inbox import COST, DUPLICATE, UNOPENED, UNROUTED, State
from reconciler.store import tables
from reconciler.store.rows import COLUMNS, Row

__all__ = [
    "AT_A_TIME",
    "accepted",
    "add",
    "drop",
    "entries",
    "hear",
    "heard",
    "heard_total",
    "kept_counts",
    "page",
    "purge",
    "readmit",
    "retry",
    "settle_done",
    "settle_kept",
    "size",
    "take_turns",
    "waiting_counts",
]

AT_A_TIME = 500
"""Values in one statement; SQLite may be built to take no more than 999."""

TURNS = 7_262_636_016
"""An advisory lock, as ``schema.ADVISORY_LOCK``."""

c = tables.inbox.c
entries = select(tables.inbox)
heard = select(tables.heard.c.tenant_id, tables.heard.c.name, tables.heard.c.at)
heard_total = select(func.count(), func.coalesce(func.sum(tables.heard.c.at // 1000), 0))

MOST_ROWS = 64

ROWS = "(rows)"
ADD = f"INSERT INTO inbox ({', '.join(COLUMNS[1:])}) VALUES {ROWS}"  # noqa: S608
SETTLE = (
    "UPDATE inbox SET settled_at = column1, reason = column2, message = column3, attempts = column4, state = column5"
)
THEIRS = f"FROM (VALUES {ROWS}) AS settled WHERE inbox.id = column6 AND state = 'waiting'"
SETTLE_KEPT = f"{SETTLE} {THEIRS}"
SETTLE_DONE = f"{SETTLE}, tokens = NULL, body = '' {THEIRS}"


def run(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """On SQLite many rows a statement, in few sizes, so that those are prepared already.

    With its ``executemany`` the interpreter would be handed to the event loop, and asked back for, once for each row.
    That of psycopg sends all at once, and would take longer to look through a statement of thousands of parameters.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(spelled(statement, len(rows[0]), 1, mark="%s"), list(rows))
        return
    start = 0
    while start < len(rows):
        count = min(MOST_ROWS, 1 << (len(rows) - start).bit_length() - 1)
        values = tuple(itertools.chain.from_iterable(rows[start : start + count]))
        connection.exec_driver_sql(spelled(statement, len(rows[start]), count), values)
        start += count


@functools.cache
def spelled(statement: str, width: int, count: int, *, mark: str = "?") -> str:
    """The statement for ``count`` rows. SQLite has no blob in plain quotes."""
    row = f"({', '.join([mark] * width)})"
    return statement.replace("''", "x''" if mark == "?" else "''").replace(ROWS, ", ".join([row] * count))


def take_turns(connection: Connection) -> None:
    """Ids shall be committed in their order, since a page begins after the last one seen.

    PostgreSQL draws an id before the commit: of two replicas, the one with the later ids could commit first, and the
    others would never be seen. SQLite has one writer anyhow.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (TURNS,))


def add(connection: Connection, rows: Sequence[Row]) -> None:
    take_turns(connection)
    run(connection, ADD, rows)


def settle_done(connection: Connection, rows: Sequence[Row]) -> None:
    """Rows of ``settled_at``, ``reason``, ``message``, ``attempts``, ``state`` and ``id``."""
    if rows:
        run(connection, SETTLE_DONE, rows)


def settle_kept(connection: Connection, rows: Sequence[Row]) -> None:
    if rows:
        run(connection, SETTLE_KEPT, rows)


def readmit(connection: Connection, old: int, row: Row) -> None:
    take_turns(connection)
    if connection.execute(delete(tables.inbox).where(c.id == old)).rowcount:
        run(connection, ADD, [row])


def reroute(connection: Connection, sinks: Mapping[int, str]) -> None:
    wanted = update(tables.inbox).where(c.id == bindparam("number"), tables.WAITING).values(sink=bindparam("to"))
    connection.execute(wanted, [{"number": number, "to": sink} for number, sink in sinks.items()])


page: Select[Any] = (
    entries.where(c.sink == bindparam("sink"), c.id > bindparam("after"), tables.WAITING)
    .order_by(c.id)
    .limit(bindparam("most"))
)


def accepted(connection: Connection, fingerprints: Sequence[str]) -> Iterable[str]:
    """One that was a duplicate itself is no reason to drop another: what it was one of may wait yet, after a crash."""
    same = select(c.fingerprint).where(c.fingerprint.in_(fingerprints), tables.ACCEPTED)
    return connection.scalars(same.where(c.reason.not_in([DUPLICATE, *sorted(UNOPENED)])))


waiting_counts: Select[Any] = (
    select(c.sink, literal_column("'waiting'"), func.count(), func.min(c.since)).where(tables.WAITING).group_by(c.sink)
)
"""Rows of sink, state, count and the earliest ``since``; the state is known, and not read for each."""

kept_counts: Select[Any] = (
    select(c.sink, c.state, func.count(), func.min(c.since)).where(tables.KEPT).group_by(c.sink, c.state)
)


def size(state: State) -> Select[Any]:
    same = c.state == literal_column(f"'{state.value}'")
    kept = [tables.KEPT] if state in {State.DEAD, State.SET_ASIDE} else []
    lengths = (func.length(column) for column in (c.body, c.tokens, c.subscription_id, c.resource))
    each = sum((func.coalesce(length, 0) for length in lengths), start=literal(COST))
    return select(func.coalesce(func.sum(each), 0)).where(same, *kept)


def purge(connection: Connection, *, done_before: int, set_aside_before: int, most: int) -> int:
    """The longest settled first; returns how many."""
    done = select(c.id).where(tables.DONE, c.settled_at < done_before)
    set_aside = select(c.id).where(tables.KEPT, c.state == State.SET_ASIDE.value, c.settled_at < set_aside_before)
    removed = 0
    for old in (done, set_aside):
        first = old.order_by(c.settled_at).limit(most - removed)
        removed += connection.execute(delete(tables.inbox).where(c.id.in_(first))).rowcount
    return removed


def hear(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Later times only. In one order, and in turns: two replicas that lock the same rows must not lock each other."""
    take_turns(connection)
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(tables.heard)
    later = new.on_conflict_do_update(
        index_elements=tables.heard.primary_key.columns,
        set_={"at": new.excluded["at"]},
        where=new.excluded["at"] > tables.heard.c.at,
    )
    connection.execute(later, [dict(row) for row in rows])


def retry(connection: Connection, ids: Sequence[int], *, now: int) -> int:
    """Letters of these ids become new entries that wait, at the end of the order; returns how many.

    Nobody has shown yet where those without a tenant belong: they are to be judged again.
    """
    take_turns(connection)
    lock = select(c.id).where(c.id.in_(ids), tables.KEPT).with_for_update()
    found = connection.scalars(lock).all()
    changed = {
        "since": literal(now),
        "sink": case((c.tenant_id.is_(None), UNROUTED), else_=c.sink),
        "state": literal(State.WAITING.value),
        "attempts": literal(0),
    }
    kept = [name for name in COLUMNS[1:] if name not in {"reason", "message", "settled_at"}]
    old = select(*(changed.get(name, c[name]) for name in kept)).where(c.id.in_(found)).order_by(c.id)
    connection.execute(insert(tables.inbox).from_select(kept, old))
    return connection.execute(delete(tables.inbox).where(c.id.in_(found))).rowcount


def drop(connection: Connection, ids: Sequence[int]) -> int:
    return connection.execute(delete(tables.inbox).where(c.id.in_(ids), tables.KEPT)).rowcount
