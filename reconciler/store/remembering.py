"""``Memory`` and ``Journal`` for one owner, tenant and application: statements out, the ports' own values back."""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select

from reconciler.core.gap import Gap
from reconciler.engine.ports import Intent, Remembered
from reconciler.store import tables
from reconciler.store.statements import counts_of_living, note_gap, remove, rows_of, upsert

__all__ = ["StoredJournal", "StoredMemory", "known_tenants"]

Rows = Sequence[Mapping[str, Any]]
Fetch = Callable[[Select[Any]], Awaitable[Rows]]
Write = Callable[[Callable[[Connection], None]], Awaitable[None]]


async def known_tenants(fetch: Fetch, *, owner: str, now: dt.datetime) -> Mapping[str, int]:
    rows = await fetch(counts_of_living(owner, now))
    return {row["tenant_id"]: row["living"] for row in rows}


class StoredMemory:
    """Satisfies ``Memory``."""

    def __init__(self, fetch: Fetch, *, owner: str, tenant_id: str, client_id: str) -> None:
        self.fetch = fetch
        # Manifests and Graph spell both ids in either case.
        self.tenant = {"tenant_id": tenant_id.lower()}
        self.scope = {"owner": owner, **self.tenant, "client_id": client_id.lower()}

    async def remembered(self) -> Mapping[str, Remembered]:
        rows = await self.fetch(rows_of(tables.subscriptions, self.scope))
        return {row["id"]: Remembered(**row) for row in rows}

    async def intents(self) -> Mapping[str, Intent]:
        rows = await self.fetch(rows_of(tables.intents, self.scope))
        return {row["name"]: Intent(**row) for row in rows}

    async def ceilings(self) -> Mapping[str, dt.timedelta]:
        rows = await self.fetch(rows_of(tables.ceilings, self.tenant))
        return {row["key"]: row["seconds"] for row in rows}


class StoredJournal(StoredMemory):
    """Satisfies ``Journal``: each call returns after its commit."""

    def __init__(self, fetch: Fetch, write: Write, *, owner: str, tenant_id: str, client_id: str) -> None:
        super().__init__(fetch, owner=owner, tenant_id=tenant_id, client_id=client_id)
        self.write, self.owner = write, owner

    async def remember(self, subscriptions: Iterable[Remembered]) -> None:
        rows = [self.scope | dataclasses.asdict(subscription) for subscription in subscriptions]
        await self.write(lambda connection: upsert(connection, tables.subscriptions, rows))

    async def forget(self, ids: Iterable[str]) -> None:
        keys = [{**self.scope, "id": subscription_id} for subscription_id in ids]
        await self.write(lambda connection: remove(connection, tables.subscriptions, keys))

    async def intend(self, intent: Intent) -> None:
        row = self.scope | dataclasses.asdict(intent)
        await self.write(lambda connection: upsert(connection, tables.intents, [row]))

    async def settle(self, name: str) -> None:
        await self.write(lambda connection: remove(connection, tables.intents, [{**self.scope, "name": name}]))

    async def learn(self, key: str, ceiling: dt.timedelta) -> None:
        row = {**self.tenant, "key": key, "seconds": ceiling}
        await self.write(lambda connection: upsert(connection, tables.ceilings, [row]))

    async def note_gap(self, gap: Gap) -> None:
        row = {"owner": self.owner, **dataclasses.asdict(gap)}
        await self.write(lambda connection: note_gap(connection, row))
