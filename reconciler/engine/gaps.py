"""A creation that takes the place of something lost, and the gap in the ledger that there was until it stood.

The gap is written down as open before Graph is asked, so that one is on record, too, where nothing comes of it.
"""

import contextlib
import dataclasses
import datetime as dt
import uuid
from collections.abc import AsyncIterator

from reconciler.core.desired import Desired
from reconciler.core.gap import Cause, Gap
from reconciler.core.live import Live
from reconciler.engine.hands import Hands
from reconciler.engine.ports import Remembered

__all__ = ["Predecessor", "gap", "gap_id", "open_gap", "predecessor"]

NAMESPACE = uuid.UUID("0f6c1d0e-6f3b-5d0c-8a53-9b1e6f5b7c21")
"""Ours alone, so that the ids are nobody else's."""


LONGEST_LIFE = dt.timedelta(days=30)
"""No subscription lives longer (facts 1.3): what was not seen for so long had ended by then at the latest."""


@dataclasses.dataclass(frozen=True, slots=True)
class Predecessor:
    """A subscription that was there before, why it is not there any more, and since when."""

    id: str
    cause: Cause
    since: dt.datetime


def predecessor(hands: Hands, desired: Desired, live: Live | None = None) -> Predecessor | None:
    """Of what is to be created: ``live``, the one that a replacement deleted, or the last known of any of its names."""
    if live is not None:
        return lost(hands, live.id, live.expires_at)
    intent = hands.intents.get(desired.name)
    if intent and intent.replaces and (deleted_at := hands.deleted_at(intent.replaces)):
        return Predecessor(intent.replaces, Cause.REPLACED, deleted_at)
    known = [hands.remembered[each] for each in hands.known_of(desired)]
    latest = max(known, key=lambda each: (last_seen(each), each.id), default=None)
    return lost(hands, latest.id, latest.expires_at) if latest else None


def lost(hands: Hands, subscription_id: str, expires_at: dt.datetime | None) -> Predecessor:
    now = hands.clock.now()
    if expires_at and expires_at <= now:
        return Predecessor(subscription_id, Cause.EXPIRED, expires_at)
    memory = hands.remembered.get(subscription_id)
    seen = hands.alive_at.get(subscription_id) or (last_seen(memory) if memory else now)
    return Predecessor(subscription_id, Cause.REMOVED, min(max(seen, now - LONGEST_LIFE), now))


def last_seen(memory: Remembered) -> dt.datetime:
    """When it was certainly there, as far as the store knows; long ago where it knows nothing."""
    moments = (memory.written_at, memory.created_at, memory.noted_at)
    return max(filter(None, moments), default=dt.datetime.min.replace(tzinfo=dt.UTC))


@contextlib.asynccontextmanager
async def gap(hands: Hands, desired: Desired, lost_one: Predecessor | None) -> AsyncIterator[None]:
    """Around what fills it; it stays open where that fails."""
    if lost_one is None:
        yield
        return
    found = await open_gap(hands, desired, lost_one)
    yield
    await hands.party.journal.note_gap(dataclasses.replace(found, until=hands.clock.now()))


async def open_gap(hands: Hands, desired: Desired, lost_one: Predecessor) -> Gap:
    """Write it down; who fills it does so with the same one once more, as ``gap``."""
    found = gap_of(hands, desired, lost_one)
    await hands.party.journal.note_gap(found)
    return found


def gap_of(hands: Hands, desired: Desired, lost_one: Predecessor) -> Gap:
    return Gap(
        id=gap_id(hands.party.tenant_id, lost_one.id),
        tenant=desired.tenant,
        tenant_id=hands.party.tenant_id.lower(),
        name=desired.name,
        subscription_id=lost_one.id,
        resource=desired.resource.text,
        cause=lost_one.cause,
        since=lost_one.since,
        until=None,
        noted_at=hands.clock.now(),
    )


def gap_id(tenant_id: str, subscription_id: str, *more: str) -> str:
    """Of a subscription that is lost there is one gap, however often it is tried to fill it."""
    return str(uuid.uuid5(NAMESPACE, " ".join((tenant_id.lower(), subscription_id, *more))))
