"""Changes in, the order in which they can be carried out: nobody is sent to a place before its holder has left it.

Where Graph takes one subscription for a place, a change that wants it waits for the one that holds it. Two that swap
their places would wait for each other: of each such circle one is evicted first.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.core.change import Change
from reconciler.core.reasons import Action

__all__ = ["Group", "Places", "making_room", "phases", "takes_a_place", "waves"]


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Who waits for whom, by the names of the subscriptions: they are unique within a tenant."""

    holders: Mapping[str, str]
    """Of a change that wants a place, the replacement that leaves it."""

    @classmethod
    def of(cls, due: Sequence[Change]) -> "Places":
        leaving = {change.live.slot: change.name for change in due if leaves_its_place(change) and change.live}
        wanting = {change.name: change.desired.slot for change in due if takes_a_place(change) and change.desired}
        found = {name: leaving[slot] for name, slot in wanting.items() if slot in leaving}
        return cls({name: holder for name, holder in found.items() if holder != name})

    def order(self, replacements: Iterable[Change]) -> list["Group"]:
        """Holders first; a circle of those that wait for each other is one group."""
        changes = {change.name: change for change in replacements}
        groups: list[Group] = []
        done: set[str] = set()
        for name in changes:
            if name in done:
                continue
            path = self.path(name, changes, done)
            start = path.index(path[-1]) if path.count(path[-1]) > 1 else len(path)
            before, members = path[:start], path[start:-1]
            if members:
                groups.append(Group(tuple(changes[each] for each in members), circle=True))
            groups += [Group((changes[each],)) for each in reversed(before)]
            done |= set(path)
        return groups

    def path(self, name: str, known: Collection[str], done: Collection[str]) -> list[str]:
        """A change and the holders that it waits for; where that leads back, the one it leads to stands twice."""
        path: list[str] = []
        following: str | None = name
        while following in known and following is not None and following not in done:
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
    """A replacement that wants another place than it has. Only exclusive places are ever waited for."""
    if change.action is not Action.REPLACE or not change.live or not change.desired:
        return False
    exclusive = change.live.entry is not None and change.live.entry.exclusive
    return exclusive and change.live.slot != change.desired.slot


def waves(groups: Iterable[Group], places: Places, size: int) -> Iterator[Group]:
    """At most ``size`` at once, and nobody together with the one that it waits for; a circle is a wave of its own."""
    wave: list[Change] = []
    for group in groups:
        together = {each.name for each in wave}
        waits = any(places.holders.get(change.name) in together for change in group.changes)
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
    yield [change for change in due if change.action is Action.UPDATE]
    yield making_room(due)
    yield [change for change in due if change.action is Action.CREATE and change.name not in places.holders]


def making_room(due: Sequence[Change]) -> list[Change]:
    """The deletions of what has a place that another change wants."""
    wanted = {change.desired.slot for change in due if takes_a_place(change) and change.desired}
    deletes = (change for change in due if change.action is Action.DELETE)
    return [change for change in deletes if change.live and change.live.slot in wanted]


def ends_at(change: Change) -> float:
    return change.live.expires_at.timestamp() if change.live else 0.0
