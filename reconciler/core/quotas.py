"""How many subscriptions there may be: what is live and what would be created in, what is over a quota out (facts 2).

LIST shows the subscriptions of this application in this tenant (facts 3.2). What others hold against a quota of the
whole organization is not seen, so there may be less room than it looks.
"""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.catalog import Entry, Quota
from reconciler.core.change import Change, Violation
from reconciler.core.reasons import Action, Withheld
from reconciler.core.resource import Resource
from reconciler.core.world import World

__all__ = ["QUOTA", "Key", "counted", "over_quota"]

QUOTA = "quota"

Key = tuple[str, str, str]
"""What counts together: the resources, the kind of the quota, and whose it is."""


def counted(entry: Entry | None, resource: Resource | None) -> Iterator[tuple[Key, Quota]]:
    """What a subscription counts towards."""
    for quota in entry.quotas if entry else ():
        whose = whose_is(quota, entry, resource)
        yield (quota.shared or f"/{entry.path if entry else ''}", quota.per, whose), quota


def whose_is(quota: Quota, entry: Entry | None, resource: Resource | None) -> str:
    if quota.per == "user and path":
        return resource.path if resource else ""
    return first_id(entry, resource) if quota.per in {"mailbox", "user"} else ""


def first_id(entry: Entry | None, resource: Resource | None) -> str:
    """Whose mailbox, or which user: the first id in the path."""
    if entry is None or resource is None:
        return ""
    pairs = zip(entry.path.partition("?")[0].split("/"), resource.path.split("/"), strict=False)
    return next((segment for step, segment in pairs if step.startswith("{")), "")


def over_quota(
    changes: Sequence[Change], world: World, *, now: dt.datetime, allowed: bool
) -> tuple[list[Change], list[Violation]]:
    """Withhold the creations that no quota has room for, the last names first.

    What the same plan deletes is not taken off, since most of that is deleted after the creations; but whoever gets the
    place of another one needs no room of its own.
    """
    left = set(vacated(changes))
    creations = [change for change in changes if change.action is Action.CREATE and change.withheld is None]
    creations = [change for change in creations if change.desired and change.desired.slot not in left]
    if allowed or not any(change.desired and change.desired.entry for change in creations):
        return list(changes), []
    count = collections.Counter(
        key for live in world.live if live.expires_at > now for key, _ in counted(live.entry, live.resource)
    )
    full: dict[Key, Overrun] = {}
    kept = {id(change) for change in creations if fits(change, count, full)}
    out = {id(change) for change in creations} - kept
    why = f"{QUOTA} (--allow {QUOTA} lets it through)"
    checked = [change.withhold(Withheld.UNSAFE, why) if id(change) in out else change for change in changes]
    return checked, [violation(world.tenant, key, found) for key, found in sorted(full.items())]


def vacated(changes: Iterable[Change]) -> Iterator[str]:
    """Places for one alone that are left before anything is created."""
    for change in changes:
        goes = change.action is Action.DELETE and change.withheld is None
        if goes and change.live and change.live.entry and change.live.entry.exclusive:
            yield change.live.slot


@dataclasses.dataclass(slots=True)
class Overrun:
    quota: Quota
    live: int
    names: list[str]


def fits(change: Change, count: "collections.Counter[Key]", full: dict[Key, Overrun]) -> bool:
    """Count it where there is room for it, else say where there is none."""
    if change.desired is None:
        return True
    keys = list(counted(change.desired.entry, change.desired.resource))
    over = [(key, quota) for key, quota in keys if count[key] >= quota.limit]
    for key, quota in over:
        full.setdefault(key, Overrun(quota, count[key], [])).names.append(change.name)
    if not over:
        count.update(key for key, _ in keys)
    return not over


def violation(tenant: str, key: Key, found: Overrun) -> Violation:
    what, per, whose = key
    place = f"{what}, {found.quota.limit} per {per}{f' ({whose})' if whose else ''}"
    message = f"{tenant}: the quota of {place} has no room for {len(found.names)} of the subscriptions to be created"
    return Violation(QUOTA, message, tuple(sorted(found.names)), tenant)
