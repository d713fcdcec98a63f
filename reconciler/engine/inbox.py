"""What the receiver needs of a store, and the values it keeps there: notifications, from arrival to sink.

put → waiting → done            forwarded, known already, or a lifecycle notification that was taken as a wish
              → dead            a dead letter: opened or forwarded it could not be; a person retries or drops it
              → set aside       nobody could show that Graph has sent it (also straight from ``put``)
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

__all__ = ["COST", "DUPLICATE", "UNOPENED", "UNROUTED", "Depth", "Entry", "Inbox", "Lease", "Settled", "State"]

COST = 512
"""Bytes of an entry beside what its sender chooses the length of."""

UNOPENED = frozenset({"damaged", "failed", "no-key", "not-json"})
"""Reasons of dead letters of which another copy may be better."""

DUPLICATE = "duplicate"
"""The reason of an entry that is done because another one like it was accepted."""

UNROUTED = ""
"""The sink of an entry that has none: a lifecycle notification, or one that is still to be judged."""


class State(enum.StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    SET_ASIDE = "set-aside"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notification as it came, and what was found out about it before it was answered."""

    id: int = 0
    """In the order of arrival, and never given twice; 0 until it is stored."""

    event_id: str
    """Drawn at arrival, so that it is the same however often it is forwarded; unique but for duplicates of Graph's."""

    received_at: dt.datetime
    """When it came: what is encrypted is verified by that time."""

    since: dt.datetime
    """Since when it waits: as ``received_at``, or when a person has asked for it to be tried again."""

    path: str
    query: str
    """The mark in the request's query, as it stood there; empty without one."""

    subscription_id: str
    change: str | None
    """Its change type in lower case, or its lifecycle event."""

    resource: str | None
    """As Graph spells it."""

    body: bytes = dataclasses.field(repr=False)
    """The item's JSON; empty once it is done."""

    tokens: str | None = dataclasses.field(default=None, repr=False)
    """The validation tokens of its delivery, a JSON array of texts; None where it needs none."""

    encrypted: bool = False
    lifecycle: bool = False
    tenant_id: str | None = None
    """Proven by its ``clientState``, as ``name`` and ``key`` are; None where it has not been."""

    name: str | None = None
    sink: str = UNROUTED
    fingerprint: str | None = None
    """Equal for notifications that are, or look, the same."""

    exact: bool = False
    """Equal fingerprints are one notification for sure, not only alike."""

    state: State = State.WAITING
    reason: str | None = None
    """A code, why it is in that state."""

    message: str | None = None
    """A sentence for people."""

    attempts: int = 0
    settled_at: dt.datetime | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a store."""
        return COST + len(self.body) + len(self.tokens or "") + len(self.subscription_id) + len(self.resource or "")


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """What became of an entry that waited."""

    id: int
    state: State
    at: dt.datetime
    reason: str
    message: str | None = None
    attempts: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Depth:
    """How many entries of a sink are in a state, and since when the oldest of them waits."""

    count: int
    oldest: dt.datetime | None


class Inbox(Protocol):
    """Every call raises StoreError; one that writes returns after its commit, which it shares with others."""

    async def put(self, entries: Sequence[Entry]) -> None:
        """Store all of them or none."""

    async def page(self, sink: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Those of the sink that wait, with ids over ``after``, in the order of arrival."""

    async def accepted(self, fingerprints: Collection[str]) -> frozenset[str]:
        """Those of which an entry is done other than as a ``DUPLICATE``, or a dead letter that is not ``UNOPENED``."""

    async def settle(self, settled: Iterable[Settled]) -> None:
        """Entries that are gone by now do no harm. Those that are done keep no body and no tokens."""

    async def readmit(self, id: int, entry: Entry) -> None:  # noqa: A002  it is an entry's id
        """Put ``entry`` in the place of the one with that id, at the end of the order."""

    async def reroute(self, sinks: Mapping[int, str]) -> None:
        """Entries that wait, by id, wait for other sinks, and keep their places in the order."""

    async def depths(self) -> Mapping[tuple[str, State], Depth]:
        """By sink and state, done ones left out."""

    async def size(self, state: State) -> int:
        """How many bytes the entries in a state take, by ``Entry.size``."""

    async def purge(self, *, done_before: dt.datetime, set_aside_before: dt.datetime, most: int) -> int:
        """Remove at most ``most`` that were settled before; returns how many."""

    async def hear(self, heard: Mapping[tuple[str, str], dt.datetime]) -> None:
        """When the last notification came, by tenant id and name; an earlier time changes nothing."""

    async def heard(self) -> Mapping[tuple[str, str], dt.datetime]: ...


class Lease(Protocol):
    """What one process at a time may do, such as to forward: two would send everything twice, and not in order."""

    async def hold(self) -> bool:
        """Take it or keep it; False while another process has it. Raises StoreError."""

    async def confirm(self) -> bool:
        """Whether it is still held: another process may have taken it since it was held last. Raises StoreError."""

    async def release(self) -> None:
        """Let another process take it at once."""
