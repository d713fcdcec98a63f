"""One LIST for all who look for a creation that was not answered: LISTs are scarce (facts 8.1)."""

import asyncio

from reconciler.engine.ports import Listing, Reader

__all__ = ["SharedListing"]


class SharedListing:
    """Of all who ask at the same time, one asks for all."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._turn = asyncio.Lock()
        self._started = 0
        self._latest: asyncio.Future[Listing] | None = None

    async def after_now(self) -> Listing:
        """A LIST that starts after this call. Raises GraphError."""
        wanted = self._started + 1  # one that is under way may have started too early
        async with self._turn:
            if self._started < wanted or self._latest is None:
                self._started += 1
                self._latest = asyncio.ensure_future(self._reader.list())
                await asyncio.wait([self._latest])
            latest = self._latest
        return latest.result()
