"""One process at a time: by a lock on a file beside the database, or by a row on a server that many machines share.

The system lets go of a file's lock when its process ends, however it ends, so another one takes over at once. A row is
good for ``LIFETIME`` after the last time it was held, by the server's clock.
"""

import asyncio
import datetime as dt
import fcntl
import os
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from reconciler.store import tables
from reconciler.store.failures import file_failures
from reconciler.store.location import Place
from reconciler.store.portions import Transact

__all__ = ["LIFETIME", "FileLease", "RowLease"]

LIFETIME = dt.timedelta(seconds=15)


class FileLease:
    """Satisfies ``Lease``. The file stays: if it were removed, two could have locked one name."""

    def __init__(self, place: Place, file: Path) -> None:
        self.place, self.file = place, file
        self.descriptor: int | None = None

    async def hold(self) -> bool:
        return await asyncio.to_thread(self.hold_now)

    async def confirm(self) -> bool:
        """Raises StoreError where its folder is gone: nobody can say then, and nobody else can have it."""
        with file_failures(self.place, "locked"):
            self.file.parent.stat()
            return self.descriptor is not None and self.is_in_place(self.descriptor)

    async def release(self) -> None:
        self.let_go()

    def hold_now(self) -> bool:
        with file_failures(self.place, "locked"):
            if self.descriptor is not None and self.is_in_place(self.descriptor):
                return True
            taken = self.locked()  # where that fails, what is held is kept: nobody else can have it either
            self.let_go()
            self.descriptor = taken
        return self.descriptor is not None

    def is_in_place(self, descriptor: int) -> bool:
        """A file that was moved or removed keeps nobody out."""
        return self.file.exists() and os.path.samestat(os.fstat(descriptor), self.file.stat())

    def locked(self) -> int | None:
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def let_go(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


class RowLease:
    """Satisfies ``Lease``, on PostgreSQL. The epoch grows each time that another process takes it."""

    def __init__(self, write: Transact, ask: Transact, name: str) -> None:
        self.write, self.ask, self.name = write, ask, name
        self.holder = secrets.token_hex(16)

    async def hold(self) -> bool:
        return await self.write(self.hold_now)

    async def confirm(self) -> bool:
        return await self.ask(self.is_ours)

    async def release(self) -> None:
        await self.write(self.release_now)

    def hold_now(self, connection: Connection) -> bool:
        leases, now = tables.leases.c, server_time()
        until = now + literal(LIFETIME)
        new = insert(tables.leases).values(name=self.name, holder=self.holder, epoch=1, until=until)
        ours = leases.holder == self.holder
        taken = new.on_conflict_do_update(
            index_elements=[leases.name],
            set_={"holder": self.holder, "epoch": case((ours, leases.epoch), else_=leases.epoch + 1), "until": until},
            where=or_(ours, leases.until <= now),
        )
        return connection.scalar(taken.returning(leases.epoch)) is not None

    def is_ours(self, connection: Connection) -> bool:
        leases = tables.leases.c
        ours = select(leases.epoch).where(leases.name == self.name, leases.holder == self.holder)
        return connection.scalar(ours.where(leases.until > server_time())) is not None

    def release_now(self, connection: Connection) -> None:
        """The row stays, so that its epoch goes on growing."""
        leases = tables.leases.c
        mine = update(tables.leases).where(leases.name == self.name, leases.holder == self.holder)
        connection.execute(mine.values(holder="", until=server_time()))


def server_time() -> ColumnElement[Any]:
    """Not the transaction's: another one may have been waited for since it began."""
    return func.clock_timestamp(type_=DateTime(timezone=True))
