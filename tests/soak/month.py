"""A month of a daemon on the emulator, in virtual time: weekly outages, challenges now and then, a ledger at the end.

    lived = await Month(folder, population=Population(three_days=100, one_day=100, one_hour=10), days=4).run()
    assert broken(lived) == {}

Ticks are further apart than the daemon's second while nothing happens, so that renewals share their commits.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import gc
import json
import random
import resource
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from reconciler.core.catalog import LifecycleEvent
from reconciler.core.desired import Desired
from reconciler.core.gap import Gap
from reconciler.core.lifecycle import wish_of
from reconciler.emulator.parts import Parts
from tests.soak.diary import Diary
from tests.soak.keeper import Keeper
from tests.soak.outages import Outage, outages_of
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver
from tests.support.virtual import VirtualClock, run_until
from tests.support.world import Scene

__all__ = ["CALM", "Challenge", "Lived", "Month", "Population"]

CALM, TENSE, BUSY = dt.timedelta(minutes=1), dt.timedelta(seconds=5), dt.timedelta(seconds=1)
"""Between two ticks: as a rule, in an outage, and where many are on their way."""

AFTERWARDS = dt.timedelta(minutes=15)
"""After an outage it is busy for so long."""

CREATED_WITHIN = dt.timedelta(hours=1)

BEHAVIOURS = {"challenges": "rarely", "validate-on-patch": "never"}
"""Every 45 minutes a challenge for each would be most of what happens."""

CHALLENGED, AGAIN = 20, (0, 2, 7)
"""So many a day, and so often each, in minutes: Graph goes on asking, and one answer is enough."""


@dataclasses.dataclass(frozen=True, slots=True)
class Population:
    three_days: int
    one_day: int
    one_hour: int

    def wanted(self, scene: Scene) -> Iterator[Desired]:
        """Teams, of which each has one subscription, and mailboxes, where Graph would take twins."""
        hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
        for number in range(self.three_days):
            yield scene.want(f"team-{number}", f"teams/{uuid.UUID(int=(4 << 76) + (8 << 60) + number)}")
        for kind, count, lifetime in (("day", self.one_day, day), ("hour", self.one_hour, hour)):
            for number in range(count):
                mailbox = f"users/{kind}-{number}@contoso.com/messages"
                yield scene.want(f"{kind}-{number}", mailbox, lifetime=lifetime)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Challenge:
    at: dt.datetime
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What is left when all is over."""

    diary: Diary
    outages: list[Outage]
    challenges: list[Challenge]
    gaps: list[Gap]
    names: list[str]
    until: dt.datetime
    passes: dict[str, int]
    pass_seconds: float
    complaints: dict[str, int]
    mistakes: list[str]
    seconds: float
    steps: int
    peak_megabytes: int


class Month:
    def __init__(self, folder: Path, *, population: Population, days: float, interval: dt.timedelta, seed: int) -> None:
        self.folder, self.population, self.interval = folder, population, interval
        self.length, self.chance = dt.timedelta(days=days), random.Random(seed)
        self.diary = Diary()
        self.due: list[Challenge] = []
        self.told: list[Challenge] = []

    async def run(self) -> Lived:
        began = time.monotonic()
        async with self.opened() as keeper:
            begin = self.clock.time
            await self.create(keeper)
            outages = outages_of(begin, self.length)
            self.due = self.challenges(begin, outages)
            for outage in outages:
                gc.freeze()  # looking at what stays again and again would be a quarter of the time
                await self.live(keeper, outage.since, every=CALM)
                with outage.at(self.emulator):
                    await self.live(keeper, outage.until, every=TENSE)
                await self.live(keeper, outage.until + AFTERWARDS, every=BUSY)
                print(f"{self.clock.time:%d %H:%M} {outage.kind}: {time.monotonic() - began:.0f} s", flush=True)
            await self.live(keeper, begin + self.length, every=CALM)
            await self.live(keeper, begin + self.length + AFTERWARDS, every=BUSY)
            return Lived(
                diary=self.diary,
                outages=outages,
                challenges=self.told,
                gaps=await keeper.gaps(),
                names=self.names,
                until=self.clock.time,
                passes=keeper.passes.counts,
                pass_seconds=keeper.passes.seconds,
                complaints=keeper.complaints.counts,
                mistakes=keeper.complaints.mistakes,
                seconds=time.monotonic() - began,
                steps=self.clock.steps,
                peak_megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            )

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Keeper]:
        home = self.folder / "emulator"
        with (
            RunningEmulator(home, time_scale=0, behaviours=BEHAVIOURS) as self.emulator,
            ValidationReceiver(self.emulator.info) as self.receiver,
            self.emulator.client() as others,
            self.diary.keeping(self.emulator),
        ):
            scene = Scene(self.emulator, self.receiver, others, self.folder)
            async with VirtualClock(self.emulator) as self.clock:
                self.clock.follow_agenda = False
                keeper = Keeper(self.emulator, self.clock, scene.state, interval=self.interval)
                async with keeper.entered():
                    wanted = list(self.population.wanted(scene))
                    self.names = [each.name for each in wanted]
                    keeper.want(wanted)
                    yield keeper

    async def create(self, keeper: Keeper) -> None:
        """All of them, paced under Graph's limits."""
        end = self.clock.time + CREATED_WITHIN
        while len(self.diary.lives) < len(self.names):
            assert self.clock.time < end, f"{len(self.diary.lives)} of {len(self.names)} stand"
            await self.live(keeper, self.clock.time + BUSY, every=BUSY)
        gc.collect()

    def challenges(self, begin: dt.datetime, outages: list[Outage]) -> list[Challenge]:
        """In their order; where Graph is away it challenges by itself what is about to end."""
        found = []
        for day in range(1, self.length.days):
            at = begin + dt.timedelta(days=day, minutes=self.chance.randrange(24 * 60 - max(AGAIN)))
            if any(outage.since - AFTERWARDS < at < outage.until + AFTERWARDS for outage in outages):
                continue
            for name in self.chance.sample(self.names, min(CHALLENGED, len(self.names))):
                found += [Challenge(at + dt.timedelta(minutes=minutes), name) for minutes in AGAIN]
        return sorted(found)

    async def live(self, keeper: Keeper, until: dt.datetime, *, every: dt.timedelta) -> None:
        while self.clock.time < until:
            await self.tell_due()
            await self.hear(keeper)
            await keeper.tick()
            await run_until(self.clock, min(until, self.clock.time + every))

    async def tell_due(self) -> None:
        while self.due and self.due[0].at <= self.clock.time:
            challenge = Challenge(self.clock.time, self.due.pop(0).name)
            life = self.diary.lives[challenge.name][-1]
            await asyncio.wrap_future(self.emulator.inside(functools.partial(tell, life.id)))
            self.told.append(challenge)

    async def hear(self, keeper: Keeper) -> None:
        """What Graph has told the receiver, as that hands it on."""
        heard, self.receiver.received = self.receiver.received, []
        for each in heard:
            if each.token is None:
                for item in json.loads(each.body)["value"]:
                    wish = wish_of(
                        item["lifecycleEvent"], tenant_id=item["tenantId"], subscription_id=item["subscriptionId"]
                    )
                    await keeper.house.mailbox.keep(wish)


def tell(subscription_id: str, parts: Parts) -> None:
    found = parts.subscriptions.find(subscription_id, parts.clock.now())
    assert found is not None
    parts.lifecycle.tell(found, LifecycleEvent.REAUTHORIZATION_REQUIRED)
