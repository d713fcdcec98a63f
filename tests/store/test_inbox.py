"""What the receiver stores comes back as it was and in its order, on either kind of store."""

import asyncio
import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.errors import StoreError
from reconciler.engine.inbox import COST, DUPLICATE, UNROUTED, Depth, Entry, State
from reconciler.store import Store
from reconciler.store.rows import COLUMNS
from tests.store.support import NOW, entry, settled, waiting

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
async def store(location):
    async with Store.open(location, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def inbox(store):
    return store.inbox()


def test_the_columns_are_the_fields():
    assert set(COLUMNS) == {field.name for field in dataclasses.fields(Entry)}


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
moments = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=offsets)  # noqa: DTZ001
entries = st.builds(
    Entry,
    **dict.fromkeys(["event_id", "path", "query", "subscription_id"], texts),
    **dict.fromkeys(["change", "resource", "tokens", "tenant_id", "name"], st.none() | texts),
    **dict.fromkeys(["fingerprint", "reason", "message"], st.none() | texts),
    **dict.fromkeys(["received_at", "since"], moments),
    **dict.fromkeys(["encrypted", "lifecycle", "exact"], st.booleans()),
    body=st.binary(max_size=300),
    sink=st.just("main"),
    attempts=st.integers(0, 2**31 - 1),
    settled_at=st.none() | moments,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept_open(request, tmp_path_factory):
    """One store for many examples, and a loop that outlives each of them."""
    with asyncio.Runner() as runner:
        if request.param == "sqlite":
            location = str(tmp_path_factory.mktemp("inbox"))
            yield from running(runner, location)
            return
        with request.getfixturevalue("server").database() as location:
            yield from running(runner, location)


def running(runner, location):
    store = Store.open(location)
    yield runner, store.inbox()
    runner.run(store.close())


@given(given_entries=st.lists(entries, max_size=4))
@settings(max_examples=50, deadline=None)
def test_every_field_comes_back(kept_open, given_entries):
    runner, inbox = kept_open

    async def there_and_back():
        before = max((await waiting(inbox)).values(), default=0)
        await inbox.put(given_entries)
        return await inbox.page("main", after=before, limit=100)

    found = runner.run(there_and_back())
    runner.run(inbox.settle(settled(each.id) for each in found))
    assert [dataclasses.replace(each, id=0) for each in found] == given_entries
    assert all(each.received_at.tzinfo is dt.UTC and type(each.exact) is bool for each in found)
    assert all(type(each.body) is bytes and type(each.state) is State for each in found)


@pytest.mark.parametrize("state", list(State))
async def test_every_state_comes_back(store, inbox, state):
    given_entry = entry(state=state, reason="Why", message="That is why", settled_at=NOW, attempts=3)
    await inbox.put([given_entry])
    assert await store.letters().get(1) == dataclasses.replace(given_entry, id=1)


async def test_ids_are_in_the_order_of_the_puts(inbox):
    for n in range(5):
        await inbox.put([entry(f"{n}-{k}") for k in range(70)])
    found = await waiting(inbox)
    assert list(found) == [f"{n}-{k}" for n in range(5) for k in range(70)]
    assert sorted(found.values()) == list(found.values())


async def test_puts_at_the_same_time_are_in_the_order_of_their_calls(inbox):
    await asyncio.gather(*(inbox.put([entry(f"{n}-{k}") for k in range(n % 4)]) for n in range(100)))
    assert list(await waiting(inbox)) == [f"{n}-{k}" for n in range(100) for k in range(n % 4)]


async def test_a_page_begins_after_an_id_and_ends_in_time(inbox):
    await inbox.put([entry("a"), entry("other", sink="other"), entry("b"), entry("dead", state=State.DEAD), entry("c")])
    first = await inbox.page("main", after=0, limit=2)
    assert [each.event_id for each in first] == ["a", "b"]
    assert [each.event_id for each in await inbox.page("main", after=first[-1].id, limit=2)] == ["c"]
    assert list(await waiting(inbox, "other")) == ["other"]
    assert await inbox.page("unknown", after=0, limit=2) == []


async def test_ids_are_never_given_twice(inbox):
    await inbox.put([entry("a"), entry("b")])
    first = await waiting(inbox)
    await inbox.settle([settled(number) for number in first.values()])
    late = NOW + SECOND
    assert await inbox.purge(done_before=late, set_aside_before=late, most=9) == 2
    await inbox.put([entry("c")])
    assert (await waiting(inbox))["c"] > max(first.values())


async def test_concurrent_puts_and_settlements_share_commits(store, inbox):
    await asyncio.gather(*(inbox.put([entry(str(n))]) for n in range(300)))
    assert store.writer.commits < 20
    ids = (await waiting(inbox)).values()
    await asyncio.gather(*(inbox.settle([settled(number)]) for number in ids))
    assert store.writer.commits < 40
    assert await waiting(inbox) == {}


async def test_a_put_is_all_or_none_and_fails_alone(inbox):
    bad = entry("bad", path=None)
    puts = [inbox.put([entry(f"{n}-a"), bad if n == 7 else entry(f"{n}-b")]) for n in range(20)]
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert [n for n, result in enumerate(results) if result] == [7]
    assert isinstance(results[7], StoreError)
    assert list(await waiting(inbox)) == [f"{n}-{part}" for n in range(20) if n != 7 for part in "ab"]


async def test_what_cannot_be_put_is_a_store_error(inbox):
    for bad in (entry(received_at=NOW.replace(tzinfo=None)), entry(path="\ud800"), entry(attempts=2**70)):
        with pytest.raises(StoreError):
            await inbox.put([bad])
    await inbox.put([])
    assert await waiting(inbox) == {}


async def test_a_put_that_is_given_up_leaves_the_others_as_they_are(inbox):
    tasks = [asyncio.create_task(inbox.put([entry(str(n))])) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]
    assert {"0", "2"} <= set(await waiting(inbox))
    await inbox.put([entry("later")])
    assert "later" in await waiting(inbox)


async def test_what_is_done_keeps_no_body_and_no_tokens(store, inbox):
    await inbox.put([entry("done", tokens="[]"), entry("dead", tokens="[]"), entry("aside"), entry("left")])
    done, dead, aside, _ = (await waiting(inbox)).values()
    await inbox.settle([settled(done, attempts=2), settled(dead, State.DEAD, message="It was refused", attempts=9)])
    await inbox.settle([settled(aside, State.SET_ASIDE), settled(4711), settled(4712, State.DEAD)])
    await inbox.settle([])
    assert list(await waiting(inbox)) == ["left"]
    letters = store.letters()
    kept = {"settled_at": NOW, "reason": "Refused"}
    assert await letters.get(done) == entry(
        "done", id=done, state=State.DONE, settled_at=NOW, reason="Forwarded", attempts=2, body=b""
    )
    assert await letters.get(dead) == entry(
        "dead", id=dead, state=State.DEAD, message="It was refused", attempts=9, tokens="[]", **kept
    )
    assert await letters.get(aside) == entry("aside", id=aside, state=State.SET_ASIDE, **kept)


async def test_what_is_settled_stays_so(store, inbox):
    await inbox.put([entry()])
    await inbox.settle([settled(1, State.DEAD)])
    await inbox.settle([settled(1)])
    found = await store.letters().get(1)
    assert (found.state, found.body) == (State.DEAD, entry().body)


async def test_accepted_are_done_or_dead(inbox):
    await inbox.put([entry(str(state), fingerprint=f"of {state}", state=state, reason="why") for state in State])
    await inbox.put([entry("none", state=State.DONE), *(entry(f"e{n}", fingerprint=f"f{n}") for n in range(1100))])
    await inbox.settle([settled(number) for number in (await waiting(inbox)).values()])
    await inbox.put([entry("copy", fingerprint="of a copy", state=State.DONE, reason=DUPLICATE)])
    await inbox.put([entry("closed", fingerprint="of a closed one", state=State.DEAD, reason="no-key")])
    asked = {f"f{n}" for n in range(1200)} | {f"of {state}" for state in State} | {"of a copy", "of a closed one"}
    missing = {f"f{n}" for n in range(1100, 1200)} | {"of set-aside", "of a copy", "of a closed one"}
    assert await inbox.accepted(asked) == asked - missing
    assert await inbox.accepted([]) == frozenset()


async def test_entries_that_wait_are_rerouted_in_their_places(store, inbox):
    await inbox.put([entry("a", sink="old"), entry("b", sink="old"), entry("c", sink="old"), entry("d", sink="old")])
    await inbox.settle([settled(3)])
    await inbox.reroute({1: "new", 2: "other", 3: "new", 99: "new"})
    await inbox.reroute({})
    assert [await waiting(inbox, sink) for sink in ("old", "new", "other")] == [{"d": 4}, {"a": 1}, {"b": 2}]
    done = await store.letters().get(3)
    assert done.sink == "old"


async def test_an_entry_is_readmitted_at_the_end_of_the_order(inbox):
    await inbox.put([entry("a", sink=UNROUTED), entry("b")])
    await inbox.readmit(1, entry("a", name="mail"))
    assert await waiting(inbox) == {"b": 2, "a": 3}
    assert (await inbox.page("main", after=2, limit=1))[0].name == "mail"
    await inbox.readmit(1, entry("gone"))
    assert await waiting(inbox) == {"b": 2, "a": 3}
    assert await waiting(inbox, UNROUTED) == {}


async def test_purge_takes_those_settled_before_and_no_more_than_asked(store, inbox):
    ages = {State.DONE: 5, State.SET_ASIDE: 3, State.DEAD: 9}
    for state, count in ages.items():
        await inbox.put([entry(f"{state}{n}", state=state, settled_at=NOW - n * SECOND) for n in range(count)])
    await inbox.put([entry("waiting", since=NOW - 99 * SECOND)])
    limits = {"done_before": NOW - SECOND, "set_aside_before": NOW}
    assert [await inbox.purge(**limits, most=2) for _ in range(4)] == [2, 2, 1, 0]
    depths = await inbox.depths()
    assert {state: depth.count for (_, state), depth in depths.items()} == {
        State.WAITING: 1,
        State.DEAD: 9,
        State.SET_ASIDE: 1,
    }
    assert await store.letters().get(1) is not None
    assert await store.letters().get(3) is None


async def test_depths_tell_since_when(inbox):
    earlier = NOW - SECOND
    await inbox.put([entry(), entry(since=earlier), entry(sink="other"), entry(state=State.DONE)])
    await inbox.put([entry(state=State.DEAD, since=earlier), entry(state=State.DEAD), entry(state=State.SET_ASIDE)])
    assert await inbox.depths() == {
        ("main", State.WAITING): Depth(2, earlier),
        ("other", State.WAITING): Depth(1, NOW),
        ("main", State.DEAD): Depth(2, earlier),
        ("main", State.SET_ASIDE): Depth(1, NOW),
    }


async def test_size_is_that_of_the_entries(store, inbox):
    assert [await inbox.size(state) for state in State] == [0, 0, 0, 0]
    await inbox.put([entry(body="ä".encode() * 50_000), entry(body=b"", tokens='["x"]'), entry(body=b"12345")])
    await inbox.put([entry(body=b"123", state=State.DEAD), entry(body=b"12", state=State.SET_ASIDE, resource=None)])
    await inbox.settle([settled(3)])
    sizes = dict.fromkeys(State, 0)
    for number in range(1, 6):
        found = await store.letters().get(number)
        sizes[found.state] += found.size
    assert {state: await inbox.size(state) for state in State} == sizes
    assert sizes[State.WAITING] > 100_000 + 2 * COST


async def test_what_was_heard_is_the_latest(inbox):
    await inbox.hear({("t1", "mail"): NOW, ("t2", "mail"): NOW})
    await inbox.hear({("t1", "mail"): NOW - SECOND, ("t2", "mail"): NOW + SECOND, ("t1", "calendar"): NOW})
    await inbox.hear({})
    assert await inbox.heard() == {
        ("t1", "mail"): NOW,
        ("t2", "mail"): NOW + SECOND,
        ("t1", "calendar"): NOW,
    }


async def test_what_was_heard_is_the_same_mapping_until_something_changes(store, inbox):
    await inbox.hear({("t1", "mail"): NOW, ("t2", "mail"): NOW})
    before = await inbox.heard()
    assert await inbox.heard() is before
    await store.inbox().hear({("t1", "mail"): NOW + SECOND})
    assert await inbox.heard() == {("t1", "mail"): NOW + SECOND, ("t2", "mail"): NOW}
    await store.inbox().hear({("t0", "mail"): NOW})
    assert len(await inbox.heard()) == 3
