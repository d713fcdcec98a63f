"""What a plan was made from and what came of it in, its counts out."""

import operator
from collections.abc import Sequence

from reconciler.core.change import Change, Summary
from reconciler.core.desired import Desired
from reconciler.core.reasons import Action, Reason
from reconciler.core.world import World

__all__ = ["summarize"]

SUSPENDED = operator.attrgetter("suspend")


def summarize(
    changes: Sequence[Change],
    chosen: Sequence[Desired],
    wanted: Sequence[Desired],
    world: World,
    *,
    ours: int,
) -> Summary:
    """``ours`` are those that a manifest accounts for, and those that none wants any more."""
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    changed = {change.name for change in changes if change.reason is not Reason.DUPLICATE}
    return Summary(
        **{action.value: count for action, count in counts.items()},
        unchanged=sum(each.name not in changed for each in chosen) if changed else len(chosen),
        withheld=sum(change.withheld is not None for change in changes),
        foreign=len(world.live) - ours,
        suspended=sum(map(SUSPENDED, chosen)),
        unselected=len(wanted) - len(chosen),
    )
