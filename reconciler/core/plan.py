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
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.core.adoption import Candidates, paced
from reconciler.core.change import Change, Plan
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.pair import Clockwork, Pair, due, judge
from reconciler.core.policy import Policy
from reconciler.core.quotas import QUOTA, over_quota
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.rest import Waiting
from reconciler.core.review import change_of
from reconciler.core.safety import KEY_IN_USE, Limits, Stakes, safe, unknown_certificates
from reconciler.core.settled import set_aside
from reconciler.core.slots import block
from reconciler.core.summary import summarize
from reconciler.core.times import spell_duration
from reconciler.core.world import Owned, World

__all__ = ["Options", "claimed_by", "orphans_of", "plan"]


def nobody(_: str) -> bool:
    return False


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """How far a run may go, and what it looks at."""

    owner: str
    policy: Policy = Policy.FULL
    prune: bool = True
    selected: frozenset[tuple[str, str]] | None = None
    """Tenant and name of those that a partial run is about; None: all."""

    renew_within: dt.timedelta | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    allow: frozenset[str] = frozenset()
    """Codes of violations that are let through."""

    waiting: Waiting = dataclasses.field(default_factory=Waiting)
    rotate_keys: bool = False
    one_wave: bool = False
    """Replace no more than ``limits.replacements`` at a time, and leave the rest to another run."""

    renewed: Callable[[str], bool] = nobody
    """Whether somebody else renews the subscription with that id in time: then a plan leaves that out."""

    thumbprints: frozenset[str] | None = None
    """Of all certificates whose private key somebody has; None where that is not known."""

    replace: frozenset[str] = frozenset()
    """Names of those that this run is asked to replace although nothing differs."""

    previous_owners: frozenset[str] = frozenset()
    """Owners whose subscriptions may be adopted."""

    adoptions: int | None = None
    """At most so many in one run; None: all."""

    deaf: frozenset[str] = frozenset()
    """Endpoints of our own receiver that do not answer as Graph wants it."""


def plan(desired: Iterable[Desired], world: World, *, now: dt.datetime, options: Options) -> Plan:
    """Work out what would make Graph match the manifests at ``now``, in one tenant.

    Foreign subscriptions are counted and otherwise not looked at, except where one holds a place that is wanted.
    """
    clockwork = Clockwork(now, options.renew_within, world.learned, options.rotate_keys, options.replace)
    wanted = [each for each in desired if each.tenant == world.tenant]
    selected = options.selected
    chosen = wanted if selected is None else [each for each in wanted if (each.tenant, each.name) in selected]
    occupied = world.occupied(options.owner)
    # From here on it is about the few that are not as wanted, and about what no manifest wants.
    unsettled, others, settled = set_aside(wanted, world, options.owner, clockwork, apart=occupied)
    groups, claimed = by_name(others), claimed_by(unsettled)
    unclaimed = [each for each in others if each.name not in claimed]
    orphans = list(orphans_of(unclaimed, claimed))

    unsettled = [each for each in unsettled if selected is None or (each.tenant, each.name) in selected]
    changes = [blocked(each, *occupied[each.name]) for each in unsettled if each.name in occupied]
    free = [each for each in unsettled if each.name not in occupied]
    changes += [change for each in free for change in changes_of(each, group_of(each, groups), clockwork)]
    changes = adopted(changes, world, now, options)
    changes += [removal(each, world.tenant) for each in orphans if options.prune and options.selected is None]
    changes = [withheld(change, options.policy) for change in changes]
    stakes = Stakes(world, len(wanted), settled + len(others), options.limits, options.deaf)
    changes, violations = safe(changes, stakes, allow=options.allow)
    # Before places are looked at: what waits keeps its own.
    changes = [options.waiting.withhold(change, world, clockwork) for change in changes]
    changes = block(changes, world, owner=options.owner, now=now)
    changes, over = over_quota(changes, world, now=now, allowed=QUOTA in options.allow)
    changes = list(paced(changes, options.adoptions))
    kept = kept_alive(changes, clockwork, options.policy)
    changes += [options.waiting.withhold(change, world, clockwork) for change in kept]
    changes = [change for change in changes if not renewed_elsewhere(change, options)]
    violations += over
    if KEY_IN_USE not in options.allow and options.thumbprints is not None:
        violations += unknown_certificates(world.owned(options.owner), world.tenant, options.thumbprints)
    return Plan(
        tuple(sorted(changes, key=lambda change: change.sort_key)),
        summarize(changes, chosen, wanted, world, ours=settled + len(others) - len(unclaimed) + len(orphans)),
        tuple(violations),
    )


def renewed_elsewhere(change: Change, options: Options) -> bool:
    return change.action is Action.RENEW and change.live is not None and options.renewed(change.live.id)


