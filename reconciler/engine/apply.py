"""A plan in, Graph changed, outcomes out. Each change stands alone: one failure stops no other."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from reconciler.core.change import Change, Plan
from reconciler.core.errors import ReconcilerError
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.safety import Limits
from reconciler.engine import amend
from reconciler.engine.create import create
from reconciler.engine.hands import Hands
from reconciler.engine.outcome import Outcome, Result, Watcher, done, failed, withheld
from reconciler.engine.replace import replace

__all__ = ["apply"]

Step = Callable[[Hands, Change], Awaitable[tuple[str, str]]]


async def create_it(hands: Hands, change: Change) -> tuple[str, str]:
    live = await create(hands, amend.expect(change.desired))
    return f"lives until {live.expires_at:%Y-%m-%d %H:%M} UTC", live.id


STEPS: dict[Action, Step] = {
    Action.CREATE: create_it,
    Action.DELETE: amend.delete,
    Action.RENEW: amend.renew,
    Action.REPLACE: replace,
    Action.UPDATE: amend.update,
}


async def apply(plan: Plan, hands: Hands, *, owned: int, limits: Limits, watcher: Watcher) -> list[Outcome]:
    """Carry out one tenant's plan; ``watcher`` hears of each outcome as it comes."""
    outcomes = [tell(withheld(change), watcher) for change in plan.changes if change.withheld]
    for phase in phases(list(plan.due)):
        outcomes += await carry_out_all(phase, hands, watcher)
    outcomes += await replace_in_waves(plan, hands, owned=owned, limits=limits, watcher=watcher)
    return sorted(outcomes, key=lambda outcome: outcome.order)


def phases(due: Sequence[Change]) -> Iterator[list[Change]]:
    """What keeps things alive comes first; room is made before it is wanted; what only takes away comes last."""
    wanted_slots = {change.desired.slot for change in due if change.desired and change.reason is not Reason.DUPLICATE}
    deletes = [change for change in due if change.action is Action.DELETE]
    room = [change for change in deletes if change.live and change.live.slot in wanted_slots]
    yield sorted((change for change in due if change.action is Action.RENEW), key=ends_at)
    yield [change for change in due if change.action is Action.UPDATE]
    yield room
    yield [change for change in due if change.action is Action.CREATE]
    yield [change for change in deletes if change not in room]


def ends_at(change: Change) -> float:
    return change.live.expires_at.timestamp() if change.live else 0.0


async def replace_in_waves(plan: Plan, hands: Hands, *, owned: int, limits: Limits, watcher: Watcher) -> list[Outcome]:
    """Each wave starts when the one before it is done; after one that fails, the rest waits for another run."""
    due = [change for change in plan.due if change.action is Action.REPLACE]
    size = max(1, math.floor(owned * limits.replacements))
    outcomes: list[Outcome] = []
    for start in range(0, len(due), size):
        wave = due[start : start + size]
        if any(outcome.result is Result.FAILED for outcome in outcomes):
            why = "an earlier replacement failed: mend that, then run again"
            outcomes += [tell(withheld(change.withhold(Withheld.PACED, why)), watcher) for change in wave]
        else:
            outcomes += await carry_out_all(wave, hands, watcher)
    return outcomes


async def carry_out_all(changes: Iterable[Change], hands: Hands, watcher: Watcher) -> list[Outcome]:
    return await asyncio.gather(*(carry_out(change, hands, watcher) for change in changes))


async def carry_out(change: Change, hands: Hands, watcher: Watcher) -> Outcome:
    try:
        message, identifier = await STEPS[change.action](hands, change)
    except ReconcilerError as error:
        return tell(failed(change, error), watcher)
    return tell(done(change, message, identifier), watcher)


def tell(outcome: Outcome, watcher: Watcher) -> Outcome:
    watcher.told(outcome)
    return outcome
