"""Ticks, by APScheduler, which does nothing else: what is due is decided from the clock and the data (decision 24)."""

import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from reconciler.daemon.health import Pulse

__all__ = ["Ticking"]

Work = Callable[[], Awaitable[None]]

logger = logging.getLogger(__name__)


class Ticking:
    """One of a kind at a time: a tick that comes while the last one is under way is left out."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse = pulse
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        # That a tick is left out because the last one waits for a store is no news: the store is complained of.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, name: str, work: Work) -> None:
        async def tick() -> None:
            try:
                await work()
            except Exception:
                logger.exception("%s has failed, and is tried again", name)

        self.scheduler.add_job(
            tick, IntervalTrigger(seconds=seconds), id=name, misfire_grace_time=None, coalesce=True, max_instances=1
        )

    async def beat(self) -> None:
        self.pulse.beat("scheduler")

    def __enter__(self) -> Self:
        self.every(1.0, "heartbeat", self.beat)
        self.scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.scheduler.shutdown(wait=False)
