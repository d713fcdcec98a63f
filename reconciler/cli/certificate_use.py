"""What was read of each tenant in, who has resource data encrypted for which certificate out, and who had until when.

Thumbprints are in upper-case hexadecimal digits.
"""

import dataclasses
import datetime as dt
import enum
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.gap import RETRIES
from reconciler.core.live import Live
from reconciler.engine.ports import Remembered
from reconciler.engine.read import Reading

__all__ = ["Retirement", "Retiring", "User", "Uses", "retirement", "uses_of"]


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class User:
    """A live subscription of ours that carries resource data."""

    tenant: str
    name: str
    id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Uses:
    ours: Mapping[str, Sequence[User]]
    """By thumbprint; empty text for those that Graph has without the name of a certificate."""

    foreign: Mapping[str, int]
    blind: Sequence[str]
    """The names of the tenants of which not everything is known."""

    moved: Sequence[dt.datetime | None]
    """Since when each has the certificate that it has now; None where nobody knows."""

    ended: Mapping[str, Sequence[dt.datetime | None]]
    """By thumbprint, when each ended that is not there any more."""


def uses_of(readings: Mapping[str, Reading | None], *, owner: str, now: dt.datetime) -> Uses:
    """``readings`` has each tenant by its name, with None for one that could not be read, or was not to be."""
    ours: defaultdict[str, list[User]] = defaultdict(list)
    foreign: Counter[str] = Counter()
    moved: list[dt.datetime | None] = []
    ended: defaultdict[str, list[dt.datetime | None]] = defaultdict(list)
    for tenant, reading in readings.items():
        if reading is None:
            continue
        for live in filter(is_rich, reading.world.live):
            mark, thumbprint = reading.world.mark_of(live), (live.certificate_id or "").upper()
            if mark and mark.owner == owner:
                ours[thumbprint].append(User(tenant, mark.name, live.id))
                moved.append(since(thumbprint, reading.remembered.get(live.id)))
            else:
                foreign[thumbprint] += 1
        for thumbprint, end in ends(reading, now):
            ended[thumbprint].append(end)
    blind = [name for name, reading in readings.items() if not is_whole(reading)]
    return Uses({name: sorted(users) for name, users in sorted(ours.items())}, foreign, blind, moved, ended)


def is_rich(live: Live) -> bool:
    return live.asked.rich or live.certificate_id is not None


def is_whole(reading: Reading | None) -> bool:
    return reading is not None and not reading.world.incomplete and not reading.world.shrank


def since(thumbprint: str, memory: Remembered | None) -> dt.datetime | None:
    """None where what is remembered is of another certificate: somebody else has changed it."""
    known = memory is not None and (memory.certificate_id or "").upper() == thumbprint
    return memory.certified_at if memory and known else None


def ends(reading: Reading, now: dt.datetime) -> Iterator[tuple[str, dt.datetime | None]]:
    """Of what we remember and is not there any more, the certificate and the end."""
    living = {live.id for live in reading.world.live}
    for memory in reading.remembered.values():
        if memory.certificate_id and memory.id not in living:
            over = memory.expires_at if memory.expires_at and memory.expires_at <= now else None
            yield memory.certificate_id.upper(), memory.deleted_at or over


class Retiring(enum.StrEnum):
    IN_USE = "in-use"
    SAFE = "safe"
    UNKNOWN = "unknown"
    WAITING = "waiting"


@dataclasses.dataclass(frozen=True, slots=True)
class Retirement:
    """Whether the private key of a certificate can be taken away, and from when on."""

    state: Retiring
    message: str
    at: dt.datetime | None = None


def retirement(thumbprint: str, uses: Uses, *, now: dt.datetime) -> Retirement:
    """Nobody uses it, and Graph tries no more to deliver what was encrypted for it (facts 5.1)."""
    if uses.ours.get(thumbprint) or uses.foreign.get(thumbprint):
        return Retirement(Retiring.IN_USE, "it is in use")
    if uses.blind:
        message = f"not known: not everything could be read of {', '.join(uses.blind)}"
        return Retirement(Retiring.UNKNOWN, message)
    times = [*uses.moved, *uses.ended.get(thumbprint, ())]
    known = [time for time in times if time]
    if not known or len(known) < len(times):
        hours = f"{RETRIES.total_seconds() / 3600:g} h"
        message = f"not known since when it is unused: wait {hours} after the next look that shows it unused"
        return Retirement(Retiring.UNKNOWN, message)
    at = max(known) + RETRIES
    if at > now:
        return Retirement(Retiring.WAITING, "Graph may still deliver what was encrypted for it", at)
    return Retirement(Retiring.SAFE, "nobody uses it, and Graph tries no more to deliver what did", at)
