"""The rows of many callers in, one statement for all of them out; where it fails, nobody fails for another's fault."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from reconciler.core.errors import StoreError
from reconciler.engine.together import Together
from reconciler.store.failures import concerns_all

__all__ = ["Portions", "Transact"]

T = TypeVar("T")


class Transact(Protocol):
    """Runs its argument in a transaction, off the event loop. Raises StoreError."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]: ...


@dataclasses.dataclass(slots=True, eq=False)
class Portion:
    """What one caller writes: all of it, or nothing."""

    rows: Sequence[Any]
    error: StoreError | None = None


class Portions:
    """For one event loop."""

    def __init__(self, write: Transact, store: Callable[[Connection, Sequence[Any]], None]) -> None:
        self.write, self.store = write, store
        self.together = Together(self.carry_out)

    async def add(self, rows: Sequence[Any]) -> None:
        """Return after the commit of ``rows``."""
        if not rows:
            return
        portion = Portion(rows)
        await self.together.add(portion)
        if portion.error:
            raise portion.error

    async def carry_out(self, portions: Sequence[Portion]) -> None:
        try:
            await self.commit([row for portion in portions for row in portion.rows])
        except StoreError as error:
            if len(portions) == 1 or concerns_all(error):
                raise
            await self.one_by_one(portions)

    async def one_by_one(self, portions: Sequence[Portion]) -> None:
        hopeless: StoreError | None = None
        for portion in portions:
            portion.error = hopeless or await self.attempt(portion)
            if portion.error and concerns_all(portion.error):
                hopeless = portion.error

    async def attempt(self, portion: Portion) -> StoreError | None:
        try:
            await self.commit(portion.rows)
        except StoreError as error:
            return error
        return None

    async def commit(self, rows: Sequence[Any]) -> None:
        await self.write(lambda connection: self.store(connection, rows))
