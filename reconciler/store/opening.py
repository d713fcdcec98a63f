"""A location in, an open store out: ``Store.open`` to write to it, ``Store.read`` to look without a trace."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from reconciler.engine.chronicle import Chronicle
from reconciler.engine.inbox import Inbox, Lease
from reconciler.engine.ports import Journal, Memory
from reconciler.store.failures import database_failures
from reconciler.store.location import PATIENCE, Place
from reconciler.store.reading import ReadStore

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Select

    from reconciler.store.known import Known
    from reconciler.store.letters import StoredLetters
    from reconciler.store.writer import Writer

__all__ = ["Store"]

T = TypeVar("T")


def wall_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Store:
    """An open store, shared by all owners, tenants and applications of the process."""

    def __init__(self, place: Place, *, reading: "Engine", writer: "Writer") -> None:
        self.place, self.reading, self.writer = place, reading, writer

    @classmethod
    def open(
        cls,
        location: Path | str,
        *,
        now: Callable[[], dt.datetime] = wall_clock,
        patience: float = PATIENCE,
    ) -> "Store":
        """Open for writing; a folder or file that is missing is made, older tables are migrated.

        ``now`` says how old a tombstone is. Raises StoreError, also for a store that a later version wrote.
        """
        place = Place.of(location)
        place.prepare()
        with database_failures(place, "opened"):
            return cls.connect(place, now, patience)

    @classmethod
    def connect(cls, place: Place, now: Callable[[], dt.datetime], patience: float) -> "Store":
        from reconciler.store.connections import reading_engine, settle_journal_mode, writing_engine
        from reconciler.store.schema import migrate
        from reconciler.store.writer import Writer

        reading = reading_engine(place, patience=patience)
        writing = writing_engine(place, patience=patience)
        try:
            settle_journal_mode(writing, patience)
            migrate(reading, writing, place)
        except BaseException:
            reading.dispose()
            writing.dispose()
            raise
        return cls(place, reading=reading, writer=Writer(writing, place, now))

    @staticmethod
    def read(location: Path | str) -> "ReadStore":
        """Open for a dry run, which writes nothing; a store that is missing is an empty one. Raises StoreError."""
        return ReadStore.of(Place.of(location))

    def journal(self, *, owner: str, tenant_id: str, client_id: str) -> Journal:
        from reconciler.store.remembering import StoredJournal

        return StoredJournal(self.fetch, self.writer.write, owner=owner, tenant_id=tenant_id, client_id=client_id)

    def memory(self, *, owner: str, tenant_id: str, client_id: str) -> Memory:
        from reconciler.store.remembering import StoredMemory

        return StoredMemory(self.fetch, owner=owner, tenant_id=tenant_id, client_id=client_id)

    async def known_tenants(self, owner: str, *, now: dt.datetime) -> Mapping[str, int]:
        """By tenant id in lower case, how many of the owner's subscriptions are neither deleted nor ended at ``now``.

        All applications of a tenant are counted together; a tenant with none is left out. Raises StoreError.
        """
        from reconciler.store.remembering import known_tenants

        return await known_tenants(self.fetch, owner=owner, now=now)

    async def known_subscriptions(self, owner: str) -> Mapping[str, "Known"]:
        """By subscription id, of all tenants and applications; those deleted lately are among them."""
        from reconciler.store.known import known_subscriptions

        return await known_subscriptions(self.ask, owner=owner)

    def chronicle(self, owner: str) -> Chronicle:
        from reconciler.store.chronicle import StoredChronicle

        return StoredChronicle(self.fetch, self.writer.write, owner=owner)

    def inbox(self) -> Inbox:
        """For one event loop; those who share it share their commits."""
        from reconciler.store.inbox import StoredInbox

        return StoredInbox(self.ask, self.writer.write)

    def letters(self) -> "StoredLetters":
        from reconciler.store.letters import StoredLetters

        return StoredLetters(self.fetch_rows, self.writer.write)

    def lease(self, name: str) -> Lease:
        """``name`` says what it is for, as part of a file's name. It is to be held every few seconds, and released."""
        from reconciler.store.leases import FileLease, RowLease

        if self.place.file:
            return FileLease(self.place, self.place.file.with_name(f"{self.place.file.name}.{name}"))
        return RowLease(self.writer.write, self.ask, name)

    async def fetch(self, statement: "Select[Any]") -> Sequence[Mapping[str, Any]]:
        from reconciler.store.statements import fetch

        return await self.ask(lambda connection: fetch(connection, statement))

    async def fetch_rows(self, statement: "Select[Any]") -> Sequence[Sequence[Any]]:
        return await self.ask(lambda connection: connection.execute(statement).all())

    async def ask(self, query: "Callable[[Connection], T]", /) -> T:
        """Run what only reads, in a thread of its own."""
        import asyncio

        return await asyncio.to_thread(self.query, query)

    def query(self, query: "Callable[[Connection], T]") -> T:
        with database_failures(self.place, "read"), self.reading.begin() as connection:
            return query(connection)

    async def close(self) -> None:
        """Carry out what is being written, then let go of the file. A second time does no harm."""
        import asyncio

        await asyncio.to_thread(self.writer.close)
        self.reading.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
