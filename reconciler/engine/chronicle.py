"""What one owner's long-running process keeps in a store beside what a pass remembers.

gaps        when notifications may have been missed
wishes      reasons for a pass, until one has seen to them
troubles    changes that keep failing, and when they are tried again
replicas    who else is running, and which private keys each has loaded
orders      what a person wants of whoever writes
"""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Wish

__all__ = ["ROTATE_CLIENT_STATE", "Chronicle", "ReadChronicle", "Replica", "Trouble", "Wished"]

ROTATE_CLIENT_STATE = "rotate-client-state"
"""The order to move every subscription to the first key of its endpoint's ring."""


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """A change that fails, and what is known of that."""

    tenant: str
    """The name of its Tenant."""

    name: str
    action: str
    kind: str
    """The class of its last error, by ``core.errors``."""

    message: str
    request_id: str | None
    essence: str
    """What the manifest wanted then: when that changes, it is tried at once."""

    since: dt.datetime
    at: dt.datetime
    """When it was tried last."""

    attempts: int
    next_try: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Wished:
    wish: Wish
    at: dt.datetime
    """When it was last wished for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Replica:
    """A process that receives; its clock is the store's, where there are several."""

    id: str
    seen_at: dt.datetime
    thumbprints: frozenset[str]
    """Of the certificates whose private keys it has loaded."""


class ReadChronicle(Protocol):
    """Every call raises StoreError."""

    async def gaps(self, *, since: dt.datetime | None = None) -> Sequence[Gap]:
        """In the order in which they were noted; those that are open, and those that ended after ``since``."""

    async def troubles(self) -> Mapping[tuple[str, str], Trouble]:
        """By tenant and name."""

    async def replicas(self) -> Sequence[Replica]: ...

    async def heard(self) -> Mapping[tuple[str, str], dt.datetime]:
        """When the last notification came, by tenant id in lower case and name."""

    async def orders(self) -> Mapping[str, dt.datetime]: ...


class Chronicle(ReadChronicle, Protocol):
    """The same, to write to. What is written is safe when the call returns."""

    async def note_gap(self, gap: Gap) -> None:
        """Insert or overwrite, by id; since when, why, and when it was noted stay as they were noted first."""

    async def unannounced(self) -> Sequence[Gap]: ...

    async def announced(self, ids: Collection[str], *, at: dt.datetime) -> None: ...

    async def wish(self, wish: Wish, *, at: dt.datetime) -> None:
        """One that is wished for already takes the new time."""

    async def wishes(self) -> Sequence[Wished]: ...

    async def granted(self, wished: Iterable[Wished]) -> None:
        """Seen to; one that was wished for anew in the meantime stays."""

    async def trouble(self, troubles: Iterable[Trouble]) -> None:
        """Insert or overwrite, by tenant and name."""

    async def relieve(self, keys: Collection[tuple[str, str]]) -> None:
        """By tenant and name; none there does no harm."""

    async def present(self, replica: Replica) -> None: ...

    async def absent(self, replica_id: str) -> None: ...

    async def order(self, name: str, *, at: dt.datetime) -> None: ...

    async def fulfilled(self, name: str) -> None: ...
