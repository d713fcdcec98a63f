"""When subscriptions were last heard of, across processes and restarts; and what has to be done now and then."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import COST, State
from reconciler.receiver.counting import Counting
from reconciler.receiver.hearing import Declared, Hearing
from reconciler.receiver.housekeeping import BATCH, Housekeeping, Keep
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.observing import Told
from reconciler.receiver.taking import SetAsideRoom
from reconciler.store import Store
from tests.receiver.forwarding.support import VirtualClock
from tests.receiver.sending import NOW, TENANT
from tests.store.support import entry

HOUR = dt.timedelta(hours=1)
KEY = (TENANT, "all-teams")


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path) as opened:
        yield opened


def heard_of(**changes):
    return entry("e", **({"tenant_id": TENANT, "name": "all-teams", "received_at": NOW} | changes))


def hearing(store, clock, **more):
    declared = [Declared(TENANT, "contoso", "all-teams", HOUR), Declared(TENANT, "contoso", "mail")]
    return Hearing(store.inbox(), declared, more.pop("metrics", None) or Metrics(), clock)


def samples(metrics, name):
    return {
        tuple(each.labels.values()): each.value
        for family in metrics.registry.collect()
        for each in family.samples
        if each.name == name
    }


async def test_it_outlives_the_process(store):
    clock, metrics = VirtualClock(), Metrics()
    first = hearing(store, clock)
    first.told(Told.ACCEPTED, heard_of())
    first.told(Told.ACCEPTED, heard_of(name="pruned"))
    await first.flush()
    await hearing(store, clock, metrics=metrics).flush()
    found = samples(metrics, "reconciler_last_notification_timestamp_seconds")
    assert found == {("contoso", "all-teams"): NOW.timestamp()}, "names that no manifest declares are no labels"


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        (Told.SET_ASIDE, {}),
        (Told.FORWARDED, {}),
        (Told.ACCEPTED, {"lifecycle": True}),
        (Told.ACCEPTED, {"name": None}),
        (Told.ACCEPTED, {"tenant_id": None}),
    ],
)
async def test_what_is_no_sign_of_life(store, what, changes):
    listener = hearing(store, VirtualClock())
    listener.told(what, heard_of(**changes))
    await listener.flush()
    assert await store.inbox().heard() == {}


async def test_silence_is_said_once_and_its_end_too(store, caplog):
    clock, metrics = VirtualClock(), Metrics()
    listener = hearing(store, clock, metrics=metrics)
    listener.told(Told.ACCEPTED, heard_of())
    silent = []
    for minutes in (0, 30, 31, 31):
        clock.time += dt.timedelta(minutes=minutes)
        await listener.flush()
        silent.append(samples(metrics, "reconciler_subscription_silent"))
    listener.told(Told.ACCEPTED, heard_of(received_at=clock.time))
    await listener.flush()
    assert silent == [{("contoso", "all-teams"): value} for value in (0, 0, 1, 1)]
    assert [record.getMessage() for record in caplog.records] == [
        "Nothing was heard of all-teams in contoso since 2026-10-01 12:00 UTC",
        "all-teams in contoso is heard of again",
    ]


async def test_what_cannot_be_written_down_is_kept(store, monkeypatch):
    listener = hearing(store, VirtualClock())
    listener.told(Told.ACCEPTED, heard_of())
    hear = listener.inbox.hear

    async def failing(heard):
        raise StoreError("full")

    monkeypatch.setattr(listener.inbox, "hear", failing)
    with pytest.raises(StoreError):
        await listener.flush()
    monkeypatch.setattr(listener.inbox, "hear", hear)
    await listener.flush()
    assert await store.inbox().heard() == {KEY: NOW}
    assert listener.fresh == {}


def test_what_is_counted():
    clock, metrics = VirtualClock(), Metrics()
    counting = Counting(metrics, clock)
    clock.time += dt.timedelta(seconds=2)
    one = entry("e", received_at=NOW, sink="events")
    for what in Told:
        counting.told(what, one)
    counting.told(Told.SET_ASIDE, dataclasses.replace(one, reason="client-state"))
    found = samples(metrics, "reconciler_notifications_total")
    assert {verdict: value for (verdict, reason), value in found.items() if not reason} == dict.fromkeys(
        (
            "accepted",
            "dead-letter",
            "discarded",
            "duplicate",
            "forwarded",
            "lifecycle",
            "possible-duplicate",
            "set-aside",
        ),
        1,
    )
    assert found["set-aside", "client-state"] == 1
    assert samples(metrics, "reconciler_forwarding_retries_total") == {("events",): 1}
    assert samples(metrics, "reconciler_forwarding_seconds_sum") == {("events",): 2}


class TestHousekeeping:
    def keeping(self, store, clock, **more):
        async def flush() -> None: ...

        async def nothing():
            return {}

        self.measured: list[Any] = []
        return Housekeeping(
            inbox=store.inbox(),
            known=KnownSubscriptions(nothing),
            room=SetAsideRoom(1000),
            keep=Keep(HOUR, 2 * HOUR),
            on_depths=self.measured.append,
            flush=flush,
            clock=clock,
            **more,
        )

    async def test_what_was_kept_long_enough_is_removed(self, store):
        clock = VirtualClock()
        old, young = NOW - dt.timedelta(minutes=61), NOW - dt.timedelta(minutes=59)
        oldest = NOW - dt.timedelta(minutes=121)
        states = [(State.DONE, old), (State.DONE, young), (State.SET_ASIDE, old), (State.SET_ASIDE, oldest)]
        kept = [(State.DEAD, oldest), (State.WAITING, None)]
        await store.inbox().put(
            [entry(f"{n}", state=state, settled_at=at, reason="r") for n, (state, at) in enumerate([*states, *kept])]
        )
        await store.inbox().put(
            [entry(f"m{n}", state=State.DONE, settled_at=oldest, reason="r") for n in range(2 * BATCH + 1)]
        )
        await self.keeping(store, clock).purge()
        found = [(await store.letters().get(number)) is not None for number in range(1, 8)]
        assert found == [False, True, True, False, True, True, False]

    async def test_the_room_for_what_is_set_aside_is_given_back(self, store):
        await store.inbox().put(
            [entry("a", state=State.SET_ASIDE, settled_at=NOW, reason="r", body=b"12345", tokens='["x"]'), entry("b")]
        )
        keeping = self.keeping(store, VirtualClock())
        keeping.room.used = 999
        await keeping.measure()
        await keeping.measure_room()
        assert keeping.room.used == (await store.letters().get(1)).size == COST + 10 + len("s1users/u1/messages/m1")
        ((found),) = self.measured
        assert {state: depth.count for (_, state), depth in found.items()} == {State.SET_ASIDE: 1, State.WAITING: 1}

    async def test_one_that_fails_is_said_and_keeps_nobody(self, store, caplog):
        async def failing():
            raise StoreError("the store cannot be read: the disk is gone")

        await self.keeping(store, VirtualClock()).attempt(failing)
        assert [record.getMessage() for record in caplog.records] == [
            "The inbox is not kept in order: the store cannot be read: the disk is gone"
        ]
