"""Never more than Graph's documented limits (facts 8.1), whoever asks and whenever."""

import asyncio
import collections
import datetime as dt
import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from reconciler.graph.pacing import AppPacer, Kind, Limits
from tests.graph.support import START, FakeClock


def limits(per_tenant, per_app, **more):
    return Limits(per_tenant=dict.fromkeys(Kind, per_tenant), per_app=dict.fromkeys(Kind, per_app), **more)


class World:
    """A pacer, a clock, and who was let through when."""

    def __init__(self, given_limits):
        self.clock = FakeClock()
        self.pacer = AppPacer(limits=given_limits, clock=self.clock)
        self.sent = []

    async def ask(self, tenant, *, after=0.0, kind=Kind.WRITE, takes=0.0):
        if after:
            await self.clock.sleep(after)

        async def ready():
            if takes:
                await self.clock.sleep(takes)

        await self.pacer.tenant(tenant).turn(kind, ready=ready)
        self.sent.append((self.clock.now(), tenant))

    def seconds(self):
        return [(moment - START).total_seconds() for moment, _ in self.sent]


def most_in_any_window(moments, seconds):
    length = dt.timedelta(seconds=seconds)
    moments = sorted(moments)
    return max(sum(start <= moment < start + length for moment in moments) for start in moments)


@settings(max_examples=50, deadline=None)
@given(
    arrivals=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 60), st.floats(0, 3)), min_size=1, max_size=60),
    per_tenant=st.integers(1, 6),
    per_app=st.integers(1, 10),
)
def test_never_more_than_the_limit_in_any_window(arrivals, per_tenant, per_app):
    async def run():
        world = World(limits(per_tenant, per_app))
        await asyncio.gather(*(world.ask(tenant, after=after, takes=takes) for tenant, after, takes in arrivals))
        return world

    world = asyncio.run(run())
    assert len(world.sent) == len(arrivals)
    assert most_in_any_window([moment for moment, _ in world.sent], 20) <= per_app
    for tenant in {tenant for _, tenant in world.sent}:
        assert most_in_any_window([moment for moment, whose in world.sent if whose == tenant], 20) <= per_tenant


@pytest.mark.parametrize(
    ("kind", "in_one_tenant", "in_all"),
    [(Kind.WRITE, 500, 2000), (Kind.GET, 500, 2000), (Kind.REAUTHORIZE, 1000, 4000), (Kind.LIST, 20, 32)],
)
async def test_the_figures_of_facts_8_1(kind, in_one_tenant, in_all):
    """Of the LISTs, 25 and 40, a fifth is left to people and pipelines."""
    one = World(Limits())
    await asyncio.gather(*(one.ask("a", kind=kind) for _ in range(in_one_tenant + 1)))
    assert one.seconds() == [0.0] * in_one_tenant + [20.0]

    many = World(Limits())
    await asyncio.gather(*(many.ask(str(number), kind=kind) for number in range(in_all + 1)))
    assert many.seconds() == [0.0] * in_all + [20.0]


async def test_kinds_are_counted_apart():
    world = World(limits(1, 1))
    await asyncio.gather(*(world.ask("a", kind=kind) for kind in Kind))
    assert world.seconds() == [0.0] * len(Kind)


async def test_first_come_first_served():
    world, served = World(limits(2, 100)), []

    async def ask(number):
        await world.ask("a")
        served.append(number)

    await asyncio.gather(*map(ask, range(9)))
    assert served == list(range(9))
    assert world.seconds() == [0.0, 0.0, 20.0, 20.0, 40.0, 40.0, 60.0, 60.0, 80.0]


async def test_a_busy_tenant_does_not_hold_up_a_quiet_one():
    world = World(limits(2, 100))
    await asyncio.gather(*(world.ask("busy") for _ in range(10)), world.ask("quiet"))
    assert [moment for moment, tenant in world.sent if tenant == "quiet"] == [START]


async def test_tenants_of_one_app_take_turns():
    world = World(limits(100, 2))
    await asyncio.gather(*(world.ask("busy") for _ in range(10)), *(world.ask("other") for _ in range(2)))
    assert collections.Counter(tenant for _, tenant in world.sent[2:6]) == {"busy": 2, "other": 2}


async def test_a_429_halves_for_a_minute_and_closes_as_long_as_told():
    world = World(limits(4, 100))
    world.pacer.tenant("a").throttled(Kind.WRITE, retry_after=7)
    await asyncio.gather(*(world.ask("a") for _ in range(12)))
    assert world.seconds() == [7.0, 7.0, 27.0, 27.0, 47.0, 47.0, *[67.0] * 4, *[87.0] * 2]


async def test_a_429_closes_no_other_tenant_and_no_other_kind():
    world = World(limits(4, 100))
    world.pacer.tenant("a").throttled(Kind.WRITE, retry_after=7)
    await asyncio.gather(world.ask("b"), world.ask("a", kind=Kind.GET))
    assert world.seconds() == [0.0, 0.0]


async def test_whoever_gives_up_leaves_the_queue():
    world = World(limits(1, 100))
    await world.ask("a")
    waiting = [asyncio.create_task(world.ask("a")) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting[:2]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert world.seconds() == [0.0, 20.0]


async def test_ten_thousand_may_wait():
    world = World(Limits())
    await asyncio.gather(*(world.ask("a") for _ in range(10_000)))
    counts = [len(list(group)) for _, group in itertools.groupby(world.seconds())]
    assert counts == [500] * 20


@pytest.mark.parametrize("throttled", [False, True])
async def test_a_clock_that_is_set_back_stops_nobody(throttled):
    """By an hour: nobody waits for it to be as late again as it was, and the limit holds all the same."""
    world = World(limits(5, 5))
    for _ in range(5):
        await world.ask("a")
    if throttled:
        world.pacer.tenant("a").throttled(Kind.WRITE, retry_after=60)
    world.clock.time = back = START - dt.timedelta(hours=1)
    await asyncio.gather(*(world.ask("a") for _ in range(6)))
    waited = [(moment - back).total_seconds() for moment, _ in world.sent[5:]]
    assert waited == ([60, 60, 60, 60, 60, 80] if throttled else [20, 20, 20, 20, 20, 40])
