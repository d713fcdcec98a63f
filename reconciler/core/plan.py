"""Desired, live and the time in, what would make Graph match the manifests out. Pure, and blind to what is not ours.

desired   live, ours                   change
yes       none                         create  Missing
yes       one                          as ``pair`` finds
yes       several                      the best one as ``pair`` finds, delete the others  Duplicate
yes       one, of an unknown version   Blocked MarkUnknown
yes       none, and it may adopt       as ``adoption`` finds
no        any                          delete  NotInManifests, where a run may prune
no        any, left on removal         none: it counts as foreign
no        any, its mark overwritten    none: somebody else uses it, it ends by itself
"""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.core.adoption import Candidates, paced
from reconciler.core.change import Change, Plan
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork
from reconciler.core.keeping import kept_alive
from reconciler.core.mark import Mark
from reconciler.core.matching import blocked, by_name, changes_of, claimed_by, group_of
from reconciler.core.options import Options
from reconciler.core.policy import Policy
from reconciler.core.quotas import QUOTA, over_quota
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.safety import KEY_IN_USE, Stakes, safe, unknown_certificates
from reconciler.core.settled import set_aside
from reconciler.core.slots import block
from reconciler.core.summary import summarize
from reconciler.core.world import Owned, World

__all__ = ["orphans_of", "plan"]


