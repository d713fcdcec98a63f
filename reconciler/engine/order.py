"""Changes in, the order in which they can be carried out: nobody is sent to a place before its holder has left it.

Where Graph takes one subscription for a place, a change that wants it waits for the one that holds it. Two that swap
their places would wait for each other: of each such circle one is evicted first.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.core.change import Change
from reconciler.core.reasons import Action, Reason

__all__ = ["Group", "Places", "early_deletions", "phases", "takes_a_place", "waves"]


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Who waits for whom. Only exclusive places are ever waited for."""

    holders: Mapping[Change, Change]
    """Of a change that wants a place, the deletion or replacement that leaves it."""

    heirs: Mapping[Change, Change]
    """The other way round."""

    @classmethod
    def of(cls, due: Sequence[Change]) -> "Places":
        leaving = {change.live.slot: change for change in due if leaves_its_place(change) and change.live}
        wanting = {change: change.desired.slot for change in due if takes_a_place(change) and change.desired}
        found = {change: leaving[slot] for change, slot in wanting.items() if slot in leaving}
        holders = {change: holder for change, holder in found.items() if holder is not change}
        return cls(holders, {holder: change for change, holder in holders.items()})

    def order(self, replacements: Iterable[Change]) -> list["Group"]:
        """Holders first; a circle of those that wait for each other is one group."""
        known = dict.fromkeys(replacements)
        groups: list[Group] = []
        done: set[Change] = set()
        for change in known:
            if change in done:
                continue
            path = self.path(change, known, done)
            start = path.index(path[-1]) if path.count(path[-1]) > 1 else len(path)
            before, members = path[:start], path[start:-1]
            if members:
                groups.append(Group(tuple(members), circle=True))
            groups += [Group((each,)) for each in reversed(before)]
            done |= set(path)
        return groups

    def path(self, change: Change, known: Collection[Change], done: Collection[Change]) -> list[Change]:
        """A change and the holders that it waits for; where that leads back, the one it leads to stands twice."""
        path: list[Change] = []
        following: Change | None = change
        while following is not None and following in known and following not in done:
            path.append(following)
            if following in path[:-1]:
                break
            following = self.holders.get(following)
        return path


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """What is done together: one change, or a circle, in which each waits for the one behind it."""

    changes: tuple[Change, ...]
    circle: bool = False


def takes_a_place(change: Change) -> bool:
    return change.action in {Action.CREATE, Action.REPLACE}


def leaves_its_place(change: Change) -> bool:
    """What is deleted, and what is replaced by one in another place."""
    if not change.live or not (change.live.entry and change.live.entry.exclusive):
        return False
    if change.action is Action.REPLACE and change.desired:
        return change.live.slot != change.desired.slot
    return change.action is Action.DELETE


def waves(groups: Iterable[Group], places: Places, size: int) -> Iterator[Group]:
    """At most ``size`` at once, and nobody together with the one that it waits for; a circle is a wave of its own."""
    wave: list[Change] = []
    for group in groups:
        waits = any(places.holders.get(change) in wave for change in group.changes)
        if wave and (group.circle or waits or len(wave) == size):
            yield Group(tuple(wave))
            wave = []
        if group.circle:
            yield group
        else:
            wave += group.changes
    if wave:
        yield Group(tuple(wave))


def phases(due: Sequence[Change], places: Places) -> Iterator[list[Change]]:
    """What can be done before the replacements: what keeps things alive first, and room before it is wanted."""
    yield sorted((change for change in due if change.action is Action.RENEW), key=ends_at)
    yield [change for change in due if change.action in {Action.ADOPT, Action.UPDATE}]
    yield early_deletions(due, places)
    yield [change for change in due if change.action is Action.CREATE and change not in places.holders]


def early_deletions(due: Sequence[Change], places: Places) -> list[Change]:
    """Those that make room, and those of twins: they are confirmed while the one that is kept still stands."""
    deletions = (change for change in due if change.action is Action.DELETE)
    return [change for change in deletions if change in places.heirs or change.reason is Reason.DUPLICATE]


def ends_at(change: Change) -> float:
    return change.live.expires_at.timestamp() if change.live else 0.0
