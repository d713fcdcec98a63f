"""A plan in, Graph changed, outcomes out. Each change stands alone: one failure stops no other."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence

from reconciler.core.change import Change, Plan
from reconciler.core.errors import ReconcilerError
from reconciler.core.reasons import Action, Withheld
from reconciler.core.safety import Limits
from reconciler.engine import amend
from reconciler.engine.create import create
from reconciler.engine.hands import Hands
from reconciler.engine.order import Places, making_room, phases, takes_a_place, waves
from reconciler.engine.outcome import Outcome, Result, Watcher, done, failed, withheld
from reconciler.engine.replace import evict, replace, settle_down

__all__ = ["apply"]

LOG = logging.getLogger(__name__)
Step = Callable[[Hands, Change], Awaitable[tuple[str, str]]]


async def create_it(hands: Hands, change: Change) -> tuple[str, str]:
    live = await create(hands, amend.expect(change.desired))
    # Not before: while they are known, GET can say that they are gone, even where the list is not whole.
    await hands.party.journal.forget(hands.known.get(change.name, ()))
    return f"lives until {live.expires_at:%Y-%m-%d %H:%M} UTC", live.id


async def evict_it(hands: Hands, change: Change) -> tuple[str, str]:
    await evict(hands, change)
    return "deleted", amend.expect(change.live).id


STEPS: dict[Action, Step] = {
    Action.CREATE: create_it,
    Action.DELETE: amend.delete,
    Action.RENEW: amend.renew,
    Action.REPLACE: replace,
    Action.UPDATE: amend.update,
}


async def apply(plan: Plan, hands: Hands, *, owned: int, limits: Limits, watcher: Watcher) -> list[Outcome]:
    """Carry out one tenant's plan; ``watcher`` hears of each outcome as it comes."""
    work = Work(hands, watcher)
    for change in plan.changes:
        if change.withheld:
            work.tell(withheld(change))
    due = work.able(list(plan.due))
    places = Places.of(due)
    for phase in phases(due, places):
        await work.carry_out_all(phase)
    await replace_in_waves(work, due, places, size=max(1, math.floor(owned * limits.replacements)))
    waiting = [change for change in due if change.action is Action.CREATE and change.name in places.holders]
    await work.carry_out_all(work.free(waiting, places))
    early = making_room(due)
    await work.carry_out_all(change for change in due if change.action is Action.DELETE and change not in early)
    return sorted(work.outcomes, key=lambda outcome: outcome.order)


async def replace_in_waves(work: "Work", due: Iterable[Change], places: Places, *, size: int) -> None:
    """Each wave starts when the one before it is done; after one that fails, the rest waits for another run."""
    groups = places.order(change for change in due if change.action is Action.REPLACE)
    for wave in waves(groups, places, size):
        if work.replacement_failed:
            why = "an earlier replacement failed: mend that, then run again"
            for change in wave.changes:
                work.tell(withheld(change.withhold(Withheld.PACED, why)))
        elif wave.circle:
            await work.go_round(wave.changes, places)
        else:
            await work.carry_out_all(work.free(wave.changes, places))


class Work:
    """Carries out changes and keeps what became of them."""

    def __init__(self, hands: Hands, watcher: Watcher) -> None:
        self.hands = hands
        self.outcomes: list[Outcome] = []
        self._watcher = watcher

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._watcher.told(outcome)

    @property
    def replacement_failed(self) -> bool:
        return any(each.action is Action.REPLACE and each.result is Result.FAILED for each in self.outcomes)

    def able(self, due: Sequence[Change]) -> list[Change]:
        """Without those whose ``clientState`` cannot be made: nothing is deleted for what cannot be created."""
        errors = {change: error for change in due if takes_a_place(change) and (error := self.lacks(change))}
        heirs = {change.desired.slot: change for change in errors if change.desired}
        for change in due:
            heir = heirs.get(change.live.slot) if change.action is Action.DELETE and change.live else None
            if heir:
                message = f"it stays until {heir.name!r} can take its place: {errors[heir]}"
                errors[change] = ReconcilerError(message)
        for change, error in errors.items():
            self.tell(failed(change, error))
        return [change for change in due if change not in errors]

    def lacks(self, change: Change) -> ReconcilerError | None:
        desired = amend.expect(change.desired)
        try:
            self.hands.client_states.secret(desired.endpoint, desired.key_ids[0])
        except Exception as error:  # noqa: BLE001  it is reported, and the other changes go on
            return reported(change, error)
        return None

    def free(self, changes: Iterable[Change], places: Places, evicted: str | None = None) -> list[Change]:
        """Those whose place is free by now; the others are Blocked."""
        left = {each.name for each in self.outcomes if each.action is Action.REPLACE and each.result is Result.DONE}
        ready = []
        for change in changes:
            holder = places.holders.get(change.name)
            if holder is None or holder in left or holder == evicted:
                ready.append(change)
            else:
                why = f"its place is still that of {holder!r}, whose replacement was not done"
                self.tell(withheld(change.withhold(Withheld.BLOCKED, why)))
        return ready

    async def go_round(self, circle: Sequence[Change], places: Places) -> None:
        """Of those that wait for each other, one is deleted first and created last."""
        first, *others = circle
        evicted = first.name if await self.try_step(first, evict_it) else None
        for change in reversed(others):
            for each in self.free([change], places, evicted):
                await self.carry_out(each, STEPS[each.action])
        if evicted:
            await self.carry_out(first, settle_down)

    async def carry_out_all(self, changes: Iterable[Change]) -> None:
        await asyncio.gather(*(self.carry_out(change, STEPS[change.action]) for change in changes))

    async def carry_out(self, change: Change, step: Step) -> None:
        if said := await self.try_step(change, step):
            self.tell(done(change, *said))

    async def try_step(self, change: Change, step: Step) -> tuple[str, str] | None:
        """What the step has to say, None where it failed."""
        try:
            return await step(self.hands, change)
        except Exception as error:  # noqa: BLE001  it is reported, and the other changes go on
            self.tell(failed(change, reported(change, error)))
        return None


def reported(change: Change, error: Exception) -> ReconcilerError:
    """A mistake of ours must not keep the other changes from being carried out, and must not go unseen."""
    if isinstance(error, ReconcilerError):
        return error
    LOG.error("%s of %s in %s", change.action, change.name, change.tenant, exc_info=error)
    return ReconcilerError(f"internal error, please report it: {error!r}")
