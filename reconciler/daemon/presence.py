"""Which replicas run, and what they have loaded: a certificate is rolled out once each of them can open its content."""

import dataclasses
import datetime as dt
import logging
import secrets

from reconciler.core.errors import StoreError
from reconciler.engine.chronicle import Chronicle, Replica
from reconciler.engine.ports import Clock
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Presence"]

ALIVE = dt.timedelta(seconds=90)
"""A replica that was not seen for so long is gone."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass
class Presence:
    chronicle: Chronicle
    clock: Clock
    thumbprints: frozenset[str] = frozenset()
    """Of the certificates whose private keys this process has loaded."""

    id: str = dataclasses.field(default_factory=lambda: secrets.token_hex(8))
    others: tuple[Replica, ...] | None = None
    """None where the store has not told yet."""

    complaints: Complaints = dataclasses.field(
        init=False, default_factory=lambda: Complaints(logger, every=NOW_AND_THEN)
    )
    left: bool = dataclasses.field(default=False, init=False)
    """For good: what still ticks must not show it again."""

    async def show(self) -> None:
        """Say that this one is here, and see who else is."""
        if self.left:
            return
        now = self.clock.now()
        try:
            await self.chronicle.present(Replica(self.id, now, self.thumbprints))
            replicas = await self.chronicle.replicas()
            gone = [each for each in replicas if now - each.seen_at > ALIVE]
            for each in gone:
                await self.chronicle.absent(each.id)
            self.others = tuple(each for each in replicas if each not in gone and each.id != self.id)
        except StoreError as error:
            self.complaints.add(f"Who else is running cannot be told, so no certificate is rolled out: {error}")
            self.others = None

    @property
    def loaded(self) -> frozenset[str]:
        """What every replica has loaded; nothing where that is not known."""
        if self.others is None:
            return frozenset()
        return self.thumbprints.intersection(*(each.thumbprints for each in self.others))

    async def leave(self) -> None:
        self.left = True
        try:
            await self.chronicle.absent(self.id)
        except StoreError as error:
            logger.info("Others take this process for alive for a while: %s", error)
