"""What the engine needs from outside, as Protocols; one wiring module joins them with what satisfies them.

A dry run is given a ``Reader`` and a ``Memory`` only: where no writer exists, nothing can be written.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from reconciler.core.catalog import Version
from reconciler.core.gap import Gap

__all__ = ["Body", "Clock", "Intent", "Journal", "Listing", "Memory", "Reader", "Remembered", "Writer"]

Body = Mapping[str, Any]
"""A subscription as Graph spells it in JSON (facts 1.1)."""


class Clock(Protocol):
    """The only source of time, so that tests can run a month in a second."""

    def now(self) -> dt.datetime:
        """The time, aware and UTC."""

    async def sleep(self, seconds: float) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """What LIST returned over both Graph versions, merged by id.

    ``incomplete`` says why the list is not whole: what it lacks is then unknown, not gone (facts 3.2).
    """

    bodies: tuple[Body, ...]
    incomplete: str | None = None
    on_beta: frozenset[str] = frozenset()
    """Ids of those that v1.0 does not show although all of its list was read."""


class Reader(Protocol):
    """Reads one tenant's subscriptions. Every call raises GraphError, sorted by what to do next."""

    async def list(self) -> Listing:
        """Walk both Graph versions. Raises only where nothing at all could be read."""

    async def get(self, subscription_id: str, version: Version) -> Body:
        """Raises Gone where Graph does not know the id."""


class Writer(Protocol):
    """Changes one tenant's subscriptions. Every call raises GraphError, sorted by what to do next."""

    async def create(self, body: Body, version: Version) -> Body:
        """POST once: it is not idempotent. Raises AnswerLost where it may have been carried out."""

    async def patch(self, subscription_id: str, body: Body, version: Version) -> Body: ...

    async def delete(self, subscription_id: str, version: Version) -> None:
        """Raises Gone where there was nothing to delete."""

    async def reauthorize(self, subscription_id: str, version: Version) -> None:
        """Answer a challenge and extend nothing; never within 10 minutes of a PATCH (facts 3.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Remembered:
    """What we know of a subscription of ours and Graph will not tell."""

    id: str
    name: str
    version: Version
    birth: str
    key: str
    created_at: dt.datetime | None = None
    """When we created it; None where we only ever saw it listed."""

    written_at: dt.datetime | None = None
    """When we last created or patched it: for a while that is more to be trusted than LIST."""

    expires_at: dt.datetime | None = None
    granted: dt.timedelta | None = None
    """The lifetime that Graph gave at ``written_at``."""

    deleted_at: dt.datetime | None = None
    certificate_fixed: bool = False
    """Graph has refused or ignored a change of its certificate: only a replacement helps (facts 1.4)."""

    certificate_id: str | None = None
    """What its resource data is encrypted for, by Graph's last answer."""

    certified_at: dt.datetime | None = None
    """Since when that is so, as far as we know."""

    noted_at: dt.datetime | None = None
    """When we created it, or first saw it listed."""

    stranger: bool = False
    """It bears our mark, and neither we wrote it nor was it there when we first looked: somebody else writes, too."""


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """A POST about to be made, written down before it: a retry uses the same birth."""

    name: str
    birth: str
    created_at: dt.datetime
    replaces: str | None = None
    """The id of the subscription that is deleted for it."""


class Memory(Protocol):
    """What was written down about one owner's subscriptions of one app in one tenant. Raises StoreError."""

    async def remembered(self) -> Mapping[str, Remembered]:
        """By subscription id; those deleted lately are among them, with ``deleted_at``."""

    async def intents(self) -> Mapping[str, Intent]:
        """By the subscription's name in the manifests."""

    async def ceilings(self) -> Mapping[str, dt.timedelta]:
        """The longest lifetimes that Graph has taught us, by ``core.renewal.ceiling_key``."""


class Journal(Memory, Protocol):
    """The same, to write to. What is written is safe when the call returns. Raises StoreError."""

    async def remember(self, subscriptions: Iterable[Remembered]) -> None:
        """Insert or overwrite, by id."""

    async def forget(self, ids: Iterable[str]) -> None:
        """Drop what is known of these; unknown ids do no harm."""

    async def intend(self, intent: Intent) -> None:
        """Insert or overwrite, by name."""

    async def settle(self, name: str) -> None:
        """The intent of that name is done with; none there does no harm."""

    async def learn(self, key: str, ceiling: dt.timedelta) -> None: ...

    async def note_gap(self, gap: Gap) -> None:
        """Insert or overwrite, by id; since when, why, and when it was noted stay as they were noted first."""
