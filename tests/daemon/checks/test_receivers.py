"""The private address of a receiver that runs, over HTTP."""

import asyncio
import contextlib

import pytest

from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.receivers import receiver_checks
from reconciler.daemon.checks.running import run
from reconciler.receiver import serve
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.private import private_application


@contextlib.asynccontextmanager
async def served(metrics, problem=None):
    """Yields its address."""
    ready = asyncio.get_running_loop().create_future()

    async def check():
        return problem

    application = private_application(metrics.registry, checks={"store": check})
    serving = asyncio.create_task(serve(application, host="127.0.0.1", port=0, ready=ready.set_result))
    try:
        yield "127.0.0.1", await ready
    finally:
        serving.cancel()
        await asyncio.wait([serving])


async def levels(private):
    return {each.check: each.level for each in await run(list(receiver_checks(private)))}


@pytest.mark.parametrize(
    ("seconds", "level"), [([0.1] * 9, Level.OK), ([0.1] * 8 + [3.5], Level.FAILURE), ([], Level.SKIPPED)]
)
async def test_its_own_figures(seconds, level):
    metrics = Metrics()
    for each in seconds:
        metrics.answered(202, each)
    async with served(metrics) as address:
        assert await levels(address) == {"receiver-ready": Level.OK, "slow-answers": level}


async def test_not_ready():
    async with served(Metrics(), "it is locked") as address:
        (ready, _) = await run(list(receiver_checks(address)))
    assert ready.level is Level.FAILURE
    assert "not ready: store: it is locked" in ready.verdict.found
    assert ready.subject == f"the receiver at 127.0.0.1:{address[1]}"


async def test_nobody_there():
    async with served(Metrics()) as address:
        pass
    assert await levels(address) == {"receiver-ready": Level.FAILURE, "slow-answers": Level.FAILURE}


async def test_an_address_that_is_not_known():
    assert await levels(None) == {"receiver-ready": Level.SKIPPED, "slow-answers": Level.SKIPPED}
