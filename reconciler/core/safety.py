"""What a plan would take away, held against limits. Safety withholds removals, never renewals."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from reconciler.core.change import Change, Violation
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.world import Owned, World

__all__ = ["CODES", "KEY_IN_USE", "OWN_RECEIVER", "SECOND_WRITER", "Limits", "Stakes", "safe", "unknown_certificates"]

KEY_IN_USE = "key-in-use"
"""Speaks for what the plan itself finds, and withholds nothing."""

OWN_RECEIVER = "own-receiver"
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
class Stakes:
    """What a plan is held against."""

    world: World
    wanted: int
    owned: int
    limits: Limits
    deaf: Collection[str] = ()
    """Endpoints of our own receiver that do not answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Danger:
    """One rule of safety: what it is called, when it speaks of how many removals, which changes it withholds."""

    code: str
    speaks: Callable[[Stakes, int], str | None]
    withholds: Callable[[Change, Stakes], bool]
    alone: bool = False
    """It is worth a word also where there is nothing to withhold."""


def too_many_removals(stakes: Stakes, removed: int) -> str | None:
    if removed <= max(stakes.limits.floor, stakes.owned * stakes.limits.removals):
        return None
    return f"removes {removed} of {stakes.owned} subscriptions, over the limit of {stakes.limits.removals:.0%}"


def nothing_wanted(stakes: Stakes, removed: int) -> str | None:
    if stakes.wanted or not removed:
        return None
    return f"the manifests want no subscription at all, {removed} would be removed"


def list_shrank(stakes: Stakes, removed: int) -> str | None:
    return stakes.world.shrank if removed else None


def list_incomplete(stakes: Stakes, _: int) -> str | None:
    return stakes.world.incomplete


def second_writer(stakes: Stakes, _: int) -> str | None:
    strangers = sorted(stakes.world.strangers)
    if not strangers:
        return None
    shown = ", ".join([*strangers[:SHOWN], *(["…"] if len(strangers) > SHOWN else [])])
    return (
        f"{len(strangers)} subscriptions bear our mark and were not made with this store ({shown}), so somebody else"
        " writes under the same owner: give that installation an owner of its own"
    )


def own_receiver(stakes: Stakes, _: int) -> str | None:
    if not stakes.deaf:
        return None
    return (
        f"our own receiver does not answer at the endpoint {', '.join(sorted(stakes.deaf))}, so that Graph would refuse"
        " what is created there: start it, or see what `reconcile doctor` says of it"
    )


def removes(change: Change, _: Stakes) -> bool:
    return change.reason is Reason.NOT_IN_MANIFESTS


def deletes(change: Change, _: Stakes) -> bool:
    return change.action is Action.DELETE


def deletes_or_replaces(change: Change, _: Stakes) -> bool:
    return change.action in {Action.DELETE, Action.REPLACE}


def needs_the_whole_list(change: Change, stakes: Stakes) -> bool:
    """What is not in an incomplete list is unknown, not gone; only GET can say that one we knew is.

    Whether there is anything to adopt, or something of ours already, nobody can say who has not seen all of it.
    """
    world, names = stakes.world, frozenset(change.desired.names if change.desired else ())
    if change.action is Action.CREATE and change.reason is Reason.MISSING:
        known = world.gone if change.desired and change.desired.adopt else world.gone | world.absent
        return names.isdisjoint(known)
    if change.reason is Reason.ADOPTION_REQUESTED:
        return True
    return deletes_or_replaces(change, stakes)


def replaces_at_a_deaf_endpoint(change: Change, stakes: Stakes) -> bool:
    return change.action is Action.REPLACE and change.desired is not None and change.desired.endpoint in stakes.deaf


DANGERS = (
    Danger("incomplete", list_incomplete, needs_the_whole_list),
    Danger("list-shrank", list_shrank, deletes),
    Danger("empty", nothing_wanted, removes),
    Danger("removals", too_many_removals, removes),
    Danger(SECOND_WRITER, second_writer, deletes_or_replaces, alone=True),
    Danger(OWN_RECEIVER, own_receiver, replaces_at_a_deaf_endpoint),
)
CODES = tuple(sorted((*(danger.code for danger in DANGERS), KEY_IN_USE, "quota")))
"""What ``--allow`` takes; ``quota`` is that of ``core.quotas``."""


def safe(changes: Sequence[Change], stakes: Stakes, *, allow: Collection[str]) -> tuple[list[Change], list[Violation]]:
    """Withhold what is over a limit that is not let through, and say which limit that is."""
    checked = list(changes)
    violations, tenant = [], stakes.world.tenant
    removed = sum(removes(change, stakes) for change in filter(at_stake, changes))
    for danger in DANGERS:
        message = None if danger.code in allow else danger.speaks(stakes, removed)
        if message is None:
            continue
        touched = [change for change in filter(at_stake, checked) if danger.withholds(change, stakes)]
        if touched or danger.alone:
            violations.append(Violation(danger.code, f"{tenant}: {message}", names(touched), tenant))
        checked = list(withhold(checked, stakes, danger))
    return checked, violations


def unknown_certificates(
    mine: Iterable[Owned], tenant: str, thumbprints: Collection[str] | None
) -> Iterator[Violation]:
    """It withholds nothing: what is encrypted for a lost key is lost whatever is done."""
    if thumbprints is None:
        return
    lost = [
        each.name for each in mine if each.live.certificate_id and each.live.certificate_id.upper() not in thumbprints
    ]
    if lost:
        message = (
            f"{tenant}: {len(lost)} subscriptions are encrypted for a certificate that no manifest knows, and"
            " what they deliver cannot be opened: put it back, under previous if it is old"
        )
        yield Violation(KEY_IN_USE, message, tuple(sorted(set(lost))), tenant)


def at_stake(change: Change) -> bool:
    """What the policy or its manifest withholds anyway takes nothing away; what is Unsafe may be so for two reasons."""
    return change.withheld in {None, Withheld.UNSAFE}


def withhold(changes: Sequence[Change], stakes: Stakes, danger: Danger) -> Iterator[Change]:
    why = f"{danger.code} (--allow {danger.code} lets it through)"
    for change in changes:
        yield change.withhold(Withheld.UNSAFE, why) if danger.withholds(change, stakes) else change


def names(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(sorted({change.name for change in changes}))
