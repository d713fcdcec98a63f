"""Gaps of the ledger in, an event for the sink of each out: it names the resource and the interval to read again.

The event goes the way of all notifications, through the inbox, so it is forwarded at least once, and in its order.
"""

import json
import logging
from collections.abc import Callable, Sequence

from reconciler.core.errors import StoreError
from reconciler.core.gap import Gap
from reconciler.core.times import spell_time
from reconciler.engine.chronicle import Chronicle
from reconciler.engine.inbox import UNROUTED, Entry, Inbox
from reconciler.engine.ports import Clock
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Announcing", "entry_of"]

AT_ONCE = 200

RESYNC = "resync"
"""The change type of these events: their type is ``com.microsoft.graph.subscription.resync``."""

logger = logging.getLogger(__name__)


class Announcing:
    def __init__(
        self,
        chronicle: Chronicle,
        inbox: Inbox,
        clock: Clock,
        *,
        sink: Callable[[str, str], str],
        wake: Callable[[str], None],
    ) -> None:
        """``sink`` tells by tenant id and name where a subscription's events go."""
        self.chronicle, self.inbox, self.clock, self.sink, self.wake = chronicle, inbox, clock, sink, wake
        self.complaints = Complaints(logger, every=NOW_AND_THEN)

    async def announce(self) -> None:
        """All that is not announced yet. One whose announcement is cut short is announced again, with the same id."""
        try:
            gaps = await self.chronicle.unannounced()
            for start in range(0, len(gaps), AT_ONCE):
                await self.announce_some(gaps[start : start + AT_ONCE])
        except StoreError as error:
            self.complaints.add(f"Gaps are not announced: {error}")

    async def announce_some(self, gaps: Sequence[Gap]) -> None:
        now = self.clock.now()
        entries = [entry_of(gap, sink=self.sink(gap.tenant_id, gap.name), clock=self.clock) for gap in gaps]
        routed = [entry for entry in entries if entry.sink != UNROUTED]
        if routed:
            await self.inbox.put(routed)
        await self.chronicle.announced([gap.id for gap in gaps], at=now)
        for sink in {entry.sink for entry in routed}:
            self.wake(sink)


def entry_of(gap: Gap, *, sink: str, clock: Clock) -> Entry:
    """As a notification of Graph's would be stored, but for what it says."""
    now = clock.now()
    item = {
        "subscriptionId": gap.subscription_id,
        "changeType": RESYNC,
        "tenantId": gap.tenant_id,
        "resource": gap.resource,
        "resourceData": {
            "@odata.type": "#microsoft.graph.subscription",
            "id": gap.subscription_id,
            "cause": gap.cause.value,
            "from": spell_time(gap.since),
            "to": spell_time(gap.until) if gap.until else None,
        },
    }
    return Entry(
        event_id=gap.id,
        received_at=now,
        since=now,
        path="",
        query="",
        subscription_id=gap.subscription_id,
        change=RESYNC,
        resource=gap.resource,
        body=json.dumps(item).encode(),
        tenant_id=gap.tenant_id,
        name=gap.name,
        sink=sink,
        fingerprint=gap.id,
    )
