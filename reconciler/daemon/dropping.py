"""Our answers' times in, out whether Graph drops what it has for us, by our own record (facts 5.2), as gaps.

Graph does not tell: above 15 % of answers over 10 seconds in ten minutes it drops everything for ten minutes.
"""

import dataclasses
import datetime as dt
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from reconciler.core.desired import Desired
from reconciler.core.errors import StoreError
from reconciler.core.gap import Cause, Gap
from reconciler.engine.chronicle import Chronicle
from reconciler.engine.ports import Clock

__all__ = ["Affected", "Dropping", "Shares"]

TOO_MANY = 0.15
FEWEST = 100
"""Answers: with less, Graph does not count (facts 5.2, an older text)."""

DROPPED_FOR = dt.timedelta(minutes=10)

logger = logging.getLogger(__name__)


class Shares(Protocol):
    @property
    def answers(self) -> int: ...

    @property
    def over_10s(self) -> float: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Affected:
    """A subscription that delivers to us."""

    desired: Desired
    tenant_id: str
    subscription_id: str


class Dropping:
    def __init__(
        self,
        chronicle: Chronicle,
        clock: Clock,
        *,
        shares: Callable[[], Shares],
        affected: Callable[[], Iterable[Affected]],
        noted: Callable[[Gap], None],
    ) -> None:
        self.chronicle, self.clock, self.shares, self.affected, self.noted = chronicle, clock, shares, affected, noted
        self.since: dt.datetime | None = None
        self.until: dt.datetime | None = None
        """Until when Graph drops, as far as we know by now."""

    async def look(self) -> None:
        """To be called every few seconds. Raises nothing."""
        now, shares = self.clock.now(), self.shares()
        if shares.answers >= FEWEST and shares.over_10s > TOO_MANY:
            if self.since is None:
                self.since = now
                share = f"{shares.over_10s:.0%} of our answers took over 10 s"
                logger.error("Graph drops notifications: %s, make the receiver answer faster", share)
            self.until = now + DROPPED_FOR
        elif self.since and self.until and now >= self.until:
            await self.over(self.since, self.until)

    async def over(self, since: dt.datetime, until: dt.datetime) -> None:
        gaps = [self.gap(each, since, until) for each in self.affected()]
        try:
            for gap in gaps:
                await self.chronicle.note_gap(gap)
        except StoreError as error:
            logger.warning("What Graph has dropped is not written down yet: %s", error)
            return
        self.since = self.until = None
        for gap in gaps:
            self.noted(gap)
        logger.warning("Graph drops nothing any more, %d subscriptions may have missed something", len(gaps))

    def gap(self, each: Affected, since: dt.datetime, until: dt.datetime) -> Gap:
        return Gap(
            id=secrets.token_hex(16),
            tenant=each.desired.tenant,
            tenant_id=each.tenant_id.lower(),
            name=each.desired.name,
            subscription_id=each.subscription_id,
            resource=each.desired.resource.text,
            cause=Cause.ENDPOINT,
            since=since,
            until=until,
            noted_at=self.clock.now(),
        )
