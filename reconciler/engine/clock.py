"""The real time, as the engine's ``Clock``."""

import asyncio
import datetime as dt

__all__ = ["SystemClock"]


class SystemClock:
    """What every process but a test runs on."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
