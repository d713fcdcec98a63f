"""The credential of one tenant: refused or not. Where it is, one alert is given and one probe made, not one for each
subscription."""

import datetime as dt
import logging

from reconciler.core.errors import ReconcilerError
from reconciler.engine.ports import Clock

__all__ = ["Breaker"]

FIRST, LONGEST = dt.timedelta(seconds=30), dt.timedelta(minutes=5)

logger = logging.getLogger(__name__)


class Breaker:
    """Open: nothing is sent but a probe now and then."""

    def __init__(self, tenant: str, clock: Clock) -> None:
        self.tenant, self.clock = tenant, clock
        self.why: str | None = None
        self.since: dt.datetime | None = None
        self.next_probe: dt.datetime | None = None
        self._pause = FIRST

    @property
    def is_open(self) -> bool:
        return self.why is not None

    @property
    def probe_is_due(self) -> bool:
        return self.next_probe is not None and self.next_probe <= self.clock.now()

    def refused(self, error: ReconcilerError) -> None:
        now = self.clock.now()
        if self.is_open:
            self._pause = min(self._pause * 2, LONGEST)
        else:
            logger.error(
                "%s: the credential is refused, nothing can be done there until it works: %s", self.tenant, error
            )
            self.since, self._pause = now, FIRST
        self.why, self.next_probe = str(error), now + self._pause

    def works(self) -> None:
        if self.is_open:
            logger.warning("%s: the credential works again", self.tenant)
        self.why = self.since = self.next_probe = None

    def probe_now(self) -> None:
        """A new credential may be there: it is worth a try."""
        if self.is_open:
            self.next_probe = self.clock.now()
