"""A journal with its memory at hand: what is written is known at once, and what could not be written is not lost."""

import asyncio
import dataclasses
import datetime as dt

import pytest

from reconciler.core.errors import StoreError
from reconciler.core.gap import Cause, Gap
from reconciler.engine.recall import Recall
from reconciler.store import Store
from tests.store.support import CLIENT, NOW, TENANT, intent, remembered

SCOPE = {"owner": "me", "tenant_id": TENANT, "client_id": CLIENT}
HOUR = dt.timedelta(hours=1)


class Clock:
    def __init__(self):
        self.moment = NOW

    def now(self):
        return self.moment

    async def sleep(self, seconds):
        raise NotImplementedError  # nothing here sleeps


class Broken:
    """A journal that fails while it is told to, and counts what it is asked to write."""

    def __init__(self, journal):
        self.journal, self.down, self.written, self.begun = journal, False, [], None

    def __getattr__(self, name):
        async def call(*given):
            arguments = [list(each) if name in {"remember", "forget"} else each for each in given]
            self.written.append((name, sorted(each.id for each in arguments[0]) if name == "remember" else None))
            if self.begun:
                await self.begun.wait()
            if self.down:
                raise StoreError("the store is away")
            return await getattr(self.journal, name)(*arguments)

        return call


@pytest.fixture
async def journal(tmp_path):
    async with Store.open(tmp_path, now=lambda: NOW) as store:
        yield Broken(store.journal(**SCOPE))


@pytest.fixture
def told():
    return []


@pytest.fixture
def recall(journal, told):
    return Recall(journal, Clock(), lambda subscription_id, memory: told.append((subscription_id, memory)))


async def stored(journal):
    return await journal.journal.remembered()


async def test_what_the_store_knows_is_read_once(journal, recall, told):
    await journal.journal.remember([remembered("s1"), remembered("s2")])
    await journal.journal.intend(intent())
    await journal.journal.learn("team", HOUR)
    assert await recall.remembered() == {"s1": remembered("s1"), "s2": remembered("s2")}
    assert (await recall.intents(), await recall.ceilings()) == ({"mail": intent()}, {"team": HOUR})
    assert sorted(told) == [("s1", remembered("s1")), ("s2", remembered("s2"))]
    journal.down = True
    assert set(await recall.remembered()) == {"s1", "s2"}
    assert [name for name, _ in journal.written] == ["remembered", "intents", "ceilings"]


async def test_every_write_is_known_and_stored(journal, recall, told):
    await recall.load()
    await recall.remember([remembered("s1"), remembered("s2")])
    await recall.intend(intent())
    await recall.intend(intent("calendar"))
    await recall.settle("calendar")
    await recall.learn("team", HOUR)
    await recall.forget(["s2", "unknown"])
    assert await recall.remembered() == await stored(journal) == {"s1": remembered("s1")}
    assert await recall.intents() == await journal.journal.intents() == {"mail": intent()}
    assert await recall.ceilings() == await journal.journal.ceilings() == {"team": HOUR}
    assert told == [("s1", remembered("s1")), ("s2", remembered("s2")), ("s2", None), ("unknown", None)]


async def test_what_was_read_before_does_not_change_under_the_reader(recall):
    await recall.remember([remembered("s1")])
    before = await recall.remembered()
    await recall.remember([remembered("s2")])
    assert set(before) == {"s1"}


async def test_what_cannot_be_written_is_known_all_the_same_and_written_with_what_comes_next(journal, recall, told):
    await recall.load()
    journal.down = True
    for memory in (remembered("s1"), remembered("s2"), remembered("s1", name="later")):
        with pytest.raises(StoreError):
            await recall.remember([memory])
    assert await recall.remembered() == {"s1": remembered("s1", name="later"), "s2": remembered("s2")}
    assert told[-1] == ("s1", remembered("s1", name="later"))
    assert await stored(journal) == {}

    journal.down = False
    await recall.remember([remembered("s3")])
    assert await stored(journal) == await recall.remembered()
    assert set(await stored(journal)) == {"s1", "s2", "s3"}
    await recall.remember([remembered("s4")])
    assert journal.written[-1] == ("remember", ["s4"])


