"""One pass over all tenants: read, plan, and, where there are writers, apply.

Tenants run side by side, and one that cannot be reached fails alone.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.mark import Mark
from reconciler.core.plan import Options, plan
from reconciler.core.world import Owned, World
from reconciler.engine.apply import apply
from reconciler.engine.hands import ClientStates, Hands, Party
from reconciler.engine.outcome import Watcher
from reconciler.engine.ports import Clock, Intent, Journal, Memory, Reader, Remembered
from reconciler.engine.read import read_world
from reconciler.engine.report import Report

__all__ = ["View", "dry_run", "run"]


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """One tenant, to look at."""

    name: str
    reader: Reader
    memory: Memory


async def dry_run(views: Iterable[View], desired: Sequence[Desired], *, now: dt.datetime, options: Options) -> Report:
    """Plan every tenant. There is nothing here that could write."""
    return total(await asyncio.gather(*(look(view, desired, now=now, options=options) for view in views)))


async def look(view: View, desired: Sequence[Desired], *, now: dt.datetime, options: Options) -> Report:
    try:
        world = await read_world(view.name, owner=options.owner, reader=view.reader, memory=view.memory, now=now)
    except ReconcilerError as error:
        return Report(unread={view.name: error})
    return Report(plan(desired, world, now=now, options=options), worlds={view.name: world})


async def run(
    parties: Iterable[Party],
    desired: Sequence[Desired],
    *,
    clock: Clock,
    options: Options,
    client_states: ClientStates,
    watcher: Watcher,
) -> Report:
    """Plan every tenant and carry the plan out; ``watcher`` hears of each outcome as it comes."""
    passes = (run_one(party, desired, clock, options, client_states, watcher) for party in parties)
    return total(await asyncio.gather(*passes))


async def run_one(
    party: Party,
    desired: Sequence[Desired],
    clock: Clock,
    options: Options,
    client_states: ClientStates,
    watcher: Watcher,
) -> Report:
    now = clock.now()
    seen = await look(View(party.name, party.reader, party.journal), desired, now=now, options=options)
    world = seen.worlds.get(party.name)
    if world is None:
        return dataclasses.replace(seen, outcomes=())
    try:
        remembered = await party.journal.remembered()
        owned = world.owned(options.owner)
        await note(party.journal, world, owned, remembered)
        intents = await open_intents(party.journal, world, desired, now)
    except ReconcilerError as error:
        return Report(outcomes=(), unread={party.name: error})
    watcher.planned(seen.plan)
    hands = Hands(party, options.owner, clock, client_states, remembered, intents, dict(world.learned))
    outcomes = await apply(seen.plan, hands, owned=len(owned), limits=options.limits, watcher=watcher)
    return dataclasses.replace(seen, outcomes=tuple(outcomes))


def total(reports: Iterable[Report]) -> Report:
    return sum(reports, Report())


async def note(journal: Journal, world: World, owned: Iterable[Owned], remembered: Mapping[str, Remembered]) -> None:
    """Write down which ids are ours, so that a list that lacks them is noticed; forget those that are gone."""
    seen = {each.id for each in world.live}
    new = [memory_of(each) for each in owned if each.live.id not in remembered]
    if new:
        await journal.remember(new)
    lost = [each.id for each in remembered.values() if each.id not in seen and each.deleted_at is None]
    if lost and world.incomplete is None:
        await journal.forget(lost)


def memory_of(owned: Owned) -> Remembered:
    mark = owned.mark
    return Remembered(owned.live.id, mark.name, mark.version, mark.birth, mark.key, expires_at=owned.live.expires_at)


INTENT_LASTS = dt.timedelta(days=1)


async def open_intents(
    journal: Journal, world: World, desired: Iterable[Desired], now: dt.datetime
) -> Mapping[str, Intent]:
    """The intents of earlier passes that were not carried to their end.

    One whose subscription stands is done. One that no manifest wants any more, or that is too old for its twin still to
    turn up, is dropped.
    """
    births = {live.mark.birth for live in world.live if isinstance(live.mark, Mark)}
    wanted = {each.name for each in desired if each.tenant == world.tenant}
    still_open: dict[str, Intent] = {}
    for intent in (await journal.intents()).values():
        if intent.birth in births or intent.name not in wanted or now - intent.created_at > INTENT_LASTS:
            await journal.settle(intent.name)
        else:
            still_open[intent.name] = intent
    return still_open
