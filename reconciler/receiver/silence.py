"""Which subscriptions are silent: what is watched and what was heard in, who is silent and what is new about it out.

Pure: the caller logs, one line for each that has fallen silent or has spoken again.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping

__all__ = ["Key", "Noticed", "Silence", "Watched"]

Key = tuple[str, str]
"""Tenant id and name, as ``Inbox.heard`` has them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Watched:
    """A subscription whose manifest says ``silentAfter``."""

    tenant_id: str
    name: str
    silent_after: dt.timedelta

    @property
    def key(self) -> Key:
        return self.tenant_id, self.name


@dataclasses.dataclass(frozen=True, slots=True)
class Noticed:
    """All that are silent, with since when; and those of them, or of the others, of which that is news."""

    silent: Mapping[Key, dt.datetime]
    fell_silent: tuple[Key, ...] = ()
    spoke_again: tuple[Key, ...] = ()


class Silence:
    """Remembers between one look and the next who was silent, and since when each is watched.

    A subscription counts from when it was last heard, also by a receiver before this one. One that was never heard
    counts from ``began``, or from the look that first had it where its manifest came later.
    """

    def __init__(self, began: dt.datetime) -> None:
        self._began = began
        self._looked = False
        self._watched_since: dict[Key, dt.datetime] = {}
        self._silent: dict[Key, dt.datetime] = {}

    def look(self, watched: Iterable[Watched], heard: Mapping[Key, dt.datetime], now: dt.datetime) -> Noticed:
        """Give all that is watched; what is left out is forgotten, and is no news."""
        limits = {each.key: each.silent_after for each in sorted(watched, key=lambda each: each.key)}
        since = self._since(limits, heard, now)
        before, self._silent = self._silent, {key: since[key] for key in limits if now - since[key] >= limits[key]}
        return Noticed(
            silent=self._silent,
            fell_silent=tuple(key for key in self._silent if key not in before),
            # One that is no longer silent because its silentAfter is longer now has not spoken.
            spoke_again=tuple(
                key for key in limits if key in before and key not in self._silent and since[key] > before[key]
            ),
        )

    def _since(
        self, keys: Iterable[Key], heard: Mapping[Key, dt.datetime], now: dt.datetime
    ) -> Mapping[Key, dt.datetime]:
        first = now if self._looked else self._began
        self._looked = True
        self._watched_since = {key: self._watched_since.get(key, first) for key in keys}
        return {key: heard.get(key, watched) for key, watched in self._watched_since.items()}
