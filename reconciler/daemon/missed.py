"""What Graph says it has missed in, the gap out that this is."""

import datetime as dt

from reconciler.core.desired import Desired
from reconciler.core.gap import RETRIES, Cause, Gap
from reconciler.engine.gaps import gap_id
from reconciler.engine.ports import Remembered

__all__ = ["missed"]


def missed(memory: Remembered, desired: Desired, *, tenant_id: str, told_at: dt.datetime, now: dt.datetime) -> Gap:
    """Graph does not say since when: what it has given up on it had tried to deliver for hours (facts 5.1)."""
    begin = memory.created_at or memory.noted_at
    since = max(told_at - RETRIES, begin) if begin else told_at - RETRIES
    return Gap(
        id=gap_id(tenant_id, memory.id, told_at.isoformat()),
        tenant=desired.tenant,
        tenant_id=tenant_id.lower(),
        name=memory.name,
        subscription_id=memory.id,
        resource=desired.resource.text,
        cause=Cause.MISSED,
        since=min(since, told_at),
        until=told_at,
        noted_at=now,
    )
