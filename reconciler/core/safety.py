"""What a plan would take away, held against limits. Safety withholds removals, never renewals."""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence

from reconciler.core.change import Change, Violation
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.world import World

__all__ = ["CODES", "KEY_IN_USE", "SECOND_WRITER", "Limits", "safe"]

KEY_IN_USE = "key-in-use"
"""Speaks for what the plan itself finds, and withholds nothing."""

SECOND_WRITER = "second-writer"
SHOWN = 3
"""Ids in a message; one is enough to find the rest by."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take away in one tenant, as shares of what is owned; ``floor`` of them are always allowed."""

    removals: float = 0.25
    floor: int = 3
    replacements: float = 0.10


@dataclasses.dataclass(frozen=True, slots=True)
class Danger:
    """One rule of safety: what it is called, when it speaks, which changes it withholds."""

    code: str
    speaks: Callable[["Taken"], str | None]
    withholds: Callable[[Change, World], bool]
    alone: bool = False
    """It is worth a word also where there is nothing to withhold."""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What a rule looks at."""

    removed: int
    owned: int
    wanted: int
    world: World
    limits: Limits


def too_many_removals(taken: Taken) -> str | None:
    if taken.removed <= max(taken.limits.floor, taken.owned * taken.limits.removals):
        return None
    return f"removes {taken.removed} of {taken.owned} subscriptions, over the limit of {taken.limits.removals:.0%}"


def nothing_wanted(taken: Taken) -> str | None:
    if taken.wanted or not taken.removed:
        return None
    return f"the manifests want no subscription at all, {taken.removed} would be removed"


def list_shrank(taken: Taken) -> str | None:
    return taken.world.shrank if taken.removed else None


def list_incomplete(taken: Taken) -> str | None:
    return taken.world.incomplete


def second_writer(taken: Taken) -> str | None:
    strangers = sorted(taken.world.strangers)
    if not strangers:
        return None
    shown = ", ".join([*strangers[:SHOWN], *(["…"] if len(strangers) > SHOWN else [])])
    return (
        f"{len(strangers)} subscriptions bear our mark and were not made with this store ({shown}), so somebody else"
        " writes under the same owner: give that installation an owner of its own"
    )


def removes(change: Change, _world: World) -> bool:
    return change.reason is Reason.NOT_IN_MANIFESTS


def deletes(change: Change, _world: World) -> bool:
    return change.action is Action.DELETE


def deletes_or_replaces(change: Change, _world: World) -> bool:
    return change.action in {Action.DELETE, Action.REPLACE}


def needs_the_whole_list(change: Change, world: World) -> bool:
    """What is not in an incomplete list is unknown, not gone; only GET can say that one we knew is."""
    if change.action is Action.CREATE and change.reason is Reason.MISSING:
        return change.name not in world.gone
    return deletes_or_replaces(change, world)


DANGERS = (
    Danger("incomplete", list_incomplete, needs_the_whole_list),
    Danger("list-shrank", list_shrank, deletes),
    Danger("empty", nothing_wanted, removes),
    Danger("removals", too_many_removals, removes),
    Danger(SECOND_WRITER, second_writer, deletes_or_replaces, alone=True),
)
CODES = tuple(sorted((*(danger.code for danger in DANGERS), KEY_IN_USE)))


def safe(
    changes: Sequence[Change], world: World, *, wanted: int, owned: int, options: Limits, allow: Collection[str]
) -> tuple[list[Change], list[Violation]]:
    """Withhold what is over a limit that is not let through, and say which limit that is."""
    checked = list(changes)
    violations = []
    removed = sum(removes(change, world) for change in filter(at_stake, changes))
    taken = Taken(removed, owned, wanted, world, options)
    for danger in DANGERS:
        message = None if danger.code in allow else danger.speaks(taken)
        if message is None:
            continue
        touched = [change for change in filter(at_stake, checked) if danger.withholds(change, world)]
        if touched or danger.alone:
            violations.append(Violation(danger.code, f"{world.tenant}: {message}", names(touched)))
        checked = list(withhold(checked, world, danger))
    return checked, violations


def at_stake(change: Change) -> bool:
    """What the policy or its manifest withholds anyway takes nothing away; what is Unsafe may be so for two reasons."""
    return change.withheld in {None, Withheld.UNSAFE}


def withhold(changes: Sequence[Change], world: World, danger: Danger) -> Iterator[Change]:
    why = f"{danger.code} (--allow {danger.code} lets it through)"
    for change in changes:
        yield change.withhold(Withheld.UNSAFE, why) if danger.withholds(change, world) else change


def names(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(sorted({change.name for change in changes}))
