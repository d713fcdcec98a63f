"""Places that only one subscription can have: a change that would find its place taken is Blocked, and says by whom."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from reconciler.core.change import Change
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.reasons import Action, Withheld
from reconciler.core.world import World

__all__ = ["block", "held_slots"]


TAKING = frozenset({Action.CREATE, Action.REPLACE})
"""What takes a place that it has not had."""


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """Who has a place; ``leaves`` where this very plan makes room."""

    live: Live
    name: str | None
    """Of one that is ours."""

    leaves: bool
    mark: Mark | UnknownMark | None = None
    later: bool = False
    """A later version of this program has marked it for us."""

    @property
    def described(self) -> str:
        if self.name or self.later:
            return f"our own {(self.name or (self.mark and self.mark.name))!r}"
        if self.mark:
            return f"{self.mark.name!r} of the owner {self.mark.owner!r}"
        return "a foreign subscription without a mark"

    @property
    def remedy(self) -> str:
        if self.later:
            return "its mark is of a later version of this program, upgrade"
        return "one of the two must go" if self.name else "remove it where it is managed, or take it over with adopt"


def block(changes: Sequence[Change], world: World, *, owner: str, now: dt.datetime) -> list[Change]:
    """Withhold what would take a place that another subscription keeps.

    What is withheld keeps its own place, which may block the next one: so it is looked again until nothing is found.
    """
    found = list(changes)
    if not any(change.action in TAKING for change in found):
        return found
    while True:
        holders = held_slots(found, world, owner=owner, now=now)
        before, found = found, [blocked(change, holders) for change in found]
        if found == before:
            return list(handed_over(found, holders))


def blocked(change: Change, holders: dict[str, Holder]) -> Change:
    if change.action not in TAKING or change.desired is None:
        return change
    holder = holders.get(change.desired.slot)
    if holder is None or holder.leaves or holder.name == change.name or is_it(holder, change):
        return change
    return change.withhold(
        Withheld.BLOCKED,
        f"Graph takes one for this resource, and {holder.described} has the place ({holder.live.id}): {holder.remedy}",
    )


def handed_over(changes: Sequence[Change], holders: dict[str, Holder]) -> Iterator[Change]:
    """What is created in a place that this very plan empties may miss what happens in between."""
    for change in changes:
        holder = holders.get(change.desired.slot) if change.desired and change.action is Action.CREATE else None
        if holder is None or not holder.leaves or change.withheld or not holder.name or holder.name == change.name:
            yield change
            continue
        warning = (
            f"its place is that of {holder.name!r}, which is deleted first: where it is the same under another name,"
            " management.previously keeps it"
        )
        yield dataclasses.replace(change, may_miss=True, warnings=(*change.warnings, warning))


def is_it(holder: Holder, change: Change) -> bool:
    """What is to be replaced holds the place itself; a former name of it may stand on it."""
    return change.live is not None and change.live.id == holder.live.id


def leaves(change: Change) -> bool:
    """Deleted, or replaced by one in another place."""
    if change.action is Action.REPLACE and change.live and change.desired:
        return change.live.slot != change.desired.slot
    return change.action is Action.DELETE


def held_slots(changes: Sequence[Change], world: World, *, owner: str, now: dt.datetime) -> dict[str, Holder]:
    """Who holds which exclusive place; one that stays wins over one that leaves, then the smallest id."""
    leaving = {change.live.id for change in changes if change.live and change.withheld is None and leaves(change)}
    names = {each.live.id: each.name for each in world.owned(owner)}
    holders: dict[str, Holder] = {}
    for live in sorted(world.live, key=lambda each: each.id):
        if live.entry is None or not live.entry.exclusive or live.expires_at <= now:
            continue
        mark = world.mark_of(live)
        later = isinstance(mark, UnknownMark) and mark.owner == owner
        holder = Holder(live, names.get(live.id), live.id in leaving, mark, later)
        if live.slot not in holders or holders[live.slot].leaves:
            holders[live.slot] = holder
    return holders
