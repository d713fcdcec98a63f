"""What a person looks at, retries and drops: dead letters, and what was set aside.

A choice in, entries or a count of them out.
"""

import dataclasses
import datetime as dt
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select, TextClause, func, select

from reconciler.engine.inbox import Entry, State
from reconciler.store import entries as sql
from reconciler.store import tables
from reconciler.store.portions import Transact
from reconciler.store.rows import entry_of, micros

__all__ = ["LETTERS", "Choice", "Letters", "StoredLetters"]

LETTERS = frozenset({State.DEAD, State.SET_ASIDE})

Fetch = Callable[[Select[Any]], Awaitable[Sequence[Sequence[Any]]]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Entries that fit everything that is given; None fits all."""

    states: frozenset[State] = LETTERS
    ids: frozenset[int] | None = None
    """A person's, so a few."""

    sink: str | None = None
    reason: str | None = None
    name: str | None = None


class Letters:
    """To look at only. Every call raises StoreError."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch

    async def list(self, choice: Choice, *, limit: int, newest_first: bool = False) -> Sequence[Entry]:
        """In the order of arrival, or the other way round."""
        columns = tables.inbox.c
        order = columns.id.desc() if newest_first else columns.id
        rows = await self.fetch(sql.entries.where(*conditions(choice)).order_by(order).limit(limit))
        return [entry_of(row) for row in rows]

    async def get(self, number: int) -> Entry | None:
        """Whatever state it is in."""
        rows = await self.fetch(sql.entries.where(tables.inbox.c.id == number))
        return entry_of(rows[0]) if rows else None

    async def counts(self, choice: Choice) -> Mapping[tuple[State, str | None, str], int]:
        """By state, reason and sink; reading those that are done takes a while."""
        columns = tables.inbox.c
        groups = (columns.state, columns.reason, columns.sink)
        rows = await self.fetch(select(*groups, func.count()).where(*conditions(choice)).group_by(*groups))
        return {(State(state), reason, sink): count for state, reason, sink, count in rows}


class Deed(Protocol):
    def __call__(self, connection: Connection, ids: Sequence[int]) -> int: ...


class StoredLetters(Letters):
    """The same, to act on, also while a receiver is at work on the store."""

    def __init__(self, fetch: Fetch, write: Transact) -> None:
        super().__init__(fetch)
        self.write = write

    async def retry(self, choice: Choice, *, now: dt.datetime) -> int:
        """Let letters wait again, with new ids at the end of the order; returns how many.

        Those of which nobody has shown where they belong wait to be judged once more.
        """
        return await self.by_and_by(choice, functools.partial(sql.retry, now=micros(now)))

    async def drop(self, choice: Choice) -> int:
        return await self.by_and_by(choice, sql.drop)

    async def by_and_by(self, choice: Choice, deed: Deed) -> int:
        """In transactions that keep a receiver waiting for moments only; each letter is all done, or not at all."""
        wanted = select(tables.inbox.c.id).where(*conditions(choice), tables.KEPT).order_by(tables.inbox.c.id)
        ids = [row[0] for row in await self.fetch(wanted)]
        count = 0
        for start in range(0, len(ids), sql.AT_A_TIME):
            count += await self.write(functools.partial(deed, ids=ids[start : start + sql.AT_A_TIME]))
        return count


def conditions(choice: Choice) -> Sequence[ColumnElement[bool] | TextClause]:
    columns = tables.inbox.c
    given = [(columns.sink, choice.sink), (columns.reason, choice.reason), (columns.name, choice.name)]
    states = sorted(state.value for state in choice.states)
    found: list[ColumnElement[bool] | TextClause] = [columns.state.in_(states)]
    if choice.states <= LETTERS:
        found.append(tables.KEPT)
    if choice.ids is not None:
        found.append(columns.id.in_(sorted(choice.ids)))
    return found + [column == value for column, value in given if value is not None]
