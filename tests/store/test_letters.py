"""People look at letters, retry and drop them, while a receiver is at work on the same store."""

import asyncio
import dataclasses
import datetime as dt
from typing import Any

import pytest

from reconciler.engine.inbox import UNROUTED, State
from reconciler.store import Store
from reconciler.store.letters import LETTERS, Choice
from tests.store.support import NOW, entry, settled, snapshot, start, waiting

LATER = NOW + dt.timedelta(hours=1)
DEAD = {"state": State.DEAD, "reason": "Refused", "message": "It was refused", "attempts": 9, "settled_at": NOW}
ASIDE = {"state": State.SET_ASIDE, "reason": "Unproven", "settled_at": NOW}

FEW = [
    entry("dead", **DEAD, tenant_id="t1", name="mail"),
    entry("aside", **ASIDE, sink=UNROUTED),
    entry("waits"),
    entry("opened", **{**DEAD, "reason": "Undecryptable"}, tenant_id="t1", name="chats", sink="other"),
    entry("done", state=State.DONE, settled_at=NOW),
]


@pytest.fixture
async def store(location):
    async with Store.open(location, now=lambda: NOW) as opened:
        await opened.inbox().put(FEW)
        yield opened


CHOICES = [
    pytest.param({}, ["dead", "aside", "opened"], id="all-letters"),
    pytest.param({"states": {State.DEAD}}, ["dead", "opened"], id="dead"),
    pytest.param({"states": {State.WAITING, State.DONE}}, ["waits", "done"], id="others"),
    pytest.param({"states": set(State)}, ["dead", "aside", "waits", "opened", "done"], id="everything"),
    pytest.param({"states": set()}, [], id="no-state"),
    pytest.param({"sink": "other"}, ["opened"], id="sink"),
    pytest.param({"sink": UNROUTED}, ["aside"], id="unrouted"),
    pytest.param({"reason": "Refused"}, ["dead"], id="reason"),
    pytest.param({"name": "mail"}, ["dead"], id="name"),
    pytest.param({"name": "mail", "sink": "other"}, [], id="all-must-fit"),
    pytest.param({"ids": {1, 2, 3, 99}}, ["dead", "aside"], id="ids"),
    pytest.param({"ids": set()}, [], id="no-id"),
]


def choice(states=LETTERS, ids=None, **fields):
    return Choice(states=frozenset(states), ids=None if ids is None else frozenset(ids), **fields)


@pytest.mark.parametrize(("fields", "expected"), CHOICES)
async def test_what_is_chosen(store, location, fields, expected):
    for letters in (store.letters(), Store.read(location).letters()):
        found = await letters.list(choice(**fields), limit=9)
        assert [each.event_id for each in found] == expected
        assert [dataclasses.replace(each, id=0) for each in found] == [e for e in FEW if e.event_id in expected]


async def test_how_many_and_in_which_order(store):
    letters = store.letters()
    for newest_first, expected in {True: ["opened", "aside"], False: ["dead", "aside"]}.items():
        found = await letters.list(Choice(), limit=2, newest_first=newest_first)
        assert [each.event_id for each in found] == expected


async def test_one_by_its_id(store):
    assert await store.letters().get(1) == dataclasses.replace(FEW[0], id=1)
    assert await store.letters().get(99) is None


async def test_counts(store):
    assert await store.letters().counts(choice(set(State))) == {
        (State.DEAD, "Refused", "main"): 1,
        (State.DEAD, "Undecryptable", "other"): 1,
        (State.DONE, None, "main"): 1,
        (State.SET_ASIDE, "Unproven", UNROUTED): 1,
        (State.WAITING, None, "main"): 1,
    }
    assert await store.letters().counts(choice(name="mail")) == {(State.DEAD, "Refused", "main"): 1}


@pytest.mark.parametrize(("fields", "expected"), CHOICES)
async def test_only_letters_are_retried_and_dropped(store, fields, expected):
    letters = store.letters()
    chosen = choice(**fields)
    acted_on = [name for name in expected if name not in {"waits", "done"}]
    assert await letters.retry(chosen, now=LATER) == len(acted_on)
    assert await letters.retry(chosen, now=LATER) == 0
    found = {each.event_id: each.state for each in await letters.list(choice(set(State)), limit=9)}
    assert found == {e.event_id: State.WAITING if e.event_id in acted_on else e.state for e in FEW}


