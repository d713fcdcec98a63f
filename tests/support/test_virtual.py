"""That time moves on when nothing is going on, and only then."""

import asyncio
import collections
import datetime as dt
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.catalog import Version
from reconciler.core.clouds import Cloud
from reconciler.core.errors import Gone
from reconciler.core.times import spell_time
from reconciler.engine.ports import Clock, Intent
from reconciler.graph.authentication import Access, SecretCredential
from reconciler.graph.client import Graph, TenantClient
from reconciler.store.opening import Store
from tests.support import virtual
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver
from tests.support.virtual import VirtualClock, alive, run_until

V1 = Version.V1


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    behaviours = {"challenges": "never", "token-lapse": "ignored", "validate-on-patch": "never"}
    home = tmp_path_factory.mktemp("emulator")
    with RunningEmulator(home, time_scale=0, behaviours=behaviours, world="small") as emulator:
        yield emulator


@pytest.fixture
def emulator(running: RunningEmulator) -> RunningEmulator:
    running.reset()
    return running


@pytest.fixture
def receiver(running: RunningEmulator) -> Iterator[ValidationReceiver]:
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture
async def clock(emulator: RunningEmulator) -> AsyncIterator[VirtualClock]:
    async with VirtualClock(emulator) as clock:
        yield clock


@pytest.fixture
async def client(emulator: RunningEmulator, clock: VirtualClock) -> AsyncIterator[TenantClient]:
    info = emulator.info
    cloud = Cloud("emulator", info["graph"], info["authority"], ca_file=info["caFile"])
    async with Graph(clock=clock) as graph:
        yield graph.tenant(Access(info["tenantId"], info["clientId"], cloud, SecretCredential(info["clientSecret"])))


def creation(receiver: ValidationReceiver, expires_at: dt.datetime, resource: str = "/teams") -> dict[str, Any]:
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url("/n"),
        "lifecycleNotificationUrl": receiver.url("/l"),
        "resource": resource,
        "expirationDateTime": spell_time(expires_at),
    }


async def after(clock: Clock, wait: float, log: list[float], start: dt.datetime) -> None:
    await clock.sleep(wait)
    log.append((clock.now() - start).total_seconds())


async def test_sleepers_are_woken_in_order_and_at_their_time(clock: VirtualClock, emulator: RunningEmulator) -> None:
    start, log = clock.now(), list[float]()
    tasks = [asyncio.create_task(after(clock, wait, log, start)) for wait in (3600.5, 2, 86_400, 2, 0.000001, 0)]
    await run_until(clock, start + seconds(86_399))
    assert log == [0, 0.000001, 2, 2, 3600.5]
    assert clock.now() == emulator.now() == start + seconds(86_399)
    await run_until(clock, start + dt.timedelta(days=30))
    assert log[5:] == [86_400]
    await asyncio.gather(*tasks)


async def test_one_who_sleeps_again_and_again(clock: VirtualClock) -> None:
    ticks, start = 0, clock.now()

    async def tick() -> None:
        nonlocal ticks
        while True:
            await clock.sleep(60)
            ticks += 1

    task = asyncio.create_task(tick())
    await run_until(clock, start + dt.timedelta(days=1))
    assert ticks == clock.steps == 24 * 60
    task.cancel()


async def busy_with_graph(client: TenantClient, **_: Any) -> None:
    with pytest.raises(Gone):
        await client.get("0a1b2c3d-0000-4000-8000-00000000000a", V1)


async def busy_with_a_thread(**_: Any) -> None:
    await asyncio.to_thread(time.sleep, 0.1)


async def busy_with_the_store(tmp_path: Path, **_: Any) -> None:
    async with Store.open(tmp_path / "store") as store:
        journal = store.journal(owner="us", tenant_id="t", client_id="c")
        for number in range(20):
            intent = Intent(f"n{number}", "0123456789", dt.datetime(2026, 5, 4, tzinfo=dt.UTC))
            await asyncio.gather(journal.intend(intent), journal.settle("none"))
        assert len(await journal.intents()) == 20


async def busy_with_itself(**_: Any) -> None:
    for _turn in range(1000):
        await asyncio.sleep(0)


@pytest.mark.parametrize("busy", [busy_with_graph, busy_with_a_thread, busy_with_the_store, busy_with_itself])
async def test_time_waits_for_what_is_going_on(
    clock: VirtualClock, emulator: RunningEmulator, client: TenantClient, tmp_path: Path, busy: Any
) -> None:
    emulator.faults({"slow": 0.1})
    start, log = clock.now(), list[float]()

    async def work() -> None:
        await clock.sleep(10)
        await busy(client=client, tmp_path=tmp_path)
        await after(clock, 0.5, log, start)

    tasks = [asyncio.create_task(work()), asyncio.create_task(after(clock, 11, log, start))]
    await run_until(clock, start + seconds(20))
    assert log == [10.5, 11]
    await asyncio.gather(*tasks)


async def test_time_waits_for_what_is_watched(clock: VirtualClock) -> None:
    class Sink:
        async def send(self, wait: float) -> float:
            await asyncio.sleep(wait)
            return clock.time.timestamp()

    start = clock.time
    clock.watch(Sink, "send")
    task = asyncio.create_task(Sink().send(0.1))
    await run_until(clock, start + seconds(60))
    assert await task == start.timestamp()


