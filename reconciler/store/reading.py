"""A store that is only looked at, for a dry run: a place in, memories out, and nothing is written anywhere."""

import datetime as dt
import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from reconciler.engine.chronicle import ReadChronicle
from reconciler.engine.ports import Memory
from reconciler.store.failures import database_failures, file_failures
from reconciler.store.forgetful import NothingRemembered
from reconciler.store.location import PATIENCE, Place

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from reconciler.store.letters import Letters

__all__ = ["ReadStore"]

T = TypeVar("T")


class ReadStore:
    """A store that is only looked at. Holds nothing open between two looks, so there is nothing to close.

    ``warning`` is a sentence where there is a store that was not read. One of another revision is not: half understood,
    it could make a plan wrong, while none at all only makes it less informed. An older one is migrated by the next run
    that writes.
    """

    def __init__(self, place: Place, *, empty: bool = False, warning: str | None = None) -> None:
        self.place, self.empty, self.warning = place, empty, warning

    @classmethod
    def of(cls, place: Place) -> Self:
        with file_failures(place, "read"):
            if place.file and not is_there(place.file):
                return cls(place, empty=True)
        from reconciler.store.schema import HEAD, revision_of

        found = cls(place).query(revision_of)
        if found == HEAD:
            return cls(place)
        if found is None:
            return cls(place, empty=True)
        return cls(
            place, empty=True, warning=f"{place} is not read: its revision is {found}, this version knows {HEAD}"
        )

    def memory(self, *, owner: str, tenant_id: str, client_id: str) -> Memory:
        if self.empty:
            return NothingRemembered()
        from reconciler.store.remembering import StoredMemory

        return StoredMemory(self.fetch, owner=owner, tenant_id=tenant_id, client_id=client_id)

    async def known_tenants(self, owner: str, *, now: dt.datetime) -> Mapping[str, int]:
        """As ``Store.known_tenants``; of an empty store, none."""
        if self.empty:
            return {}
        from reconciler.store.remembering import known_tenants

        return await known_tenants(self.fetch, owner=owner, now=now)

    def chronicle(self, owner: str) -> ReadChronicle:
        from reconciler.store.chronicle import StoredReadChronicle

        return StoredReadChronicle(self.fetch_some, owner=owner)

    async def fetch_some(self, statement: "Select[Any]") -> Sequence[Mapping[str, Any]]:
        """Of an empty store, none."""
        return () if self.empty else await self.fetch(statement)

    def letters(self) -> "Letters":
        from reconciler.store.letters import Letters

        return Letters(self.fetch_rows)

    async def fetch(self, statement: "Select[Any]") -> Sequence[Mapping[str, Any]]:
        import asyncio

        from reconciler.store.statements import fetch

        return await asyncio.to_thread(self.query, lambda connection: fetch(connection, statement))

    async def fetch_rows(self, statement: "Select[Any]") -> Sequence[Sequence[Any]]:
        """Of an empty store, none."""
        import asyncio

        if self.empty:
            return ()
        return await asyncio.to_thread(self.query, lambda connection: connection.execute(statement).all())

    def query(self, query: "Callable[[Connection], T]") -> T:
        from reconciler.store.connections import looking_engine
        from reconciler.store.looking import look

        with file_failures(self.place, "read"), database_failures(self.place, "read"):
            if self.place.file:
                return look(self.place, self.place.file, query)
            with looking_engine(self.place, patience=PATIENCE).connect() as connection:
                return query(connection)


def is_there(file: Path) -> bool:
    """False where the file or its folder is missing; Path.exists would also hide a folder that may not be entered."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return True
