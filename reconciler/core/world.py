"""One tenant as it was read: what Graph has, what we remember of it, and whose each subscription is."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark

__all__ = ["Owned", "World"]


class Owned(NamedTuple):
    """A live subscription of ours, and the mark that says so, wherever it was found."""

    live: Live
    mark: Mark

    @property
    def name(self) -> str:
        return self.mark.name


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """What a plan is made from, besides the manifests."""

    tenant: str
    live: tuple[Live, ...] = ()
    incomplete: str | None = None
    """Why the list is not whole; then what it lacks is unknown, not gone (facts 3.2)."""

    shrank: str | None = None
    """Why the list cannot be believed although it is whole: it was empty, and GET still finds what it lacks."""

    gone: frozenset[str] = frozenset()
    """Names whose subscription we knew, and which GET says is gone."""

    absent: frozenset[str] = frozenset()
    """Names that a whole list has lately shown not to be there, although this one is not whole."""

    marks: Mapping[str, Mark] = dataclasses.field(default_factory=dict)
    """The marks that we remember, by subscription id."""

    learned: Mapping[str, dt.timedelta] = dataclasses.field(default_factory=dict)
    """The ceilings that Graph has taught us."""

    strangers: frozenset[str] = frozenset()
    """Ids that bear our mark, and that neither we wrote nor were there when we first looked."""

    noted: Mapping[str, dt.datetime] = dataclasses.field(default_factory=dict)
    """When we first saw them, by id; what is not in it has been known for long."""

    def owned(self, owner: str) -> tuple[Owned, ...]:
        found = []
        for live in self.live:
            mark = live.mark or self.mark_of(live)
            if isinstance(mark, Mark) and mark.owner == owner:
                found.append(Owned(live, mark))
        return tuple(found)

    def occupied(self, owner: str) -> dict[str, tuple[Live, UnknownMark]]:
        """Names on which a later version of this program has put a mark that we cannot read; the smallest id counts."""
        others = [live for live in self.live if not isinstance(live.mark, Mark)]
        backwards = sorted(others, key=lambda each: each.id, reverse=True)
        found = ((live, self.mark_of(live)) for live in backwards)
        return {
            mark.name: (live, mark) for live, mark in found if isinstance(mark, UnknownMark) and mark.owner == owner
        }

    def mark_of(self, live: Live) -> Mark | UnknownMark | None:
        """The mark in the notification URL decides, whoever's it is; where that leaves no room, the lifecycle one does.

        Only where that bears none, our memory and then the lifecycle URL count: somebody overwrote the one, and nobody
        can overwrite the other (facts 1.4).
        """
        return live.whole_mark or self.marks.get(live.id) or live.lifecycle_mark
