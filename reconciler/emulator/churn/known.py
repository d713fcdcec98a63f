"""What there is to write to, read as any application would."""

import asyncio
import collections
import dataclasses
import urllib.parse
from typing import Self

from reconciler.emulator.churn.session import Session
from reconciler.emulator.errors import EmulatorError

EVENTS = "/v1.0/solutions/virtualEvents"
MEETINGS = "/v1.0/communications/onlineMeetings"


@dataclasses.dataclass(slots=True, kw_only=True)
class Known:
    """Paths, in the order in which they are listed; ``own`` is what came from here, and may be deleted."""

    session: Session
    teams: list[str]
    webinars: list[str]
    town_halls: list[str]
    join_urls: list[str]
    own_teams: list[str] = dataclasses.field(default_factory=list)
    own_channels: list[str] = dataclasses.field(default_factory=list)
    own_registrations: list[str] = dataclasses.field(default_factory=list)
    _channels: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    _reading: collections.defaultdict[str, asyncio.Lock] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(asyncio.Lock)
    )

    @classmethod
    async def read(cls, session: Session) -> Self:
        """Raises ``EmulatorError`` for a world in which there is nothing to change."""
        known = cls(
            session=session,
            teams=await paths(session, "/v1.0/teams"),
            webinars=await paths(session, f"{EVENTS}/webinars"),
            town_halls=await paths(session, f"{EVENTS}/townhalls"),
            join_urls=[each["joinWebUrl"] async for each in session.items(MEETINGS)],
        )
        if not (known.teams or known.webinars or known.town_halls or known.join_urls):
            raise EmulatorError(
                "the world is empty, there is nothing to change: add to it with `reconcile emulator seed FILE`, or "
                "start the emulator with --world small"
            )
        return known

    async def channels(self, team: str) -> list[str]:
        """Those that do not come from here. Read when asked for, and once: at the start that would be thousands."""
        async with self._reading[team]:
            if team not in self._channels:
                self._channels[team] = await paths(self.session, f"{team}/channels")
        return self._channels[team]


async def paths(session: Session, collection: str) -> list[str]:
    return [item_path(collection, each["id"]) async for each in session.items(collection)]


def item_path(collection: str, identifier: str) -> str:
    return f"{collection}/{urllib.parse.quote(identifier, safe=':@')}"
