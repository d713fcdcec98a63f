"""Many concurrent writes in, few commits out: those that arrive while a commit runs share the next one.

One thread writes, so SQLite never sees two writers of one process; a commit costs a disk flush, however much is in it.
"""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine

from reconciler.core.errors import StoreError
from reconciler.store.failures import database_failures
from reconciler.store.location import Place
from reconciler.store.statements import drop_tombstones

__all__ = ["Work", "Writer"]

Work = Callable[[Connection], None]

MOST_IN_ONE_COMMIT = 1000


@dataclasses.dataclass(slots=True, eq=False)
class Request:
    """One caller's write; ``done`` once it is committed, by whichever turn of the thread."""

    work: Work
    done: bool = False


class Writer:
    """Writes for callers of any event loop. Raises StoreError for what cannot be written."""

    def __init__(self, engine: Engine, place: Place, now: Callable[[], dt.datetime]) -> None:
        self.engine, self.place, self.now = engine, place, now
        self.thread = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self.waiting: list[Request] = []
        self.lock = threading.Lock()
        self.commits = 0

    async def write(self, work: Work) -> None:
        """Return after the commit. A cancelled call may or may not be carried out."""
        request = Request(work)
        with self.lock:
            self.waiting.append(request)
        try:
            turn = self.thread.submit(self.settle, request)
        except RuntimeError as error:
            raise StoreError(f"{self.place} cannot be written: it is closed already") from error
        await asyncio.wrap_future(turn)

    def settle(self, request: Request) -> None:
        """See to it that ``request`` is committed, together with all that waits by now."""
        if request.done:
            return
        batch = self.take(request)
        if len(batch) > 1:
            # Where one of many is at fault, each is tried again in its own turn and fails with its own error.
            with contextlib.suppress(Exception):
                self.commit(batch)
                return
        self.commit([request])

    def take(self, request: Request) -> list[Request]:
        with self.lock:
            others = [waiting for waiting in self.waiting if waiting is not request]
            self.waiting = others[MOST_IN_ONE_COMMIT:]
        return [request, *others[:MOST_IN_ONE_COMMIT]]

    def commit(self, batch: Sequence[Request]) -> None:
        with database_failures(self.place, "written"), self.engine.begin() as connection:
            for request in batch:
                request.work(connection)
            drop_tombstones(connection, self.now())
        self.commits += 1
        for request in batch:
            request.done = True

    def close(self) -> None:
        """Carry out what waits, then end the thread."""
        self.thread.shutdown(wait=True)
        self.engine.dispose()
