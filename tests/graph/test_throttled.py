"""Our own pacing against a Graph that throttles: its limits are never met (decision 6, facts 8.1)."""

import asyncio
import datetime as dt
import uuid

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import Gone, Throttled
from reconciler.graph.client import Graph
from reconciler.graph.pacing import Kind, Limits
from tests.support.behaviours import RUNS
from tests.support.emulator import RunningEmulator
from tests.support.virtual import VirtualClock, run_until

WIDE = Limits(per_tenant=dict.fromkeys(Kind, 10_000), per_app=dict.fromkeys(Kind, 10_000))
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def emulator(tmp_path):
    """Once is enough: nothing else that is open has to do with it. Its time goes on when nothing is on its way."""
    behaviours = RUNS["behaviours-0"] | {"throttling": "documented"}
    with RunningEmulator(tmp_path, time_scale=0, behaviours=behaviours, page_size=2) as emulator:
        yield emulator


async def statuses(emulator, access, limits, ask):
    """What was answered to the requests that ``ask`` makes with a client, in a minute of time at most."""
    async with VirtualClock(emulator) as clock, Graph(clock=clock, limits=limits) as graph:
        asking = asyncio.create_task(ask(graph.tenant(access)))
        await run_until(clock, clock.time + MINUTE)
        assert asking.done(), "it takes longer than a minute"
        await asking
    return {line["status"] for line in emulator.requests() if "/subscriptions" in line["path"]}


def gets(count):
    """So many of what does not exist, as fast as they go."""

    async def one(client):
        with pytest.raises((Gone, Throttled)):
            await client.get(str(uuid.uuid4()), Version.V1)

    async def ask(client):
        await asyncio.gather(*(one(client) for _ in range(count)))

    return ask


async def lists(client):
    for _ in range(13):
        assert (await client.list()).incomplete is None


async def test_the_documented_limits_are_not_met(emulator, access):
    assert await statuses(emulator, access, Limits(), gets(1100)) == {404}


async def test_wider_ones_are(emulator, access):
    """So the test above can fail."""
    assert 429 in await statuses(emulator, access, WIDE, gets(600))


async def test_lists_in_a_row(emulator, access):
    assert await statuses(emulator, access, Limits(), lists) == {200}