def by_name(mine: Iterable[Owned]) -> dict[str, list[Owned]]:
    groups: dict[str, list[Owned]] = defaultdict(list)
    for each in mine:
        groups[each.name].append(each)
    return groups


def claimed_by(wanted: Iterable[Desired]) -> set[str]:
    """The names that the manifests account for, former ones included."""
    wanted = list(wanted)
    former = [each.previously for each in wanted if each.previously]
    return {each.name for each in wanted}.union(*former)


def group_of(desired: Desired, groups: Mapping[str, Sequence[Owned]]) -> Sequence[Owned]:
    """What bears its name, or one that it had before."""
    found = groups.get(desired.name, ())
    if not desired.previously:
        return found
    return [*found, *(each for name in sorted(desired.previously) for each in groups.get(name, ()))]


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
        found.append(taken or change)
    return found


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


def changes_of(desired: Desired, found: Sequence[Owned], clockwork: Clockwork) -> Iterator[Change]:
    if not found:
        yield missing(desired)
        return
    best, *others = sorted(found, key=lambda each: preference(each, desired, clockwork.now))
    yield from (duplicate(desired, each, best) for each in others)
    if verdict := judge(Pair(desired, best.live, best.mark, clockwork)):
        yield change_of(verdict, desired, best.live, best.mark)


def preference(each: Owned, desired: Desired, now: dt.datetime) -> tuple[bool, bool, bool, bool, float, str]:
    """Of several, keep the one that is as wanted, then the one that lives longest, then the smallest id.

    Key and certificate count as well: after a replacement that was cut short they are all that tells the new one.
    """
    wanted = desired.certificate
    return (
        each.live.expires_at <= now,
        each.mark.digest != desired.asked.digest,
        each.mark.key not in desired.key_ids,
        wanted is not None and (each.live.certificate_id or "").upper() != wanted.thumbprint,
        -each.live.expires_at.timestamp(),
        each.live.id,
    )


def missing(desired: Desired) -> Change:
    message = "Graph has no subscription of this name"
    return Change(desired.name, desired.tenant, Action.CREATE, Reason.MISSING, message, desired)


def blocked(desired: Desired, live: Live, mark: UnknownMark) -> Change:
    message = f"its mark has version {mark.version}, which this program does not know"
    change = Change(desired.name, desired.tenant, Action.UPDATE, Reason.MARK_UNKNOWN, message, desired, live)
    return change.withhold(Withheld.BLOCKED, "upgrade this program, a later one manages the subscription")


def duplicate(desired: Desired, each: Owned, best: Owned) -> Change:
    message = f"Graph has it twice, {best.live.id} is kept"
    return Change(
        name=desired.name,
        tenant=desired.tenant,
        action=Action.DELETE,
        reason=Reason.DUPLICATE,
        message=message,
        desired=desired,
        live=each.live,
        mark=each.mark,
        twin_of=best.live,
    )


def removal(each: Owned, tenant: str) -> Change:
    message = "no manifest wants it"
    return Change(each.name, tenant, Action.DELETE, Reason.NOT_IN_MANIFESTS, message, None, each.live, each.mark)


def withheld(change: Change, policy: Policy) -> Change:
    """What the manifest itself, or the policy, keeps from being carried out."""
    if change.desired and change.desired.suspend and change.action is not Action.RENEW:
        change = change.withhold(Withheld.SUSPENDED, "management.suspend is set, it is only renewed")
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


def kept_alive(changes: Iterable[Change], clockwork: Clockwork, policy: Policy) -> Iterator[Change]:
    """What is withheld must not lapse meanwhile: the one case of two changes for one name."""
    for change in changes:
        if not policy.allows(Action.RENEW) or not worth_keeping(change) or change.live is None or change.mark is None:
            continue
        left = change.live.expires_at - clockwork.now
        if left <= dt.timedelta():
            continue  # it has ended although it is listed (facts 3.2): nothing is left to renew
        if due(change.live, change.name, clockwork, change.desired):
            message = f"it ends in {spell_duration(left)}, and its {change.action} is withheld"
            yield dataclasses.replace(
                change,
                action=Action.RENEW,
                reason=Reason.RENEWAL_DUE,
                message=message,
                differences=(),
                withheld=None,
                why_withheld=None,
                order=None,
                may_miss=False,
                warnings=(),
            )


def worth_keeping(change: Change) -> bool:
    if change.action is Action.DELETE:
        return change.withheld in {Withheld.UNSAFE, Withheld.PROTECTED}
    return change.withheld is not None and change.action in {Action.UPDATE, Action.REPLACE, Action.ADOPT}
