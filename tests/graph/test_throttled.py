"""Our own pacing against a Graph that throttles: its limits are never met (decision 6, facts 8.1)."""

import asyncio
import uuid

import pytest

from reconciler.core.catalog import Version
from reconciler.core.errors import Gone, Throttled
from reconciler.graph.client import Graph
from reconciler.graph.pacing import Kind, Limits
from tests.support.behaviours import RUNS
from tests.support.world import TurnedClock

pytestmark = pytest.mark.parametrize("running", [RUNS["behaviours-0"]], indirect=True, ids=["throttling"])
"""Once is enough: nothing else that is open has to do with it."""
WIDE = Limits(per_tenant=dict.fromkeys(Kind, 10_000), per_app=dict.fromkeys(Kind, 10_000))


class Patient(TurnedClock):
    """Lets what is under way arrive before it turns the time, as 20 real seconds would."""

    async def sleep(self, seconds):
        await asyncio.sleep(0.5)
        await super().sleep(seconds)


@pytest.fixture(autouse=True)
def throttling(emulator):
    emulator.behave(throttling="documented")


async def ask(emulator, access, limits, count):
    """So many GETs of what does not exist, as fast as they go; the statuses of the answers."""
    start = len(emulator.requests())
    async with Graph(clock=Patient(emulator), limits=limits) as graph:
        client = graph.tenant(access)

        async def one():
            with pytest.raises((Gone, Throttled)):
                await client.get(str(uuid.uuid4()), Version.V1)

        await asyncio.gather(*(one() for _ in range(count)))
    return {line["status"] for line in emulator.requests()[start:] if "/subscriptions/" in line["path"]}


async def test_the_documented_limits_are_not_met(emulator, access):
    assert await ask(emulator, access, Limits(), 700) == {404}


async def test_wider_ones_are(emulator, access):
    """So the test above can fail."""
    assert 429 in await ask(emulator, access, WIDE, 600)


async def test_lists_in_a_row(emulator, access):
    start = len(emulator.requests())
    async with Graph(clock=Patient(emulator), limits=Limits()) as graph:
        client = graph.tenant(access)
        for _ in range(13):
            assert (await client.list()).incomplete is None
    assert {line["status"] for line in emulator.requests()[start:] if "/subscriptions" in line["path"]} == {200}
