"""A plan in, Graph changed, outcomes out. Each change stands alone: one failure stops no other."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from reconciler.core.change import Change, Plan
from reconciler.core.errors import Gone, ReconcilerError
from reconciler.core.options import Options
from reconciler.core.reasons import Action, Withheld
from reconciler.engine import amend
from reconciler.engine.adopt import adopt
from reconciler.engine.create import create
from reconciler.engine.gaps import gap, predecessor
from reconciler.engine.hands import Hands
from reconciler.engine.order import Group, Places, early_deletions, phases, takes_a_place, waves
from reconciler.engine.outcome import Outcome, Result, Watcher, done, failed, withheld
from reconciler.engine.replace import evict, rehearse, replace, settle_down

__all__ = ["apply"]

AT_ONCE = 100
"""Changes; more could not be in flight anyway."""

LOG = logging.getLogger(__name__)
Step = Callable[[Hands, Change], Awaitable[tuple[str, str]]]


async def create_it(hands: Hands, change: Change) -> tuple[str, str]:
    desired = amend.expect(change.desired)
    async with gap(hands, desired, predecessor(hands, desired, change.live)):
        live = await create(hands, desired)
    # Not before: while they are known, GET can say that they are gone, even where the list is not whole.
    await hands.party.journal.forget(each for each in hands.known_of(desired) if each != live.id)
    return f"lives until {live.expires_at:%Y-%m-%d %H:%M} UTC", live.id


async def rehearse_it(hands: Hands, change: Change) -> tuple[str, str]:
    await rehearse(hands, change)
    return "rehearsed", amend.expect(change.live).id


async def evict_it(hands: Hands, change: Change) -> tuple[str, str]:
    await evict(hands, change)
    return "deleted", amend.expect(change.live).id


def making_room_for(heir: Change) -> Step:
    """A deletion that is tried as a replacement would be: nothing is deleted for what Graph will not have."""

    async def make_room(hands: Hands, change: Change) -> tuple[str, str]:
        with contextlib.suppress(Gone):  # then there is room already
            await rehearse(hands, change, heir.desired)
        return await amend.delete(hands, change)

    return make_room


STEPS: dict[Action, Step] = {
    Action.ADOPT: adopt,
    Action.CREATE: create_it,
    Action.DELETE: amend.delete,
    Action.RENEW: amend.renew,
    Action.REPLACE: replace,
    Action.UPDATE: amend.update,
}


async def apply(plan: Plan, hands: Hands, *, owned: int, options: Options, watcher: Watcher) -> list[Outcome]:
    """Carry out one tenant's plan; ``watcher`` hears of each outcome as it comes."""
    work = Work(hands, watcher)
    for change in plan.changes:
        if change.withheld:
            work.tell(withheld(change))
    due = await work.able(list(plan.due))
    places = Places.of(due)
    for phase in phases(due, places):
        await work.carry_out_all(phase, places)
    size = max(1, math.floor(owned * options.limits.replacements))
    await replace_in_waves(work, due, places, size=size, one=options.one_wave)
    waiting = [change for change in due if change.action is Action.CREATE and change in places.holders]
    await work.carry_out_all(await work.free(waiting, places), places)
    early = set(early_deletions(due, places))
    late = [change for change in due if change.action is Action.DELETE and change not in early]
    await work.carry_out_all(await work.succeeded(late, plan), places)
    return sorted(work.outcomes, key=lambda outcome: outcome.order)


async def replace_in_waves(work: "Work", due: Iterable[Change], places: Places, *, size: int, one: bool) -> None:
    """Each wave starts when the one before it is done; after one that fails, the rest waits for another run."""
    groups = places.order(change for change in due if change.action is Action.REPLACE)
    for number, wave in enumerate(waves(groups, places, size)):
        if one and number:
            await work.pace(wave, "replacements come in waves, and the next pass goes on with it")
        elif work.replacement_failed:
            await work.pace(wave, "an earlier replacement failed: mend that, then run again")
        elif wave.circle:
            await work.go_round(wave.changes, places)
        else:
            await work.carry_out_all(await work.free(wave.changes, places), places)


