"""What ``status`` has seen of tenants: how each subscription that is wanted stands, and what else is there."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.plan import orphans_of
from reconciler.core.world import Owned, World
from reconciler.engine.standing import Condition, Standing

__all__ = ["Seen", "SeenTenant"]


@dataclasses.dataclass(frozen=True, slots=True)
class SeenTenant:
    """One tenant; of one that could not be read, ``unread`` says why, and nothing is known."""

    name: str
    owner: str
    tenant_id: str = ""
    world: World | None = None
    standings: Sequence[Standing] = ()
    former: frozenset[str] = frozenset()
    """Names that those which are wanted had before."""

    unread: str | None = None

    @property
    def complete(self) -> bool:
        return self.world is not None and self.world.incomplete is None

    @property
    def wanted(self) -> set[str]:
        """The names that the manifests account for."""
        return {each.name for each in self.standings} | self.former

    @property
    def live(self) -> list[Live]:
        """By name, those of nobody last."""
        return sorted(self.world.live if self.world else (), key=lambda live: (self.name_of(live), live.id))

    def name_of(self, live: Live) -> str:
        mark = self.mark_of(live)
        return mark.name if mark else "~"

    def mark_of(self, live: Live) -> Mark | UnknownMark | None:
        return self.world.mark_of(live) if self.world else None

    def owned(self, live: Live) -> bool:
        mark = self.mark_of(live)
        return mark is not None and mark.owner == self.owner

    @property
    def unwanted(self) -> int:
        """How many are ours, are wanted by no manifest, and are not left there on purpose."""
        return sum(1 for _ in orphans_of(self.mine, self.wanted))

    @property
    def foreign(self) -> int:
        wanted = self.wanted
        return len(self.live) - sum(each.name in wanted for each in self.mine) - self.unwanted

    @property
    def mine(self) -> Sequence[Owned]:
        return self.world.owned(self.owner) if self.world else ()

    def count(self, condition: Condition) -> int:
        return sum(each.condition is condition for each in self.standings)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    owner: str
    at: dt.datetime
    tenants: Sequence[SeenTenant]
