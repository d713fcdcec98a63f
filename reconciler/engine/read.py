"""A tenant's Graph and what we remember of it in, one ``World`` out: all of it, or what is named. Reading fails closed.

LIST is not to be trusted alone (facts 3.2): what we knew and it lacks is asked for by GET, and for some minutes what we
wrote ourselves counts for more than what it says.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.core.catalog import Version
from reconciler.core.errors import CredentialRefused, Gone, GraphError
from reconciler.core.live import Live, LiveError, read_live
from reconciler.core.mark import Mark
from reconciler.core.world import Owned, World
from reconciler.engine.ports import Intent, Listing, Memory, Reader, Remembered

__all__ = ["NARROW", "Named", "Reading", "read_named", "read_world", "with_memory"]

OWN_WRITES_WIN = dt.timedelta(minutes=10)
SAME_MOMENT = dt.timedelta(seconds=1)
ASKED_AT_ONCE = 25
"""By GET; more than Graph's limit lets through in a second (facts 8.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """One tenant's world, and what was remembered of it when it was read."""

    world: World
    remembered: Mapping[str, Remembered]
    intents: Mapping[str, Intent]


async def read_world(tenant: str, *, owner: str, reader: Reader, memory: Memory, now: dt.datetime) -> Reading:
    """Read everything about one tenant. Raises GraphError where nothing can be read, StoreError."""
    remembered, learned, intents = await memory.remembered(), await memory.ceilings(), await memory.intents()
    replaced = {intent.replaces for intent in intents.values()}
    listing = await reader.list()
    listed, incomplete = await asyncio.to_thread(read_listing, listing)  # ten thousand take a while
    empty = not listing.bodies
    del listing  # and much memory
    listed = {each.id: each for each in listed.values() if not deleted_lately(remembered.get(each.id), now)}
    asked = await ask(doubtful(listed, remembered, replaced, now), reader)
    found = {name: live for name, live in (listed | asked.found).items() if name not in asked.gone}
    memories = Memories(remembered, intents, learned)
    world = dataclasses.replace(
        await asyncio.to_thread(memories.world, tenant, owner, found, asked, now=now),
        incomplete=incomplete or asked.unknown,
        shrank=shrank(asked) if empty else None,
    )
    return Reading(world, remembered, intents)


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """What a narrow pass is about."""

    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    """Also of subscriptions that nobody here has heard of."""

    absent: frozenset[str] = frozenset()
    """Names of which a whole list has shown lately that they are not there: they may be created."""


NARROW = "only what was asked for was read"


async def read_named(
    tenant: str, *, owner: str, reader: Reader, memory: Memory, named: Named, now: dt.datetime
) -> Reading:
    """Read what is named by GET alone. What else there is stays unknown, as where a list is not whole."""
    remembered, learned, intents = await memory.remembered(), await memory.ceilings(), await memory.intents()
    replaced = {intent.replaces for intent in intents.values()}
    names = named.names | {remembered[each].name for each in named.ids & remembered.keys()}
    known = (each for each in remembered.values() if each.name in names)
    asked = await ask((each for each in known if each.deleted_at is None or each.id in replaced), reader)
    found = asked.found | await find_unknown(named.ids - remembered.keys(), reader)
    world = Memories(remembered, intents, learned).world(tenant, owner, found, asked, now=now)
    stands = {each.name for each in world.owned(owner)} | {remembered[each].name for each in asked.in_doubt}
    world = dataclasses.replace(world, incomplete=asked.unknown or NARROW, absent=(names & named.absent) - stands)
    return Reading(world, remembered, intents)


async def find_unknown(ids: Iterable[str], reader: Reader) -> dict[str, Live]:
    """By id, those that Graph knows; one that cannot be read now is found by the next full pass."""
    tried = [(each, version) for each in sorted(ids) for version in Version]
    found = await asyncio.gather(*(try_unknown(each, version, reader) for each, version in tried))
    return {live.id: live for live in found if live}


async def try_unknown(subscription_id: str, version: Version, reader: Reader) -> Live | None:
    try:
        return read_live(await reader.get(subscription_id, version))
    except (GraphError, LiveError):
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Memories:
    """All that is remembered of one tenant."""

    remembered: Mapping[str, Remembered]
    intents: Mapping[str, Intent]
    learned: Mapping[str, dt.timedelta]

    def world(self, tenant: str, owner: str, found: Mapping[str, Live], asked: "Asked", *, now: dt.datetime) -> World:
        known = [self.remembered[identifier] for identifier in asked.gone]
        standing = (*(identifier for identifier in found if identifier in self.remembered), *asked.in_doubt)
        alive = {self.remembered[identifier].name for identifier in standing}
        world = World(
            tenant=tenant,
            live=tuple(with_memory(each, self.remembered.get(each.id)) for _, each in sorted(found.items())),
            gone=frozenset(each.name for each in known) - alive,
            marks={each.id: mark_of(each, owner) for each in self.unmarked(found) if each.deleted_at is None},
            learned=self.learned,
        )
        owned = world.owned(owner)
        strangers = frozenset(self.strangers(owned))
        return dataclasses.replace(world, strangers=strangers, noted=self.noted(owned, now))

    def unmarked(self, found: Mapping[str, Live]) -> Iterator[Remembered]:
        """Of those that bear no mark: only of them is it asked."""
        for subscription_id, live in found.items():
            memory = self.remembered.get(subscription_id)
            if memory and live.mark is None:
                yield memory

    def strangers(self, owned: Iterable[Owned]) -> Iterator[str]:
        """Their ids. None in a store that remembers nothing, which is new or was lost.

        A twin has the birth of one that we know.
        """
        births = {each.birth for each in self.remembered.values()} | {each.birth for each in self.intents.values()}
        for each in owned:
            memory = self.remembered.get(each.live.id)
            unheard = memory is None and bool(self.remembered) and each.mark.birth not in births
            if unheard or (memory and memory.stranger):
                yield each.live.id

    def noted(self, owned: Iterable[Owned], now: dt.datetime) -> dict[str, dt.datetime]:
        found = {}
        for each in owned:
            memory = self.remembered.get(each.live.id)
            noted = memory.noted_at if memory else now
            if noted and not (memory and memory.created_at):
                found[each.live.id] = noted
        return found


def read_listing(listing: Listing) -> tuple[dict[str, Live], str | None]:
    """Read what was listed; an item that is not understood makes the list incomplete."""
    found: dict[str, Live] = {}
    incomplete = listing.incomplete
    for body in listing.bodies:
        try:
            live = read_live(body)
        except LiveError as error:
            incomplete = incomplete or str(error)
        else:
            found[live.id] = live
    return found, incomplete


def deleted_lately(memory: Remembered | None, now: dt.datetime) -> bool:
    return bool(memory and memory.deleted_at and now - memory.deleted_at < OWN_WRITES_WIN)


def doubtful(
    listed: Mapping[str, Live],
    remembered: Mapping[str, Remembered],
    replaced: Collection[str | None],
    now: dt.datetime,
) -> Iterable[Remembered]:
    """What GET must be asked for: what the list lacks, and what we wrote lately and it shows otherwise.

    So must what a replacement deleted before it was interrupted: that it is gone lets the replacement be finished.
    """
    for each in remembered.values():
        live = listed.get(each.id)
        if each.deleted_at is not None and each.id not in replaced:
            continue
        if live is None or outdated(live, each, now):
            yield each


def outdated(live: Live, memory: Remembered, now: dt.datetime) -> bool:
    if memory.written_at is None or memory.expires_at is None or now - memory.written_at > OWN_WRITES_WIN:
        return False
    return abs(live.expires_at - memory.expires_at) > SAME_MOMENT


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What GET said of the ids in doubt."""

    found: dict[str, Live]
    gone: tuple[str, ...]
    in_doubt: tuple[str, ...]
    """Those of which Graph did not tell."""

    unknown: str | None
    """Why it did not, None where it told of all."""