async def test_what_is_overwritten_while_it_is_being_written_is_written_once_more(journal, recall):
    await recall.load()
    journal.begun = begun = asyncio.Event()
    first = asyncio.create_task(recall.remember([remembered("s1", name="first")]))
    await asyncio.sleep(0)
    journal.begun, journal.down = None, True
    with pytest.raises(StoreError):
        await recall.remember([remembered("s1", name="second")])
    journal.down = False
    begun.set()
    await first
    assert (await stored(journal))["s1"].name == "first"
    await recall.remember([remembered("s2")])
    assert (await stored(journal))["s1"].name == "second"
    await recall.remember([remembered("s3")])
    assert journal.written[-1] == ("remember", ["s3"])


async def test_what_is_forgotten_is_not_written_later(journal, recall):
    await recall.load()
    journal.down = True
    with pytest.raises(StoreError):
        await recall.remember([remembered("s1")])
    journal.down = False
    await recall.forget(["s1"])
    await recall.remember([remembered("s2")])
    assert set(await stored(journal)) == set(await recall.remembered()) == {"s2"}


async def test_what_cannot_be_forgotten_stays_known(journal, recall, told):
    await recall.load()
    await recall.remember([remembered("s1")])
    journal.down = True
    with pytest.raises(StoreError):
        await recall.forget(["s1"])
    assert set(await recall.remembered()) == {"s1"}
    assert told == [("s1", remembered("s1"))]


async def test_forgetting_nothing_asks_for_nothing(journal, recall):
    await recall.load()
    before = len(journal.written)
    await recall.forget([])
    assert len(journal.written) == before


@pytest.mark.parametrize(
    ("call", "known"),
    [
        (lambda recall: recall.intend(intent()), "intents"),
        (lambda recall: recall.learn("team", HOUR), "ceilings"),
    ],
    ids=["intent", "ceiling"],
)
async def test_what_must_be_safe_before_anything_is_done_is_not_known_unwritten(journal, recall, call, known):
    await recall.load()
    journal.down = True
    with pytest.raises(StoreError):
        await call(recall)
    assert await getattr(recall, known)() == {}


async def test_an_intent_that_could_not_be_settled_is_still_open(journal, recall):
    await recall.intend(intent())
    journal.down = True
    with pytest.raises(StoreError):
        await recall.settle("mail")
    assert set(await recall.intents()) == {"mail"}


async def test_loading_again_loses_nothing_that_is_still_to_be_written(journal, recall):
    await recall.load()
    journal.down = True
    with pytest.raises(StoreError):
        await recall.remember([remembered("s1")])
    journal.down = False
    await recall.load()
    assert set(await recall.remembered()) == {"s1"}


async def test_loaded_again_after_another_process_has_written(journal, recall, told):
    await recall.remember([remembered("s1"), remembered("s2")])
    await journal.journal.forget(["s1"])
    await journal.journal.remember([remembered("s2", name="theirs"), remembered("s3")])
    told.clear()
    await recall.load()
    assert set(await recall.remembered()) == {"s2", "s3"}
    assert sorted(told, key=str) == [
        ("s1", None),
        ("s2", remembered("s2", name="theirs")),
        ("s3", remembered("s3")),
    ]


@pytest.mark.parametrize(("age", "known"), [(23 * HOUR, {"s1", "s2"}), (25 * HOUR, {"s2"})])
async def test_one_that_was_deleted_is_known_for_a_day(recall, age, known):
    await recall.remember([remembered("s1", deleted_at=NOW), remembered("s2")])
    recall.clock.moment = NOW + age
    assert set(await recall.remembered()) == known


async def test_gaps_go_to_the_ledger(journal, recall, tmp_path):
    gap = Gap(
        id="g1",
        tenant="contoso",
        tenant_id=TENANT,
        name="mail",
        subscription_id="s1",
        resource="users/u/messages",
        cause=Cause.REMOVED,
        since=NOW,
        until=None,
        noted_at=NOW,
    )
    await recall.note_gap(gap)
    await recall.note_gap(dataclasses.replace(gap, until=NOW + HOUR))
    assert await Store.read(tmp_path).chronicle("me").gaps() == [dataclasses.replace(gap, until=NOW + HOUR)]
