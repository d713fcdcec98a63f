"""One pass over all tenants: read, plan, and, where there are writers, apply.

Tenants run side by side, and one that cannot be reached fails alone.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.errors import ReconcilerError
from reconciler.core.mark import Mark
from reconciler.core.matching import claimed_by
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.reasons import Action
from reconciler.core.safety import SECOND_WRITER
from reconciler.core.world import Owned
from reconciler.engine.apply import apply
from reconciler.engine.hands import ClientStates, Hands, Party, never
from reconciler.engine.outcome import Watcher
from reconciler.engine.ports import Clock, Intent, Journal, Memory, Reader, Remembered
from reconciler.engine.read import Named, Reading, read_named, read_world
from reconciler.engine.report import Report

__all__ = ["Approve", "Deaf", "Task", "View", "dry_run", "run", "run_one"]

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
    reading = read_world(view.name, owner=owner, reader=view.reader, memory=view.memory, now=now)
    return await attempt(view.name, reading)


async def attempt(tenant: str, reading: Awaitable[Reading]) -> Reading | ReconcilerError:
    """A tenant that cannot be read fails alone, whatever the reason."""
    try:
        return await reading
    except ReconcilerError as error:
        return error
    except Exception as error:
        LOG.exception("reading %s", tenant)
        return ReconcilerError(f"internal error, please report it: {error!r}")


def planned(read: Reading, desired: Sequence[Desired], now: dt.datetime, options: Options) -> Report:
    found = plan(desired, read.world, now=now, options=options)
    return Report(found, worlds={read.world.tenant: read.world})


def looked_at(
    read: Reading, desired: Sequence[Desired], now: dt.datetime, options: Options
) -> tuple[Report, Sequence[Owned]]:
    """Its plan, and what is ours in it. On a thread: ten thousand take a while."""
    return planned(read, desired, now, options), read.world.owned(options.owner)


Deaf = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Which of some endpoints, by name, do not answer as Graph wants it; asked only where something is to be replaced."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done in one tenant, and by what means."""

    desired: Sequence[Desired]
    """Of all tenants."""

    clock: Clock
    options: Options
    client_states: ClientStates
    watcher: Watcher
    named: Named | None = None
    """For a narrow pass: what it is about. None: everything."""

    alive_at: Mapping[str, dt.datetime] = dataclasses.field(default_factory=dict)
    """When each subscription was last seen to be there, by id."""

    stopping: Callable[[], bool] = never
    deaf: Deaf | None = None


Approve = Callable[[Report], bool]
"""Whether what was planned for all tenants may be carried out."""


async def run(
    parties: Iterable[Party],
    desired: Sequence[Desired],
    *,
    clock: Clock,
    options: Options,
    client_states: ClientStates,
    watcher: Watcher,
    approve: Approve | None = None,
    deaf: Deaf | None = None,
) -> Report:
    """Plan every tenant and carry the plan out; ``watcher`` hears of each outcome as it comes.

    With ``approve``, nothing is written anywhere before all tenants are planned and it has said yes to all of it;
    where it says no, the report is that of a dry run.
    """
    task = Task(desired=desired, clock=clock, options=options, client_states=client_states, watcher=watcher, deaf=deaf)
    if approve is None:
        return total(await asyncio.gather(*(run_one(party, task) for party in parties)))
    parties = list(parties)
    planned = await asyncio.gather(*(prepare(party, task) for party in parties))
    looked = total(each.report if isinstance(each, Prepared) else each for each in planned)
    if not approve(looked):
        return looked
    return total(
        await asyncio.gather(*(carry_out(party, each, task) for party, each in zip(parties, planned, strict=True)))
    )


async def run_one(party: Party, task: Task) -> Report:
    return await carry_out(party, await prepare(party, task), task)


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """One tenant, read and planned."""

    read: Reading
    now: dt.datetime
    options: Options
    report: Report
    owned: Sequence[Owned]


async def prepare(party: Party, task: Task) -> Prepared | Report:
    """A report where the tenant could not be read."""
    read = await read_for(party, task)
    if isinstance(read, ReconcilerError):
        return Report(outcomes=(), unread={party.name: read})
    now, options = task.clock.now(), narrowed(task.options, read, task.named)
    seen, owned = await asyncio.to_thread(looked_at, read, task.desired, now, options)
    replaced_at = {change.desired.endpoint for change in seen.plan.due if replaces(change) and change.desired}
    try:
        deaf = await task.deaf(replaced_at) if task.deaf and replaced_at else frozenset()
    except ReconcilerError as error:
        return Report(outcomes=(), unread={party.name: error})
    if deaf:
        options = dataclasses.replace(options, deaf=deaf)
        seen, owned = await asyncio.to_thread(looked_at, read, task.desired, now, options)
    return Prepared(read, now, options, seen, owned)


