"""``Chronicle`` for one owner: statements out, the port's own values back."""

import dataclasses
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Executable, Select, Table, delete, or_, select, update

from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Kind, Wish
from reconciler.engine.chronicle import Replica, Trouble, Wished
from reconciler.store import tables
from reconciler.store.rows import moment
from reconciler.store.statements import note_gap, remove, rows_of, upsert

__all__ = ["StoredChronicle", "StoredReadChronicle"]

Rows = Sequence[Mapping[str, Any]]
Fetch = Callable[[Select[Any]], Awaitable[Rows]]
Write = Callable[[Callable[[Connection], None]], Awaitable[None]]


class StoredReadChronicle:
    """Satisfies ``ReadChronicle``."""

    def __init__(self, fetch: Fetch, *, owner: str) -> None:
        self.fetch = fetch
        self.scope = {"owner": owner}

    async def gaps(self, *, since: dt.datetime | None = None) -> Sequence[Gap]:
        columns, statement = tables.gaps.c, rows_of(tables.gaps, self.scope)
        if since is not None:
            statement = statement.where(or_(columns.until.is_(None), columns.until > since))
        return gaps_of(await self.fetch(statement.order_by(columns.noted_at, columns.id)))

    async def troubles(self) -> Mapping[tuple[str, str], Trouble]:
        rows = await self.fetch(rows_of(tables.troubles, self.scope))
        return {(row["tenant"], row["name"]): Trouble(**row) for row in rows}

    async def replicas(self) -> Sequence[Replica]:
        rows = await self.fetch(rows_of(tables.replicas, self.scope).order_by(tables.replicas.c.id))
        return [Replica(row["id"], row["seen_at"], frozenset(json.loads(row["thumbprints"]))) for row in rows]

    async def heard(self) -> Mapping[tuple[str, str], dt.datetime]:
        """The table is of all owners: names of others do no harm to who asks for his own."""
        rows = await self.fetch(select(tables.heard))
        return {(row["tenant_id"], row["name"]): moment(row["at"]) for row in rows}

    async def orders(self) -> Mapping[str, dt.datetime]:
        rows = await self.fetch(rows_of(tables.orders, self.scope))
        return {row["name"]: row["at"] for row in rows}


class StoredChronicle(StoredReadChronicle):
    """Satisfies ``Chronicle``: each call that writes returns after its commit."""

    def __init__(self, fetch: Fetch, write: Write, *, owner: str) -> None:
        super().__init__(fetch, owner=owner)
        self.write = write
        # Asked every few seconds: to make them anew each time takes longer than to run them.
        gaps, wishes = tables.gaps.c, tables.wishes.c
        untold = rows_of(tables.gaps, self.scope).where(tables.UNANNOUNCED, gaps.until.is_not(None))
        self.unannounced_gaps = untold.order_by(gaps.noted_at, gaps.id)
        order = (wishes.at, wishes.tenant_id, wishes.subscription_id, wishes.kind)
        self.all_wishes = rows_of(tables.wishes, self.scope).order_by(*order)

    async def note_gap(self, gap: Gap) -> None:
        row = self.scope | dataclasses.asdict(gap)
        await self.write(lambda connection: note_gap(connection, row))

    async def unannounced(self) -> Sequence[Gap]:
        return gaps_of(await self.fetch(self.unannounced_gaps))

    async def announced(self, ids: Collection[str], *, at: dt.datetime) -> None:
        columns = tables.gaps.c
        mine = update(tables.gaps).where(columns.owner == self.scope["owner"], columns.id.in_(ids))
        await self.write(lambda connection: execute(connection, mine.values(announced_at=at)))

    async def wish(self, wish: Wish, *, at: dt.datetime) -> None:
        await self.put(tables.wishes, [wish_row(wish) | {"at": at}])

    async def wishes(self) -> Sequence[Wished]:
        rows = await self.fetch(self.all_wishes)
        return [Wished(Wish(Kind(row["kind"]), row["tenant_id"], row["subscription_id"]), row["at"]) for row in rows]

    async def granted(self, wished: Iterable[Wished]) -> None:
        gone = [seen_to({**self.scope, **wish_row(each.wish)}, each.at) for each in wished]
        await self.write(lambda connection: execute(connection, *gone))

    async def trouble(self, troubles: Iterable[Trouble]) -> None:
        await self.put(tables.troubles, [dataclasses.asdict(each) for each in troubles])

    async def relieve(self, keys: Collection[tuple[str, str]]) -> None:
        rows = [self.scope | {"tenant": tenant, "name": name} for tenant, name in keys]
        await self.write(lambda connection: remove(connection, tables.troubles, rows))

    async def present(self, replica: Replica) -> None:
        row = {"id": replica.id, "seen_at": replica.seen_at, "thumbprints": json.dumps(sorted(replica.thumbprints))}
        await self.put(tables.replicas, [row])

    async def absent(self, replica_id: str) -> None:
        await self.write(lambda connection: remove(connection, tables.replicas, [self.scope | {"id": replica_id}]))

    async def order(self, name: str, *, at: dt.datetime) -> None:
        await self.put(tables.orders, [{"name": name, "at": at}])

    async def fulfilled(self, name: str) -> None:
        await self.write(lambda connection: remove(connection, tables.orders, [self.scope | {"name": name}]))

    async def put(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        scoped = [self.scope | dict(row) for row in rows]
        await self.write(lambda connection: upsert(connection, table, scoped))


def gaps_of(rows: Rows) -> list[Gap]:
    return [Gap(**row) for row in rows]


def wish_row(wish: Wish) -> dict[str, str]:
    return {
        "tenant_id": wish.tenant_id.lower(),
        "subscription_id": wish.subscription_id,
        "kind": wish.kind.value,
    }


def seen_to(key: Mapping[str, str], at: dt.datetime) -> Delete:
    """Not where it has been wished for again since."""
    columns = tables.wishes.c
    return delete(tables.wishes).where(*(columns[name] == value for name, value in key.items()), columns.at <= at)


def execute(connection: Connection, *statements: Executable) -> None:
    for statement in statements:
        connection.execute(statement)