async def test_time_waits_for_deliveries_and_they_come_at_their_own_time(
    clock: VirtualClock, emulator: RunningEmulator, client: TenantClient, receiver: ValidationReceiver
) -> None:
    """Tried again after 10 and 20 seconds, though our own next sleeper wants to be woken in an hour."""
    start = clock.now()
    await client.create(creation(receiver, start + dt.timedelta(hours=2)), V1)
    receiver.turns = ["refuse", "refuse", "accept"]
    emulator.write("POST", "/v1.0/teams", {"displayName": "New"})
    sleeper = asyncio.create_task(clock.sleep(3600))
    await run_until(clock, start + seconds(3600))
    (delivery,) = emulator.deliveries()
    times = [dt.datetime.fromisoformat(each["at"]) for each in delivery["attempts"]]
    assert [(time - times[0]).total_seconds() for time in times] == [0, 10, 30]
    await sleeper


async def test_without_the_agenda_they_come_when_we_are_woken(
    clock: VirtualClock, emulator: RunningEmulator, client: TenantClient, receiver: ValidationReceiver
) -> None:
    start, clock.follow_agenda = clock.now(), False
    await client.create(creation(receiver, start + dt.timedelta(hours=2)), V1)
    receiver.turns = ["refuse", "accept"]
    emulator.write("POST", "/v1.0/teams", {"displayName": "New"})
    await run_until(clock, start + seconds(3600))
    times = [dt.datetime.fromisoformat(each["at"]) for each in emulator.deliveries()[0]["attempts"]]
    assert (times[1] - times[0]).total_seconds() == 3600


async def test_a_grain_wakes_together_who_is_due_within_it(clock: VirtualClock) -> None:
    start, log = clock.now(), list[float]()
    tasks = [asyncio.create_task(after(clock, wait, log, start)) for wait in (1, 2, 59, 61, 500)]
    clock.grain = seconds(60)
    await run_until(clock, start + seconds(501))
    assert log == [60, 60, 60, 120, 500]
    await asyncio.gather(*tasks)


async def test_who_is_cancelled_does_not_count(clock: VirtualClock) -> None:
    start = clock.now()
    task = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    await run_until(clock, start + seconds(60))
    assert clock.steps == 1


async def test_idle_holds_the_time(clock: VirtualClock) -> None:
    start, answers = clock.now(), [True, False, False, True, True]
    seen: list[dt.datetime] = []

    def idle() -> bool:
        seen.append(clock.now())
        return answers.pop(0)

    tasks = [asyncio.create_task(clock.sleep(wait)) for wait in (1, 2)]
    await run_until(clock, start + seconds(2), idle=idle)
    assert [(time - start).total_seconds() for time in seen] == [0, 1, 1, 1, 2]
    await asyncio.gather(*tasks)


async def test_a_task_that_ends_ends_the_run(clock: VirtualClock) -> None:
    async def fails() -> None:
        await clock.sleep(5)
        raise ZeroDivisionError

    async def ends() -> str:
        await clock.sleep(5)
        return "too soon"

    with pytest.raises(ZeroDivisionError):
        await run_until(clock, clock.now() + seconds(60), idle=alive(asyncio.create_task(fails())))
    with pytest.raises(RuntimeError, match=r"ours has ended: 'too soon'"):
        await run_until(clock, clock.now() + seconds(60), idle=alive(asyncio.create_task(ends(), name="ours")))


async def test_what_never_ends_is_named(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sink:
        async def send(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(virtual, "PATIENCE", 0.05)
    clock.watch(Sink, "send")
    task = asyncio.create_task(Sink().send())
    with pytest.raises(TimeoutError, match=r"still under way after 0\.05 seconds: \{'Sink\.send': 1\}"):
        await run_until(clock, clock.now() + seconds(1))
    task.cancel()


async def test_what_is_held_for_ever_says_since_when(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError, match="time is held at"):
        await run_until(clock, clock.now() + seconds(1), idle=lambda: False)


async def test_our_clock_can_be_wrong(clock: VirtualClock, emulator: RunningEmulator) -> None:
    start, log = clock.time, list[float]()
    clock.ahead = dt.timedelta(hours=-3)
    assert emulator.now() - clock.now() == dt.timedelta(hours=3)
    task = asyncio.create_task(after(clock, 10, log, clock.now()))
    await run_until(clock, start + seconds(60))
    assert log == [10]
    await task


def test_an_emulator_whose_time_goes_on_is_refused(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path) as emulator, pytest.raises(ValueError, match="start it with time_scale=0"):
        VirtualClock(emulator)


async def test_three_days_of_renewals(
    clock: VirtualClock, emulator: RunningEmulator, client: TenantClient, receiver: ValidationReceiver
) -> None:
    """A token lasts an hour by the emulator's clock: every second renewal is refused, and done with a new one."""
    hour, renewed, start = dt.timedelta(hours=1), collections.Counter[int](), clock.now()
    before = len(emulator.requests())

    async def keep(number: int) -> None:
        body = await client.create(creation(receiver, clock.now() + hour, f"users/u{number}/messages"), V1)
        while True:
            await clock.sleep(2400)
            await client.patch(body["id"], {"expirationDateTime": spell_time(clock.now() + hour)}, V1)
            renewed[number] += 1

    tasks = [asyncio.create_task(keep(number)) for number in range(5)]
    await run_until(clock, start + dt.timedelta(days=3), idle=alive(*tasks))
    assert renewed == dict.fromkeys(range(5), 108)
    asked = emulator.requests()[before:]
    assert len([line for line in asked if (line["method"], line["status"]) == ("PATCH", 200)]) == 5 * 108
    assert len([line for line in asked if line["path"].endswith("/token")]) == 1 + 108 // 2
    assert len(emulator.subscriptions()) == 5
    for task in tasks:
        task.cancel()