def plan(desired: Iterable[Desired], world: World, *, now: dt.datetime, options: Options) -> Plan:
    """Work out what would make Graph match the manifests at ``now``, in one tenant.

    Foreign subscriptions are counted and otherwise not looked at, except where one is to be adopted, or holds a place
    that is wanted.
    """
    clockwork = Clockwork(now, options.renew_within, world.learned, options.rotate_keys, options.replace)
    wanted = [each for each in desired if each.tenant == world.tenant]
    found = compare(wanted, world, clockwork, options)
    stakes = Stakes(world, len(wanted), found.owned, options.limits, options.deaf)
    changes, violations = safe(found.changes, stakes, allow=options.allow)
    # Before places are looked at: what waits keeps its own.
    changes = [options.waiting.withhold(change, world, clockwork) for change in changes]
    changes = block(changes, world, owner=options.owner, now=now)
    changes, over = over_quota(changes, world, now=now, allowed=QUOTA in options.allow)
    changes = list(paced(changes, options.adoptions))
    kept = kept_alive(changes, clockwork, options.policy)
    changes += [options.waiting.withhold(change, world, clockwork) for change in kept]
    changes = [change for change in changes if not renewed_elsewhere(change, options)]
    if KEY_IN_USE not in options.allow and options.thumbprints is not None:
        over = [*over, *unknown_certificates(world.owned(options.owner), world.tenant, options.thumbprints)]
    return Plan(
        tuple(sorted(changes, key=lambda change: change.sort_key)),
        summarize(changes, found.chosen, wanted, world, ours=found.ours),
        (*violations, *over),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """What would be done if nothing spoke against it."""

    changes: list[Change]
    chosen: Sequence[Desired]
    owned: int
    ours: int
    """Those that a manifest accounts for, and those that none wants any more."""


def compare(wanted: Sequence[Desired], world: World, clockwork: Clockwork, options: Options) -> Compared:
    """Look closely at the few that are not as wanted, and at what no manifest wants."""

    def is_chosen(each: Desired) -> bool:
        return options.selected is None or (each.tenant, each.name) in options.selected

    unsettled, others, settled = set_aside(wanted, world, options.owner, clockwork)
    occupied = world.occupied(options.owner) if unsettled else {}
    groups, claimed = by_name(others), claimed_by(unsettled)
    unclaimed = [each for each in others if each.name not in claimed]
    orphans = list(orphans_of(unclaimed, claimed))
    changes: list[Change] = []
    for each in filter(is_chosen, unsettled):
        taken = next((occupied[name] for name in each.names if name in occupied), None)
        changes += [blocked(each, *taken)] if taken else changes_of(each, group_of(each, groups), clockwork)
    changes = adopted(changes, world, clockwork.now, options)
    if options.prune and options.selected is None:
        changes += [removal(each, world.tenant) for each in orphans]
    return Compared(
        changes=[withheld(change, options.policy) for change in changes],
        chosen=wanted if options.selected is None else list(filter(is_chosen, wanted)),
        owned=settled + len(others),
        ours=settled + len(others) - len(unclaimed) + len(orphans),
    )


def renewed_elsewhere(change: Change, options: Options) -> bool:
    return change.action is Action.RENEW and change.live is not None and options.renewed(change.live.id)


def adopted(changes: Iterable[Change], world: World, now: dt.datetime, options: Options) -> list[Change]:
    """What is missing and may adopt takes over a foreign one, where there is one; nobody takes the same one twice."""
    changes = list(changes)
    if not any(map(may_adopt, changes)):
        return changes
    candidates, takers = Candidates(world, owner=options.owner, now=now), dict[str, str]()
    found = []
    for change in changes:
        taken = None
        if may_adopt(change) and change.desired:
            taken = candidates.adoption(change.desired, previous_owners=options.previous_owners)
        if taken and taken.live and (first := takers.setdefault(taken.live.id, taken.name)) != taken.name:
            taken = taken.withhold(Withheld.BLOCKED, f"{first!r} adopts {taken.live.id} already: only one of them can")
        found.append(taken or not_there(change))
    return found


def not_there(change: Change) -> Change:
    """What was to be adopted by its id is created where Graph has none of that id, and nobody must overlook that."""
    named = change.desired.adopt.id if may_adopt(change) and change.desired and change.desired.adopt else None
    if named is None:
        return change
    warning = f"{named} was to be adopted and Graph has none of that id, so another one is created"
    return dataclasses.replace(change, warnings=(*change.warnings, warning))


def may_adopt(change: Change) -> bool:
    return change.reason is Reason.MISSING and change.desired is not None and change.desired.adopt is not None


def orphans_of(mine: Iterable[Owned], names: Collection[str]) -> Iterator[Owned]:
    """Ours, wanted by no manifest, and ours to remove."""
    return (each for each in mine if each.name not in names and removable(each))


def removable(each: Owned) -> bool:
    """Where the mark itself is not read, whether it is protected or left is not known either.

    Of one whose destination has no room for a mark, the lifecycle URL bears all of it.
    """
    mark = each.live.whole_mark
    return isinstance(mark, Mark) and mark.digest is not None and not mark.left


def removal(each: Owned, tenant: str) -> Change:
    message = "no manifest wants it"
    return Change(each.name, tenant, Action.DELETE, Reason.NOT_IN_MANIFESTS, message, None, each.live, each.mark)


def withheld(change: Change, policy: Policy) -> Change:
    """What the manifest itself, or the policy, keeps from being carried out."""
    if change.desired and change.desired.suspend and change.action is not Action.RENEW:
        rest = "it is only renewed" if change.mark else "nothing is created or taken over"
        change = change.withhold(Withheld.SUSPENDED, f"management.suspend is set, {rest}")
    if not policy.allows(change.action):
        change = change.withhold(Withheld.POLICY, f"the policy is {policy}")
    if protected(change):
        change = change.withhold(Withheld.PROTECTED, unprotect(change))
    return change


def unprotect(change: Change) -> str:
    if change.desired:
        return "management.protect is set: unset it, apply that, then change the rest"
    return "it was protected: put its manifest back without management.protect, apply that, then remove it"


def protected(change: Change) -> bool:
    """A manifest that still exists decides for itself; without one, what is written on the subscription does."""
    if change.action is Action.REPLACE and change.desired:
        return change.desired.protect
    return change.reason is Reason.NOT_IN_MANIFESTS and change.mark is not None and change.mark.protected
