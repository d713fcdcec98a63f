"""One pass over all tenants: read, plan, and, where there are writers, apply.

Tenants run side by side, and one that cannot be reached fails alone.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Collection, Iterable, Sequence

from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.mark import Mark
from reconciler.core.plan import Options, plan
from reconciler.core.world import Owned
from reconciler.engine.apply import apply
from reconciler.engine.hands import ClientStates, Hands, Party
from reconciler.engine.outcome import Watcher
from reconciler.engine.ports import Clock, Intent, Journal, Memory, Reader, Remembered
from reconciler.engine.read import Reading, read_world
from reconciler.engine.report import Report

__all__ = ["View", "dry_run", "run"]

LOG = logging.getLogger(__name__)


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
    read = await read_one(view, now=now, owner=options.owner)
    return (
        Report(unread={view.name: read}) if isinstance(read, ReconcilerError) else planned(read, desired, now, options)
    )


async def read_one(view: View, *, now: dt.datetime, owner: str) -> Reading | ReconcilerError:
    """A tenant that cannot be read fails alone, whatever the reason."""
    try:
        return await read_world(view.name, owner=owner, reader=view.reader, memory=view.memory, now=now)
    except ReconcilerError as error:
        return error
    except Exception as error:
        LOG.exception("reading %s", view.name)
        return ReconcilerError(f"internal error, please report it: {error!r}")


def planned(read: Reading, desired: Sequence[Desired], now: dt.datetime, options: Options) -> Report:
    found = plan(desired, read.world, now=now, options=options)
    return Report(found, worlds={read.world.tenant: read.world})


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
    read = await read_one(View(party.name, party.reader, party.journal), now=now, owner=options.owner)
    if isinstance(read, ReconcilerError):
        return Report(outcomes=(), unread={party.name: read})
    seen = planned(read, desired, now, options)
    owned = read.world.owned(options.owner)
    wanted = {each.name for each in desired if each.tenant == party.name}
    try:
        await note(party.journal, read, owned, wanted)
        intents = await open_intents(party.journal, read, wanted, now, whole=options.prune)
    except ReconcilerError as error:
        return Report(outcomes=(), unread={party.name: error})
    watcher.planned(seen.plan)
    hands = Hands(
        party=party,
        owner=options.owner,
        clock=clock,
        client_states=client_states,
        remembered=read.remembered,
        intents=intents,
        learned=dict(read.world.learned),
        renew_within=options.renew_within,
    )
    outcomes = await apply(seen.plan, hands, owned=len(owned), limits=options.limits, watcher=watcher)
    return dataclasses.replace(seen, outcomes=tuple(outcomes))


def total(reports: Iterable[Report]) -> Report:
    return sum(reports, Report())


async def note(journal: Journal, read: Reading, owned: Collection[Owned], wanted: Collection[str]) -> None:
    """Write down which ids are ours, so that a list that lacks them is noticed; forget those that are gone.

    One that is wanted is not forgotten before another stands in its place: while it is known, GET can say that it is
    gone, even where the list is not whole.
    """
    new = [memory_of(each) for each in owned if each.live.id not in read.remembered]
    if new:
        await journal.remember(new)
    seen = {each.id for each in read.world.live}
    needed = set(wanted) - {each.name for each in owned}
    absent = (each for each in read.remembered.values() if each.id not in seen and each.deleted_at is None)
    lost = [each.id for each in absent if each.name not in needed]
    if lost and read.world.incomplete is None:
        await journal.forget(lost)


def memory_of(owned: Owned) -> Remembered:
    mark = owned.mark
    return Remembered(owned.live.id, mark.name, mark.version, mark.birth, mark.key, expires_at=owned.live.expires_at)


INTENT_LASTS = dt.timedelta(days=1)


async def open_intents(
    journal: Journal, read: Reading, wanted: Collection[str], now: dt.datetime, *, whole: bool
) -> dict[str, Intent]:
    """The intents of earlier passes that were not carried to their end.

    One whose subscription stands is done. One that is too old for its twin still to turn up is dropped, and so is one
    that no manifest wants any more, if the whole of them was read.
    """
    births = {live.mark.birth for live in read.world.live if isinstance(live.mark, Mark)}
    still_open: dict[str, Intent] = {}
    for intent in read.intents.values():
        unwanted = whole and intent.name not in wanted
        if intent.birth in births or unwanted or now - intent.created_at > INTENT_LASTS:
            await journal.settle(intent.name)
        else:
            still_open[intent.name] = intent
    return still_open
