"""What is live and what is wanted in, whether there is room for it out (facts 2). Pure.

LIST shows the subscriptions of this application in this tenant (facts 3.2). What others hold against a quota of the
whole organization is not seen, so there may be less room than it looks.
"""

import collections
import dataclasses
from collections.abc import Iterable, Sequence

from reconciler.core.catalog import Quota
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.quotas import Key, counted
from reconciler.daemon.checks.finding import Verdict, failed, fine, warned

__all__ = ["places_free", "room"]

NEARLY_FULL = 0.8
SHOWN = 3

BEYOND_THE_APP = frozenset({"app", "mailbox", "organization", "tenant", "user", "user and path"})
"""Quotas that others count towards, too: other applications, or this one in other tenants."""


@dataclasses.dataclass(slots=True)
class Count:
    quota: Quota
    live: int = 0
    missing: int = 0

    @property
    def share(self) -> float:
        return (self.live + self.missing) / self.quota.limit


def room(live: Iterable[Live], desired: Iterable[Desired], *, owner: str) -> Verdict:
    """Of all quotas that anything counts towards, the one with the least room speaks."""
    live = list(live)
    counts: dict[Key, Count] = {}
    for key, quota in (found for each in live for found in counted(each.entry, each.resource)):
        counts.setdefault(key, Count(quota)).live += 1
    for key, quota in (found for each in missing(desired, live, owner) for found in counted(each.entry, each.resource)):
        counts.setdefault(key, Count(quota)).missing += 1
    if not counts:
        return fine("nothing that is live or wanted counts towards a known quota")
    key, fullest = max(counts.items(), key=lambda item: (item[1].share, item[0]))
    return judged(key, fullest)


def judged(key: Key, count: Count) -> Verdict:
    what, per, whose = key
    place = f"{what}, per {per}{f' ({whose})' if whose else ''}"
    wanted = f", and {count.missing} more are wanted" if count.missing else ""
    unseen = "; what others hold is not seen from here" if per in BEYOND_THE_APP else ""
    found = f"{place}: {count.live} of {count.quota.limit} are live{wanted}{unseen}"
    if count.missing and count.share > 1:
        return failed(
            found,
            cause="Graph takes no more of them (facts 2.1), so the rest of them cannot be created",
            remedy="remove some, from the manifests or among the foreign ones that `reconcile status` shows",
        )
    if count.share >= NEARLY_FULL:
        return warned(
            found,
            cause="the quota is nearly used up",
            remedy="remove what is not needed; a subscription for the whole tenant counts once",
        )
    return fine(found)


def missing(desired: Iterable[Desired], live: Iterable[Live], owner: str) -> list[Desired]:
    """What is to be created: under no name that it has, or had, there is one of ours."""
    names = {name for each in live if (name := name_of(each, owner))}
    return [each for each in desired if names.isdisjoint({each.name, *each.previously})]


def name_of(live: Live, owner: str) -> str | None:
    for mark in (live.mark, live.lifecycle_mark):
        if isinstance(mark, Mark) and mark.owner == owner:
            return mark.name
    return None


def places_free(live: Sequence[Live], desired: Sequence[Desired], *, owner: str) -> Verdict:
    """Where Graph takes only one, a foreign one must not be there already, unless it is to be adopted."""
    strangers = collections.defaultdict(list)
    for each in live:
        if each.entry and each.entry.exclusive and name_of(each, owner) is None:
            strangers[each.slot].append(each.id)
    wanting = [each for each in missing(desired, live, owner) if each.adopt is None]
    taken = [(each.name, strangers[each.slot]) for each in wanting if strangers.get(each.slot)]
    if not taken:
        return fine("no foreign subscription is in the place of one that is wanted")
    shown = "; ".join(f"{name!r} by {', '.join(ids)}" for name, ids in sorted(taken)[:SHOWN])
    more = f" and {len(taken) - SHOWN} more" if len(taken) > SHOWN else ""
    return failed(
        f"the places of {len(taken)} wanted subscriptions are taken: {shown}{more}",
        cause="another program, or another owner, uses this application registration, and Graph takes one of each",
        remedy="end the other one's use, delete that subscription, or use an application registration of its own",
    )