async def ask(doubts: Iterable[Remembered], reader: Reader) -> Asked:
    """Where Graph does not tell of any in a row, it is away: then it is not asked for thousands more."""
    doubts, answers = list(doubts), list[Live | str | None]()
    while len(answers) < len(doubts):
        some = doubts[len(answers) : len(answers) + ASKED_AT_ONCE]
        told = await asyncio.gather(*(ask_one(each, reader) for each in some))
        answers += told
        if all(isinstance(answer, str) for answer in told):
            answers += [f"{each.id} was not asked for: {told[0]}" for each in doubts[len(answers) :]]
    pairs = list(zip(doubts, answers, strict=True))
    return Asked(
        found={each.id: answer for each, answer in pairs if isinstance(answer, Live)},
        gone=tuple(each.id for each, answer in pairs if answer is None),
        in_doubt=tuple(each.id for each, answer in pairs if isinstance(answer, str)),
        unknown=next((answer for answer in answers if isinstance(answer, str)), None),
    )


async def ask_one(memory: Remembered, reader: Reader) -> Live | str | None:
    """The subscription, None if it is gone, or a sentence why it cannot be known."""
    try:
        return read_live(await reader.get(memory.id, memory.version))
    except Gone:
        return None
    except CredentialRefused:
        raise  # it is not about this one
    except (GraphError, LiveError) as error:
        return f"{memory.id} could not be read: {error}"


def shrank(asked: Asked) -> str | None:
    """A list can be empty for days while GET works (facts 3.2)."""
    if not asked.found:
        return None
    return f"Graph lists no subscription at all, but still has {len(asked.found)} of those that we know"


def mark_of(memory: Remembered, owner: str) -> Mark:
    return Mark(owner, memory.name, memory.birth, memory.key, None, memory.version)


def with_memory(live: Live, memory: Remembered | None) -> Live:
    """Add what Graph does not tell, or tells wrongly: it may list a certificate that it took and does not go by.

    A lifetime is only known if the expiry is still the one that we were given.
    """
    if memory is None:
        return live
    fixed = memory.certificate_id if memory.certificate_fixed else None
    ours = memory.expires_at is not None and abs(live.expires_at - memory.expires_at) <= SAME_MOMENT
    asked = live.asked
    return dataclasses.replace(
        live,
        asked=asked if asked.version is memory.version else dataclasses.replace(asked, version=memory.version),
        granted=memory.granted if ours else None,
        certificate_id=fixed or live.certificate_id,
        certificate_fixed=memory.certificate_fixed,
    )