class Work:
    """Carries out changes and keeps what became of them."""

    def __init__(self, hands: Hands, watcher: Watcher) -> None:
        self.hands = hands
        self.outcomes: list[Outcome] = []
        self._done: set[Change] = set()
        self._watcher = watcher

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._watcher.told(outcome)

    @property
    def replacement_failed(self) -> bool:
        return any(each.action is Action.REPLACE and each.result is Result.FAILED for each in self.outcomes)

    async def withhold(self, change: Change, word: Withheld, why: str) -> None:
        """Leave it alone after all, but for a renewal that is due."""
        kept = await self.keep_alive(change)
        self.tell(withheld(change.withhold(word, f"{why}{kept}")))

    async def pace(self, wave: Group, why: str) -> None:
        for change in wave.changes:
            await self.withhold(change, Withheld.PACED, why)

    async def keep_alive(self, change: Change) -> str:
        if self.hands.stopping():
            return ""
        try:
            return await amend.keep_alive(self.hands, change)
        except Exception as error:  # noqa: BLE001  it is reported, and the other changes go on
            return f"; its renewal failed: {reported(change, error)}"

    async def able(self, due: Sequence[Change]) -> list[Change]:
        """Without those whose ``clientState`` cannot be made: nothing is deleted for what cannot be created."""
        errors = {change: error for change in due if takes_a_place(change) and (error := self.lacks(change))}
        heirs = {change.desired.slot: change for change in errors if change.desired}
        for change in due:
            heir = heirs.get(change.live.slot) if change.action is Action.DELETE and change.live else None
            if heir:
                message = f"it stays until {heir.name!r} can take its place: {errors[heir]}"
                errors[change] = ReconcilerError(message)
        for change, error in errors.items():
            kept = await self.keep_alive(change)
            self.tell(failed(change, ReconcilerError(f"{error}{kept}")))
        return [change for change in due if change not in errors]

    def lacks(self, change: Change) -> ReconcilerError | None:
        desired = amend.expect(change.desired)
        try:
            self.hands.client_states.secret(desired.endpoint, desired.key_ids[0])
        except Exception as error:  # noqa: BLE001  it is reported, and the other changes go on
            return reported(change, error)
        return None

    async def free(self, changes: Iterable[Change], places: Places, evicted: Change | None = None) -> list[Change]:
        """Those whose place is free by now; the others are Blocked."""
        ready = []
        for change in changes:
            holder = places.holders.get(change)
            if holder is None or holder in self._done or holder is evicted:
                ready.append(change)
            else:
                why = f"its place is still that of {holder.name!r}, whose {holder.action} was not done"
                await self.withhold(change, Withheld.BLOCKED, why)
        return ready

    async def succeeded(self, deletions: Iterable[Change], plan: Plan) -> list[Change]:
        """Without those in whose stead another one was to be created, and was not, or not yet."""
        later = {None, Withheld.PACED, Withheld.UNSAFE}
        creations = (change for change in plan.of(Action.CREATE) if change.withheld in later)
        wanting = (change for change in creations if change not in self._done)
        lacking = {change.desired.slot: change.name for change in wanting if change.desired}
        ready = []
        for change in deletions:
            heir = lacking.get(change.live.slot) if change.live else None
            if heir is None:
                ready.append(change)
            else:
                await self.withhold(change, Withheld.BLOCKED, f"it stays until {heir!r} can take its place")
        return ready

    async def go_round(self, circle: Sequence[Change], places: Places) -> None:
        """Of those that wait for each other, one is deleted first and created last, if all of them may hope."""
        hopeless = [change for change in circle if await self.try_step(change, rehearse_it) is None]
        if hopeless:
            await self.withhold_all((change for change in circle if change not in hopeless), hopeless[0])
            return
        first, *others = circle
        if await self.try_step(first, evict_it) is None:
            await self.withhold_all(others, first)
            return
        # From here on it is carried to its end, even if the process is about to: the first one is gone until then.
        for change in reversed(others):
            for each in await self.free([change], places, first):
                await self.carry_out(each, STEPS[each.action], begun=True)
        await self.carry_out(first, settle_down, begun=True)

    async def withhold_all(self, changes: Iterable[Change], failed_one: Change) -> None:
        for change in changes:
            why = f"it changes places with {failed_one.name!r}, whose replacement was not done"
            await self.withhold(change, Withheld.BLOCKED, why)

    async def carry_out_all(self, changes: Iterable[Change], places: Places) -> None:
        """A thousand that wait for Graph's limits at once would keep the renewals of others waiting behind them."""
        waiting = iter([*changes])
        await asyncio.gather(*(self.carry_out_some(waiting, places) for _ in range(AT_ONCE)))

    async def carry_out_some(self, waiting: Iterator[Change], places: Places) -> None:
        for change in waiting:
            await self.carry_out(change, step_of(change, places))

    async def carry_out(self, change: Change, step: Step, *, begun: bool = False) -> None:
        if said := await self.try_step(change, step, begun=begun):
            self._done.add(change)
            self.tell(done(change, *said))

    async def try_step(self, change: Change, step: Step, *, begun: bool = False) -> tuple[str, str] | None:
        """What the step has to say, None where it failed, or has not begun because the process is about to end."""
        if self.hands.stopping() and not begun:
            return None
        try:
            return await step(self.hands, change)
        except Exception as error:  # noqa: BLE001  it is reported, and the other changes go on
            self.tell(failed(change, reported(change, error)))
        return None


def step_of(change: Change, places: Places) -> Step:
    heir = places.heirs.get(change) if change.action is Action.DELETE else None
    return making_room_for(heir) if heir else STEPS[change.action]


def reported(change: Change, error: Exception) -> ReconcilerError:
    """A mistake of ours must not keep the other changes from being carried out, and must not go unseen."""
    if isinstance(error, ReconcilerError):
        return error
    LOG.error("%s of %s in %s", change.action, change.name, change.tenant, exc_info=error)
    return ReconcilerError(f"internal error, please report it: {error!r}")
