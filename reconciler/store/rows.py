"""Entries of the inbox in, rows of its table out, and back; by hand, because thousands a second pass here."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import Entry, State
from reconciler.store import tables

__all__ = ["COLUMNS", "Row", "entry_of", "micros", "moment", "row_of"]

Row = Sequence[Any]

COLUMNS = tuple(column.name for column in tables.inbox.columns)
"""The order of every row here; one to be inserted lacks the first, its id."""

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
STATES = {state.value: state for state in State}


def micros(time: dt.datetime) -> int:
    """Since 1970; a tenth of what SQLAlchemy's own types for times cost."""
    if time.tzinfo is None:
        raise StoreError("a time without an offset cannot be stored")
    return (time - EPOCH) // MICROSECOND


def moment(since: int) -> dt.datetime:
    return EPOCH + since * MICROSECOND


def row_of(entry: Entry) -> Row:
    return (
        entry.event_id,
        micros(entry.received_at),
        micros(entry.since),
        entry.path,
        entry.query,
        entry.subscription_id,
        entry.change,
        entry.resource,
        entry.encrypted,
        entry.lifecycle,
        entry.tenant_id,
        entry.name,
        entry.sink,
        entry.fingerprint,
        entry.exact,
        entry.state.value,
        entry.reason,
        entry.message,
        entry.attempts,
        None if entry.settled_at is None else micros(entry.settled_at),
        entry.tokens,
        entry.body,
    )


def entry_of(row: Row) -> Entry:
    return Entry(
        id=row[0],
        event_id=row[1],
        received_at=moment(row[2]),
        since=moment(row[3]),
        path=row[4],
        query=row[5],
        subscription_id=row[6],
        change=row[7],
        resource=row[8],
        encrypted=row[9],
        lifecycle=row[10],
        tenant_id=row[11],
        name=row[12],
        sink=row[13],
        fingerprint=row[14],
        exact=row[15],
        state=STATES[row[16]],
        reason=row[17],
        message=row[18],
        attempts=row[19],
        settled_at=None if row[20] is None else moment(row[20]),
        tokens=row[21],
        body=row[22],
    )
