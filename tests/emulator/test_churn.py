"""Changing the world without end: when, what, and what it says of itself."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator import EmulatorError
from reconciler.emulator.churn import Churn, Order, writes
from reconciler.emulator.churn.known import Known
from reconciler.emulator.churn.run import IN_FLIGHT
from reconciler.emulator.churn.session import Session
from reconciler.emulator.churn.tally import Tally
from reconciler.emulator.churn.writes import Write, drawn
from reconciler.emulator.outgoing import connect_async
from tests.support.emulator import RunningEmulator

FAST = 400.0


def nobody(_: Tally) -> None:
    """For who is not interested."""


@pytest.mark.parametrize(
    ("order", "count", "last"),
    [
        (Order(rate=10, random_seed=1, count=3), 3, 0.2),
        (Order(rate=10, random_seed=1, seconds=1), 10, 0.9),
        (Order(rate=0.5, random_seed=1, seconds=3), 2, 2.0),
        (Order(rate=1000, random_seed=1, seconds=0.0015), 2, 0.001),
    ],
    ids=["count", "seconds", "slow", "short"],
)
def test_when(order: Order, count: int, last: float) -> None:
    times = list(order.due_times())
    assert len(times) == count
    assert times[-1] == pytest.approx(last)
    assert order.due_by(1_000_000) == count
    assert order.due_by(0) == 1


@pytest.mark.parametrize(("seconds", "due"), [(0, 1), (0.05, 1), (0.1, 2), (0.95, 10), (60, 601)])
def test_how_many_should_have_begun(seconds: float, due: int) -> None:
    order = Order(rate=10, random_seed=1)
    assert order.due_by(seconds) == due
    assert len(list(itertools.takewhile(lambda time: time <= seconds, order.due_times()))) == due


def test_a_tally_in_words() -> None:
    tally = Tally()
    tally.done = 9
    tally.reasons["404 ResourceNotFound"] += 1
    tally.read(seconds=2.0, behind=3)
    assert str(tally) == "2 s: 9 done, 1 failed, 5.0 a second, 3 behind"
    tally.done = 19
    tally.read(seconds=3.0, behind=0)
    assert str(tally) == "3 s: 19 done, 1 failed, 10.0 a second, 0 behind"
    assert tally.summary() == ("20 writes in 3.0 s, 6.7 a second: 19 done, 1 failed (1 with 404 ResourceNotFound)")


@pytest.fixture
def world(emulator: RunningEmulator) -> RunningEmulator:
    """With a few of everything in it."""
    emulator.control(
        "POST",
        "world",
        {
            "teams": [{"displayName": f"Team {number}", "channels": [{"displayName": "One"}]} for number in range(5)],
            "webinars": [{"displayName": "Launch"}],
            "townhalls": [{"displayName": "All hands"}],
            "onlineMeetings": [{"subject": "Standup"}],
        },
    )
    return emulator


Draw = Callable[[int, int], list[Write]]


@pytest.fixture
def draw(world: RunningEmulator) -> Draw:
    """So many writes, drawn with a number."""

    async def several(random_seed: int, count: int) -> list[Write]:
        order = Order(rate=1, random_seed=random_seed)
        async with connect_async(world.graph, world.info["caFile"]) as client:
            known = await Known.read(Session(client, world.info))
            known.own_channels = [f"/v1.0/teams/t/channels/{number}" for number in range(count)]
            return [await drawn(known, order.random(number)) for number in range(count)]

    return lambda random_seed, count: asyncio.run(several(random_seed, count))


def test_the_same_number_draws_the_same_writes(draw: Draw) -> None:
    assert draw(7, 50) == draw(7, 50)
    assert draw(7, 50) != draw(8, 50)


def test_most_writes_are_changes_of_teams_and_channels(draw: Draw) -> None:
    found = draw(1, 300)
    methods = Counter(write.method for write in found)
    assert methods["PATCH"] > 200
    assert methods["POST"] > methods["DELETE"] > 0
    for part in ("/channels", "/webinars", "/registrations", "/meetingCallEvents"):
        assert any(part in write.path for write in found), part


def test_a_world_does_not_grow_for_ever(world: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "MANY", 3)
    monkeypatch.setattr(writes, "DRAWS", {writes.register: 1})
    tally = churned(world, count=60)
    assert (tally.done, tally.failed) == (60, 0)
    assert 3 <= world.control("GET", "world?count")["registrations"] <= 3 + IN_FLIGHT


def churned(emulator: RunningEmulator, tell: Callable[[Tally], None] = nobody, **order: Any) -> Tally:
    churn = Churn(emulator.info, Order(**({"rate": FAST, "random_seed": 1, "count": 40} | order)))
    asyncio.run(churn.run(tell=tell))
    return churn.tally


@pytest.fixture
def asked(world: RunningEmulator) -> Callable[[], Sequence[str]]:
    """The writes since the fixture was made, as ``PATCH 204``."""
    before = len(world.requests())

    def since() -> Sequence[str]:
        lines = world.requests()[before:]
        return [
            f"{line['method']} {line['status']}" for line in lines if "/v1.0" in line["path"] or "/beta" in line["path"]
        ]

    return since


def test_every_write_is_taken(world: RunningEmulator, asked: Callable[[], Sequence[str]]) -> None:
    tally = churned(world, count=150)
    assert (tally.done, tally.reasons) == (150, {})
    assert sum(not each.startswith("GET") for each in asked()) == 150


def test_it_keeps_the_rate_and_tells_every_second(world: RunningEmulator) -> None:
    told: list[str] = []
    tally = churned(world, tell=lambda tally: told.append(str(tally)), rate=20, count=24)
    assert tally.done == 24
    assert tally.seconds >= 23 / 20
    assert told[0].startswith("1 s: ")


def test_it_ends_in_time_however_far_it_has_come(world: RunningEmulator) -> None:
    tally = churned(world, rate=20, count=None, seconds=0.4)
    assert 1 <= tally.done <= 8
    assert tally.seconds >= 0.3


def disturbed(emulator: RunningEmulator, disturb: Callable[[], None]) -> Tally:
    """Something happens after some of the writes and before the others."""

    async def run() -> Tally:
        churn = Churn(emulator.info, Order(rate=50, random_seed=1, count=30))
        running = asyncio.create_task(churn.run(tell=nobody))
        while not churn.tally.done:  # noqa: ASYNC110 (a tally tells nobody)
            await asyncio.sleep(0.01)
        await asyncio.to_thread(disturb)
        await running
        return churn.tally

    return asyncio.run(run())


def test_it_goes_on_after_the_token_has_lapsed(world: RunningEmulator, asked: Callable[[], Sequence[str]]) -> None:
    tally = disturbed(world, lambda: world.advance(7200))
    assert (tally.done, tally.failed) == (30, 0)
    assert any(each.endswith(" 401") for each in asked())


def test_what_fails_is_counted_by_its_reason(world: RunningEmulator) -> None:
    answers, lost = [{"method": "WORLD", "status": 503, "count": 3}], [{"method": "WORLD", "count": 2}]
    tally = disturbed(world, lambda: world.faults({"answers": answers}))
    assert (tally.done, tally.reasons) == (27, {"503 ServiceNotAvailable": 3})
    tally = disturbed(world, lambda: world.faults({"lost": lost}))
    assert (tally.done, tally.reasons) == (28, {"no answer": 2})


def test_an_empty_world_is_told(emulator: RunningEmulator) -> None:
    with pytest.raises(EmulatorError, match=r"the world is empty, there is nothing to change: .*--world small"):
        churned(emulator)


def test_the_end_of_the_emulator_is_told(tmp_path: Path) -> None:
    async def run(emulator: RunningEmulator) -> None:
        churn = Churn(emulator.info, Order(rate=100, random_seed=1))
        running = asyncio.create_task(churn.run(tell=nobody))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(emulator.stop)
        await asyncio.wait_for(running, 10)

    with RunningEmulator(tmp_path, world="small") as emulator, pytest.raises(EmulatorError, match="does not answer"):
        asyncio.run(run(emulator))