def replaces(change: Change) -> bool:
    return change.action is Action.REPLACE


async def carry_out(party: Party, prepared: Prepared | Report, task: Task) -> Report:
    if isinstance(prepared, Report):
        return prepared
    read, seen, options = prepared.read, prepared.report, prepared.options
    mine = [each for each in task.desired if each.tenant == party.name]
    wanted = claimed_by(mine)
    standing = {each.name for each in prepared.owned}
    needed = claimed_by(each for each in mine if standing.isdisjoint(each.names))
    try:
        remembered = await note(party.journal, read, prepared.owned, needed, prepared.now, options)
        intents = await open_intents(party.journal, read, wanted, prepared.now, whole=options.prune)
    except ReconcilerError as error:
        return Report(outcomes=(), unread={party.name: error})
    task.watcher.planned(seen.plan)
    hands = Hands(
        party=party,
        owner=options.owner,
        clock=task.clock,
        client_states=task.client_states,
        remembered=remembered,
        intents=intents,
        learned=dict(read.world.learned),
        renew_within=options.renew_within,
        alive_at=task.alive_at,
        stopping=task.stopping,
    )
    outcomes = await apply(seen.plan, hands, owned=len(prepared.owned), options=options, watcher=task.watcher)
    return dataclasses.replace(seen, outcomes=tuple(outcomes))


async def read_for(party: Party, task: Task) -> Reading | ReconcilerError:
    now, owner, journal = task.clock.now(), task.options.owner, party.journal
    if task.named is None:
        return await attempt(
            party.name, read_world(party.name, owner=owner, reader=party.reader, memory=journal, now=now)
        )
    reading = read_named(party.name, owner=owner, reader=party.reader, memory=journal, named=task.named, now=now)
    return await attempt(party.name, reading)


def narrowed(options: Options, read: Reading, named: Named | None) -> Options:
    """A narrow pass prunes nothing, and is about the names that it was made for and those that it has found."""
    if named is None:
        return options
    owned = {each.name for each in read.world.owned(options.owner)}
    asked = {each.name for each in read.remembered.values() if each.id in named.ids}
    names = named.names | owned | asked
    selected = frozenset((read.world.tenant, name) for name in names)
    return dataclasses.replace(options, prune=False, selected=selected)


def total(reports: Iterable[Report]) -> Report:
    return sum(reports, Report())


async def note(
    journal: Journal,
    read: Reading,
    owned: Collection[Owned],
    needed: Collection[str],
    now: dt.datetime,
    options: Options,
) -> Mapping[str, Remembered]:
    """Write down which ids are ours, so that a list that lacks them is noticed; forget those that are gone.

    One that is ``needed``, by a name that is wanted and does not stand, is not forgotten before another stands in its
    place: while it is known, GET can say that it is gone, even where the list is not whole. Returns what is remembered
    now, those that are forgotten included.
    """
    allowed = SECOND_WRITER in options.allow
    new = [memory_of(each, read, now) for each in owned if each.live.id not in read.remembered]
    known = [read.remembered[each.live.id] for each in owned if each.live.id in read.remembered]
    new += [each for each in known if each.stranger and allowed]
    new = [dataclasses.replace(each, stranger=each.stranger and not allowed) for each in new]
    if new:
        await journal.remember(new)
    seen = {each.id for each in read.world.live}
    absent = (each for each in read.remembered.values() if each.id not in seen and each.deleted_at is None)
    lost = [each.id for each in absent if each.name not in needed]
    if lost and read.world.incomplete is None:
        await journal.forget(lost)
    return {**read.remembered, **{each.id: each for each in new}}


def memory_of(owned: Owned, read: Reading, now: dt.datetime) -> Remembered:
    mark, live = owned.mark, owned.live
    return Remembered(
        live.id,
        mark.name,
        mark.version,
        mark.birth,
        mark.key,
        expires_at=live.expires_at,
        certificate_id=live.certificate_id,
        noted_at=now,
        stranger=live.id in read.world.strangers,
    )


INTENT_LASTS = dt.timedelta(days=1)


async def open_intents(
    journal: Journal, read: Reading, wanted: Collection[str], now: dt.datetime, *, whole: bool
) -> dict[str, Intent]:
    """The intents of earlier passes that were not carried to their end.

    One whose subscription stands is done. One that is too old for its twin still to turn up is dropped, and so is one
    that no manifest wants any more, if the whole of them was read.
    """
    births = {mark.birth for live in read.world.live if isinstance(mark := live.whole_mark, Mark)}
    still_open: dict[str, Intent] = {}
    for intent in read.intents.values():
        unwanted = whole and intent.name not in wanted
        if intent.birth in births or unwanted or now - intent.created_at > INTENT_LASTS:
            await journal.settle(intent.name)
        else:
            still_open[intent.name] = intent
    return still_open
