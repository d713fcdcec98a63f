"""``Inbox``: entries in, rows of one table, entries back out. Thousands a second, so callers share statements."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from reconciler.engine.inbox import Depth, Entry, Settled, State
from reconciler.store import entries as sql
from reconciler.store.portions import Portions, Transact
from reconciler.store.rows import Row, entry_of, micros, moment, row_of

__all__ = ["StoredInbox"]


Heard = tuple[tuple[int, int], Mapping[tuple[str, str], dt.datetime]]
"""How many there are and the sum of their times; when each was heard."""


class StoredInbox:
    """Satisfies ``Inbox``, for one event loop."""

    def __init__(self, read: Transact, write: Transact) -> None:
        self.read, self.write = read, write
        self.arrivals = Portions(write, sql.add)
        self.settlements = Portions(write, settle)
        self.latest: Heard = ((0, 0), {})

    async def put(self, entries: Sequence[Entry]) -> None:
        await self.arrivals.add([row_of(entry) for entry in entries])

    async def page(self, sink: str, *, after: int, limit: int) -> Sequence[Entry]:
        values = {"sink": sink, "after": after, "most": limit}
        return await self.read(lambda connection: [entry_of(row) for row in connection.execute(sql.page, values)])

    async def accepted(self, fingerprints: Collection[str]) -> frozenset[str]:
        wanted = list(fingerprints)
        return await self.read(lambda connection: accepted(connection, wanted)) if wanted else frozenset()

    async def settle(self, settled: Iterable[Settled]) -> None:
        await self.settlements.add(list(settled))

    async def readmit(self, id: int, entry: Entry) -> None:  # noqa: A002  it is an entry's id
        row = row_of(entry)
        await self.write(lambda connection: sql.readmit(connection, id, row))

    async def reroute(self, sinks: Mapping[int, str]) -> None:
        if sinks:
            await self.write(lambda connection: sql.reroute(connection, sinks))

    async def depths(self) -> Mapping[tuple[str, State], Depth]:
        return await self.read(depths)

    async def size(self, state: State) -> int:
        return await self.read(lambda connection: int(connection.execute(sql.size(state)).scalar_one()))

    async def purge(self, *, done_before: dt.datetime, set_aside_before: dt.datetime, most: int) -> int:
        done, set_aside = micros(done_before), micros(set_aside_before)
        return await self.write(
            lambda connection: sql.purge(connection, done_before=done, set_aside_before=set_aside, most=most)
        )

    async def hear(self, heard: Mapping[tuple[str, str], dt.datetime]) -> None:
        rows = [{"tenant_id": tenant, "name": name, "at": micros(at)} for (tenant, name), at in sorted(heard.items())]
        if rows:
            await self.write(lambda connection: sql.hear(connection, rows))

    async def heard(self) -> Mapping[tuple[str, str], dt.datetime]:
        """The very same mapping as before, as long as nothing has changed in it."""
        self.latest = await self.read(lambda connection: heard(connection, self.latest))
        return self.latest[1]


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    sql.settle_done(connection, [row_of_settled(each) for each in settled if each.state is State.DONE])
    sql.settle_kept(connection, [row_of_settled(each) for each in settled if each.state is not State.DONE])


def row_of_settled(settled: Settled) -> Row:
    at, state = micros(settled.at), settled.state.value
    return (at, settled.reason, settled.message, settled.attempts, state, settled.id)


def accepted(connection: Connection, fingerprints: Sequence[str]) -> frozenset[str]:
    starts = range(0, len(fingerprints), sql.AT_A_TIME)
    chunks = (fingerprints[start : start + sql.AT_A_TIME] for start in starts)
    return frozenset(found for chunk in chunks for found in sql.accepted(connection, chunk))


def depths(connection: Connection) -> Mapping[tuple[str, State], Depth]:
    rows = [*connection.execute(sql.waiting_counts), *connection.execute(sql.kept_counts)]
    return {(sink, State(state)): Depth(count, moment(oldest)) for sink, state, count, oldest in rows}


def heard(connection: Connection, latest: Heard) -> Heard:
    """Rows are only added, and their times only grow: as long as count and sum stay, nothing has changed."""
    count, total = connection.execute(sql.heard_total).one()
    if (count, total) == latest[0]:
        return latest
    return (count, total), {(row[0], row[1]): moment(row[2]) for row in connection.execute(sql.heard)}
