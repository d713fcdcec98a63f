"""What is wanted and what is ours in, what is to be looked at closely out: of a hundred thousand pairs next to none."""

import collections
import datetime as dt
import functools
from collections.abc import Collection, Sequence

from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.pair import Clockwork
from reconciler.core.world import Owned, World

__all__ = ["set_aside"]


def set_aside(
    desired: Sequence[Desired], world: World, owner: str, clockwork: Clockwork, *, apart: Collection[str]
) -> tuple[list[Desired], list[Owned], int]:
    """What is left of the wanted and of ours without the pairs that surely are in agreement; and how many these are.

    ``apart`` are names that are never set aside.
    """
    if clockwork.rotate_keys or clockwork.replace:
        return list(desired), list(world.owned(owner)), 0
    alone, left = without_twins(world, owner), list[Desired]()
    former = frozenset[str]().union(*[each.previously for each in desired if each.previously])
    for each in desired:
        name = each.name
        live = alone.get(name)
        if live and settled(each, live, clockwork) and name not in apart and name not in former:
            alone[name] = None
        else:
            left.append(each)
    count = sum(live is None for live in alone.values())
    if count == len(world.live):
        return left, [], count
    done = {name for name, live in alone.items() if live is None}
    return left, [each for each in world.owned(owner) if each.name not in done], count


def without_twins(world: World, owner: str) -> dict[str, Live | None]:
    """Those whose URL bears our mark, by name, where only one has it."""
    found: dict[str, Live | None] = {
        live.mark.name: live for live in world.live if isinstance(live.mark, Mark) and live.mark.owner == owner
    }
    if len(found) == len(world.live):
        return found
    names = collections.Counter(each.name for each in world.owned(owner))
    return {name: live for name, live in found.items() if names[name] == 1}


def settled(desired: Desired, live: Live, clockwork: Clockwork) -> bool:
    """At a glance. It never is where one of the questions of ``pair`` finds something; else they have the last word."""
    mark = live.mark
    return (
        isinstance(mark, Mark)
        and mark.digest == desired.asked.digest
        and mark.key in desired.key_ids
        and live.notification_url == desired.notification_url
        and mark.protected == desired.protect
        and mark.left == desired.leave
        and not desired.previously
        and (desired.certificate is None or live.certificate_id == desired.certificate.thumbprint)
        and renews_later(desired, live, clockwork)
    )


def renews_later(desired: Desired, live: Live, clockwork: Clockwork) -> bool:
    """Whether its renewal is not due, whatever moment its name has drawn: as if it were the earliest."""
    longest = live.granted or desired.lifetime
    if longest is None:
        if live.entry is None:
            return False  # what its ceiling is, only Graph may have taught us
        longest = live.entry.longest(rich=live.asked.rich)
    left = live.expires_at - clockwork.now
    return left > earliest(longest, desired.renew_before) and (clockwork.within is None or left > clockwork.within)


@functools.lru_cache(maxsize=1024)
def earliest(longest: dt.timedelta, renew_before: dt.timedelta | None) -> dt.timedelta:
    """How long before its end: a twentieth is the jitter, a little more makes up for what rounding takes away."""
    return (renew_before or longest / 3) + longest / 19
