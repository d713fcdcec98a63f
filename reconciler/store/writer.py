"""Many concurrent writes in, few commits out: those that arrive while a commit runs share the next one.

One thread writes, so SQLite never sees two writers of one process; a commit costs a disk flush, however much is in it.
"""

import asyncio
import concurrent.futures
import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from reconciler.core.errors import StoreError
from reconciler.store.failures import concerns_all, database_failures
from reconciler.store.location import Place
from reconciler.store.statements import drop_old_gaps, drop_tombstones

__all__ = ["Writer"]

T = TypeVar("T")

MOST_IN_ONE_COMMIT = 1000

BETWEEN_TIDYINGS = dt.timedelta(minutes=1)


@dataclasses.dataclass(slots=True, eq=False)
class Request:
    """One caller's write; ``done`` once it is committed, by whichever turn of the thread."""

    work: Callable[[Connection], Any]
    answer: Any = None
    done: bool = False
    error: StoreError | None = None


class Writer:
    """Writes for callers of any event loop. Raises StoreError for what cannot be written."""

    def __init__(self, engine: Engine, place: Place, now: Callable[[], dt.datetime]) -> None:
        self.engine, self.place, self.now = engine, place, now
        self.thread = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")
        self.waiting: list[Request] = []
        self.lock = threading.Lock()
        self.commits = 0
        self.tidied: dt.datetime | None = None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` does, after the commit. A cancelled call is carried out whole, or not at all.

        ``work`` may be run twice: again where it shared a transaction with one that was at fault.
        """
        request = Request(work)
        with self.lock:
            self.waiting.append(request)
        try:
            turn = self.thread.submit(self.settle, request)
        except RuntimeError as error:
            self.withdraw(request)
            raise StoreError(f"{self.place} cannot be written: it is closed already") from error
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            self.withdraw(request)
            raise
        answer: T = request.answer
        return answer

    def withdraw(self, request: Request) -> None:
        """What nobody waits for any more is not written, unless that has begun."""
        with self.lock:
            if request in self.waiting:
                self.waiting.remove(request)

    def settle(self, request: Request) -> None:
        """See to it that ``request`` is committed, together with all that waits by now."""
        if request.error:
            raise request.error
        if request.done:
            return
        batch = self.take(request)
        if len(batch) == 1 or not self.commit_together(batch):
            self.commit([request])

    def commit_together(self, batch: Sequence[Request]) -> bool:
        """False where one of many is at fault: each is tried again in its own turn and fails with its own error."""
        try:
            self.commit(batch)
        except StoreError as error:
            if not concerns_all(error):
                return False
            for request in batch:
                request.error = error
            raise
        except Exception:  # noqa: BLE001  whose it is shows when it is alone
            return False
        return True

    def take(self, request: Request) -> list[Request]:
        with self.lock:
            others = [waiting for waiting in self.waiting if waiting is not request]
            self.waiting = others[MOST_IN_ONE_COMMIT:]
        return [request, *others[:MOST_IN_ONE_COMMIT]]

    def commit(self, batch: Sequence[Request]) -> None:
        now = self.now()
        due = self.tidied is None or abs(now - self.tidied) >= BETWEEN_TIDYINGS
        with database_failures(self.place, "written"), self.engine.begin() as connection:
            for request in batch:
                request.answer = request.work(connection)
            if due:
                drop_tombstones(connection, now)
                drop_old_gaps(connection, now)
        if due:
            self.tidied = now
        self.commits += 1
        for request in batch:
            request.done = True

    def close(self) -> None:
        """Carry out what waits, then end the thread."""
        self.thread.shutdown(wait=True)
        self.engine.dispose()