@pytest.mark.parametrize(("fields", "expected"), CHOICES)
async def test_dropped_are_gone(store, fields, expected):
    gone = [name for name in expected if name not in {"waits", "done"}]
    assert await store.letters().drop(choice(**fields)) == len(gone)
    left = await store.letters().list(choice(set(State)), limit=9)
    assert [each.event_id for each in left] == [e.event_id for e in FEW if e.event_id not in gone]


async def test_what_is_retried_waits_at_the_end_of_the_order(store):
    await store.letters().retry(Choice(), now=LATER)
    dead, aside, opened = FEW[0], FEW[1], FEW[3]
    assert await waiting(store.inbox()) == {"waits": 3, "dead": 6}
    assert await waiting(store.inbox(), "other") == {"opened": 8}
    assert await waiting(store.inbox(), UNROUTED) == {"aside": 7}
    anew: dict[str, Any] = {
        "state": State.WAITING,
        "since": LATER,
        "reason": None,
        "message": None,
        "attempts": 0,
        "settled_at": None,
    }
    for number, old in {6: dead, 7: aside, 8: opened}.items():
        assert await store.letters().get(number) == dataclasses.replace(old, id=number, **anew)


async def test_what_was_never_proven_is_judged_again(store):
    await store.inbox().put([entry("routed", **ASIDE, sink="main"), entry("proven", **ASIDE, tenant_id="t1")])
    await store.letters().retry(choice({State.SET_ASIDE}), now=LATER)
    assert list(await waiting(store.inbox(), UNROUTED)) == ["aside", "routed"]
    assert list(await waiting(store.inbox())) == ["waits", "proven"]


async def test_a_letter_that_is_retried_is_not_known_already(store):
    await store.inbox().put([entry("twice", **DEAD, fingerprint="f1")])
    assert await store.inbox().accepted(["f1"]) == {"f1"}
    await store.letters().retry(Choice(), now=LATER)
    assert await store.inbox().accepted(["f1"]) == frozenset()


async def test_many_are_retried_in_their_order_and_in_short_transactions(store):
    await store.inbox().put([entry(f"d{n}", **DEAD, sink="many", tenant_id="t1") for n in range(1100)])
    before = store.writer.commits
    assert await store.letters().retry(choice(sink="many"), now=LATER) == 1100
    assert store.writer.commits - before == 3
    assert list(await waiting(store.inbox(), "many")) == [f"d{n}" for n in range(1100)]


async def test_two_people_retry_at_once_while_a_receiver_works(store, location):
    await store.inbox().put([entry(f"d{n}", **DEAD, sink="many", tenant_id="t1") for n in range(600)])

    async def receive():
        for n in range(20):
            await store.inbox().put([entry(f"new{n}", sink="many")])
            await store.inbox().settle([settled(3)])

    async with Store.open(location, now=lambda: NOW) as mine, Store.open(location, now=lambda: NOW) as yours:
        people = (each.letters().retry(choice(sink="many"), now=LATER) for each in (mine, yours))
        counts = await asyncio.gather(*people, receive())
    assert sum(counts[:2]) == 600
    found = await store.inbox().page("many", after=0, limit=1000)
    names = [each.event_id for each in found]
    assert sorted(names) == sorted([*(f"d{n}" for n in range(600)), *(f"new{n}" for n in range(20))])


async def test_looking_leaves_no_trace(tmp_path):
    assert await Store.read(tmp_path).letters().list(Choice(), limit=9) == []
    assert await Store.read(tmp_path).letters().counts(Choice()) == {}
    assert await Store.read(tmp_path).letters().get(1) is None
    assert list(tmp_path.iterdir()) == []
    child = start(tmp_path, "asyncio.run(inbox.put([entry(state=State.DEAD)]))\nprint(1, flush=True)\ninput()")
    assert child.stdout is not None
    child.stdout.readline()
    before = snapshot(tmp_path)
    found = await Store.read(tmp_path).letters().list(Choice(), limit=9)
    assert [each.state for each in found] == [State.DEAD]
    assert snapshot(tmp_path) == before
    assert len(before) == 3
    child.communicate("\n")
