"""One that is wanted and what is ours of its name in, what is to be done with each out."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core.catalog import ChangeType
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork
from reconciler.core.live import Live
from reconciler.core.mark import UnknownMark
from reconciler.core.pair import Pair, judge
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.review import change_of, written_out
from reconciler.core.world import Owned

__all__ = ["blocked", "by_name", "changes_of", "claimed_by", "group_of", "preference"]


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
    return Change(
        desired.name,
        desired.tenant,
        Action.CREATE,
        Reason.MISSING,
        message,
        desired,
        differences=written_out(desired),
    )


def blocked(desired: Desired, live: Live, mark: UnknownMark) -> Change:
    message = f"its mark has version {mark.version}, which this program does not know"
    change = Change(desired.name, desired.tenant, Action.UPDATE, Reason.MARK_UNKNOWN, message, desired, live)
    return change.withhold(Withheld.BLOCKED, "upgrade this program, a later one manages the subscription")


def duplicate(desired: Desired, each: Owned, best: Owned) -> Change:
    """One too many. Of another name, a former one, it is only what it seems to be if it is about the same."""
    former = each.name != desired.name
    message = f"it is {each.name!r}, which this one was before" if former else "Graph has it twice"
    change = Change(
        name=desired.name,
        tenant=desired.tenant,
        action=Action.DELETE,
        reason=Reason.DUPLICATE,
        message=f"{message}, {best.live.id} is kept",
        desired=desired,
        live=each.live,
        mark=each.mark,
        twin_of=best.live,
    )
    if former and likeness(each.live) != likeness(best.live):
        why = f"it is about {each.live.resource_text}: take {each.name!r} out of management.previously"
        return change.withhold(Withheld.BLOCKED, why)
    if former and each.mark.protected:
        return change.withhold(Withheld.PROTECTED, f"{each.name!r} was protected: unset that under its own name first")
    return change


def likeness(live: Live) -> tuple[str, frozenset[ChangeType]]:
    return live.asked.resource, live.asked.change_types
