"""What is wanted and what is ours in, what is to be looked at closely out: of a hundred thousand pairs next to none."""

import collections
import datetime as dt
from collections.abc import Collection, Sequence

from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.world import Owned, World

__all__ = ["set_aside"]


def set_aside(
    desired: Sequence[Desired],
    world: World,
    owner: str,
    clockwork: Clockwork,
    *,
    never: Collection[str] = frozenset(),
) -> tuple[list[Desired], list[Owned], int]:
    """What is left of the wanted and of ours without the pairs that surely are in agreement; and how many these are.

    ``never`` are names that are not set aside, as those are not that a later version of this program has marked.
    """
    if clockwork.rotate_keys or clockwork.replace:
        return list(desired), list(world.owned(owner)), 0
    alone, left, count = without_twins(world, owner), list[Desired](), 0
    if len(alone) < len(world.live):
        never = {*never, *world.occupied(owner)}
    ends = Ends(clockwork)
    for each in desired:
        live = alone.get(each.name)
        if live and settled(each, live, ends) and each.name not in never:
            alone[each.name] = None
            count += 1
        else:
            left.append(each)
    former = {name for each in left for name in each.previously if name in alone and alone[name] is None}
    if former:  # somebody claims a name that somebody has: the rules of manifests do not allow that
        return set_aside(desired, world, owner, clockwork, never={*never, *former})
    if count == len(world.live):
        return left, [], count
    done = {name for name, live in alone.items() if live is None}
    return left, [each for each in world.owned(owner) if each.name not in done], count


def without_twins(world: World, owner: str) -> dict[str, Live | None]:
    """Those whose URL bears our mark, by name, where only one has it."""
    found: dict[str, Live | None] = {
        mark.name: live for live in world.live if isinstance(mark := live.mark, Mark) and mark.owner == owner
    }
    if len(found) == len(world.live):
        return found
    names = collections.Counter(each.name for each in world.owned(owner))
    return {name: live for name, live in found.items() if names[name] == 1}


class Ends(dict[tuple[dt.timedelta, dt.timedelta | None], dt.datetime]):
    """By the lifetime and ``renew_before``, until when a subscription must live for its renewal not to be due.

    Whatever moment its name has drawn, this is as if it were the earliest: a twentieth is the jitter, a little more
    makes up for what rounding takes away.
    """

    def __init__(self, clockwork: Clockwork) -> None:
        super().__init__()
        self.now, self.within = clockwork.now, clockwork.within or dt.timedelta()

    def __missing__(self, key: tuple[dt.timedelta, dt.timedelta | None]) -> dt.datetime:
        longest, renew_before = key
        self[key] = end = self.now + max((renew_before or longest / 3) + longest / 19, self.within)
        return end


def settled(desired: Desired, live: Live, ends: Ends) -> bool:
    """At a glance. It never is where one of the questions of ``pair`` finds something; else they have the last word."""
    mark = live.mark
    longest = live.granted or desired.lifetime
    if longest is None:
        if live.entry is None:
            return False  # what its ceiling is, only Graph may have taught us
        longest = live.entry.longest(rich=live.asked.rich)
    return (
        isinstance(mark, Mark)
        and mark.digest == desired.asked.digest
        and mark.key in desired.key_ids
        and live.notification_url == desired.notification_url
        and mark.protected == desired.protect
        and mark.left == desired.leave
        and not desired.previously
        and (desired.certificate is None or live.certificate_id == desired.certificate.thumbprint)
        and live.expires_at > ends[longest, desired.renew_before]
    )
