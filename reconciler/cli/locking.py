"""One run writes at a time: two that overlap would each create what the other one is about to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from reconciler.core.errors import ReconcilerError, StoreError
from reconciler.engine.inbox import Lease
from reconciler.store import Store

__all__ = ["AnotherWrites", "one_writer", "writing_lease"]

KEPT_EVERY = 5.0
"""Seconds; a lease on a server is good for three times as long."""

MOST_FAILURES = 2
"""In a row; then it is about to end."""


class AnotherWrites(ReconcilerError):
    """Somebody else holds the lease."""


def writing_lease(store: Store, owner: str) -> Lease:
    """The daemon's, too: whoever holds it writes to Graph for that owner."""
    return store.lease(f"writing-{owner}")


@contextlib.asynccontextmanager
async def one_writer(store: Store, owner: str) -> AsyncIterator[None]:
    """Hold the lease for as long as this run writes. Raises AnotherWrites, also where it is lost, and StoreError."""
    lease = writing_lease(store, owner)
    if not await lease.hold():
        raise AnotherWrites(
            f"another run, or a daemon, is writing with {store.place}: wait for it, or look with --dry-run"
        )
    keeping = asyncio.create_task(keep(lease))
    run = asyncio.current_task()
    keeping.add_done_callback(lambda done: run.cancel() if run and not done.cancelled() else None)
    try:
        yield
    except asyncio.CancelledError:
        if run is None or not keeping.done() or keeping.cancelled():
            raise
        run.uncancel()
        raise AnotherWrites(f"the lease to write with {store.place} was lost in the middle of it: run again") from None
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        await lease.release()


async def keep(lease: Lease) -> None:
    """Return once it is lost, or nobody can tell for as long as it is good for."""
    failures = 0
    while failures < MOST_FAILURES:
        await asyncio.sleep(KEPT_EVERY)
        try:
            if not await lease.hold():
                return
            failures = 0
        except StoreError:
            failures += 1
