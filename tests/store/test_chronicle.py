"""What the daemon keeps beside what a pass remembers comes back as it was, for its own owner only."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.gap import Cause, Gap
from reconciler.core.lifecycle import Kind, Wish
from reconciler.engine.chronicle import ROTATE_CLIENT_STATE, Replica, Trouble, Wished
from reconciler.store import Store, tables
from tests.store.support import CLIENT, NOW, TENANT

MINUTE, HOUR, DAY = (dt.timedelta(seconds=count) for count in (60, 3600, 86_400))
OFFSET = dt.timezone(dt.timedelta(hours=-8))


def gap(gap_id="g1", **changes):
    fields = {
        "tenant": "contoso",
        "tenant_id": TENANT,
        "name": "mail",
        "subscription_id": "s1",
        "resource": "users/u1/messages",
        "cause": Cause.REMOVED,
        "since": NOW - HOUR,
        "until": NOW,
        "noted_at": NOW,
        **changes,
    }
    return Gap(id=gap_id, **fields)


def trouble(name="mail", **changes):
    fields = {
        "tenant": "contoso",
        "action": "create",
        "kind": "EndpointRefused",
        "message": "the URL did not answer: é",
        "request_id": "r-1",
        "essence": "0123456789abcdef",
        "since": NOW - HOUR,
        "at": NOW,
        "attempts": 3,
        "next_try": NOW + MINUTE,
        **changes,
    }
    return Trouble(name=name, **fields)


def wish(kind=Kind.RENEW, subscription_id="s1", tenant_id=TENANT):
    return Wish(kind, tenant_id, subscription_id)


@pytest.fixture
async def store(location):
    async with Store.open(location, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def chronicle(store):
    return store.chronicle("me")


@pytest.fixture
def read(location, store):
    """The same store, only looked at."""
    del store
    return lambda owner="me": Store.read(location).chronicle(owner)


async def test_everything_comes_back_and_can_be_looked_at(chronicle, read):
    gaps = [gap(), gap("g2", until=None, cause=Cause.EXPIRED, since=NOW.astimezone(OFFSET), announced_at=None)]
    for each in gaps:
        await chronicle.note_gap(each)
    await chronicle.trouble([trouble(), trouble("other", request_id=None)])
    await chronicle.present(Replica("r1", NOW, frozenset({"B" * 40, "A" * 40})))
    await chronicle.present(Replica("r2", NOW, frozenset()))
    await chronicle.order(ROTATE_CLIENT_STATE, at=NOW)
    for seen in (chronicle, read()):
        assert await seen.gaps() == gaps
        assert await seen.troubles() == {
            ("contoso", "mail"): trouble(),
            ("contoso", "other"): trouble("other", request_id=None),
        }
        assert await seen.replicas() == [
            Replica("r1", NOW, frozenset({"A" * 40, "B" * 40})),
            Replica("r2", NOW, frozenset()),
        ]
        assert await seen.orders() == {"rotate-client-state": NOW}
    assert (await read().gaps())[1].since.tzinfo is dt.UTC


async def test_owners_do_not_see_each_other(store, chronicle, read):
    other = store.chronicle("you")
    await chronicle.note_gap(gap())
    await chronicle.wish(wish(), at=NOW)
    await chronicle.trouble([trouble()])
    await chronicle.present(Replica("r1", NOW, frozenset()))
    await chronicle.order(ROTATE_CLIENT_STATE, at=NOW)
    for seen in (other, read("you")):
        assert (await seen.gaps(), await seen.troubles(), await seen.replicas(), await seen.orders()) == (
            [],
            {},
            [],
            {},
        )
    assert (list(await other.wishes()), list(await other.unannounced())) == ([], [])

    await other.note_gap(gap(name="theirs"))
    await other.announced(["g1"], at=NOW)
    await other.granted([Wished(wish(), NOW)])
    await other.relieve([("contoso", "mail")])
    await other.absent("r1")
    await other.fulfilled(ROTATE_CLIENT_STATE)
    assert await chronicle.gaps() == [gap()]
    assert await chronicle.wishes() == [Wished(wish(), NOW)]
    assert set(await chronicle.troubles()) == {("contoso", "mail")}
    assert [each.id for each in await chronicle.replicas()] == ["r1"]
    assert set(await chronicle.orders()) == {ROTATE_CLIENT_STATE}


async def test_a_store_that_is_not_there_has_nothing_to_tell(tmp_path):
    seen = Store.read(tmp_path / "none").chronicle("me")
    assert [list(found) for found in (await seen.gaps(), await seen.replicas())] == [[], []]
    assert (await seen.troubles(), await seen.orders(), await seen.heard()) == ({}, {}, {})
    assert not (tmp_path / "none").exists()


async def test_nothing_to_write_is_written(chronicle):
    await chronicle.trouble([])
    await chronicle.relieve([])
    await chronicle.granted([])
    await chronicle.announced([], at=NOW)
    assert await chronicle.troubles() == {}


# Gaps


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(None, ["g1", "g2", "g3", "open"], id="all"),
        pytest.param(NOW, ["g2", "g3", "open"], id="that-ended-after"),
        pytest.param(NOW + 2 * HOUR, ["open"], id="an-open-one-has-not-ended"),
    ],
)
async def test_in_the_order_in_which_they_were_noted(chronicle, since, expected):
    await chronicle.note_gap(gap("open", until=None, noted_at=NOW + 3 * MINUTE))
    await chronicle.note_gap(gap("g3", until=NOW + HOUR, noted_at=NOW + 2 * MINUTE))
    await chronicle.note_gap(gap("g2", until=NOW + HOUR, noted_at=NOW + MINUTE))
    await chronicle.note_gap(gap("g1", until=NOW))
    assert [each.id for each in await chronicle.gaps(since=since)] == expected


async def test_one_that_is_noted_again_is_closed_and_stays_what_it_was(chronicle):
    """Whoever closes it may know less of how it began than who has opened it."""
    opened = gap(until=None, cause=Cause.REMOVED, since=NOW - MINUTE)
    await chronicle.note_gap(opened)
    later = gap(until=NOW + HOUR, cause=Cause.EXPIRED, since=NOW - DAY, noted_at=NOW + HOUR)
    await chronicle.note_gap(later)
    assert await chronicle.gaps() == [dataclasses.replace(opened, until=NOW + HOUR)]


async def test_it_is_the_same_one_for_a_pass_and_for_the_daemon(store, chronicle):
    journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
    await journal.note_gap(gap(until=None))
    await chronicle.note_gap(gap(until=NOW + HOUR, since=NOW - DAY))
    assert await chronicle.gaps() == [gap(until=NOW + HOUR)]
    await chronicle.note_gap(gap("g2", until=None, noted_at=NOW + MINUTE))
    await journal.note_gap(gap("g2", noted_at=NOW + HOUR))
    assert (await chronicle.gaps())[1] == gap("g2", noted_at=NOW + MINUTE)


async def test_announced_once_they_are_over(chronicle):
    for each in (gap("g2"), gap("g1", noted_at=NOW - MINUTE), gap("open", until=None), gap("told", announced_at=NOW)):
        await chronicle.note_gap(each)
    assert [each.id for each in await chronicle.unannounced()] == ["g1", "g2"]
    await chronicle.announced(["g1", "unknown"], at=NOW + HOUR)
    assert [each.id for each in await chronicle.unannounced()] == ["g2"]
    assert {each.id: each.announced_at for each in await chronicle.gaps()}["g1"] == NOW + HOUR
    await chronicle.note_gap(gap("open"))
    assert [each.id for each in await chronicle.unannounced()] == ["g2", "open"]


@pytest.mark.parametrize(
    ("passed", "left"),
    [
        pytest.param(dt.timedelta(), {"old", "open", "new"}, id="today"),
        pytest.param(89 * DAY, {"old", "open", "new"}, id="after-89-days"),
        pytest.param(91 * DAY, {"new"}, id="after-91-days"),
    ],
)
async def test_after_90_days_nobody_asks_for_them_any_more(location, passed, left):
    """The one that is open, too: its subscription has not been wanted for long."""
    clock = [NOW]
    async with Store.open(location, now=lambda: clock[0]) as store:
        chronicle = store.chronicle("me")
        await chronicle.note_gap(gap("old"))
        await chronicle.note_gap(gap("open", until=None))
        await chronicle.note_gap(gap("new", noted_at=NOW + 5 * DAY))
        clock[0] += passed
        await store.chronicle("you").fulfilled("nothing")
        assert {each.id for each in await chronicle.gaps()} == left


# Wishes


async def test_wishes_wait_until_they_are_granted(chronicle):
    first, second, third = wish(), wish(Kind.RESYNC), wish(subscription_id="s2")
    for minutes, each in enumerate((second, first, third)):
        await chronicle.wish(each, at=NOW + minutes * MINUTE)
    waiting = list(await chronicle.wishes())
    assert waiting == [Wished(second, NOW), Wished(first, NOW + MINUTE), Wished(third, NOW + 2 * MINUTE)]
    await chronicle.granted(waiting[:2])
    assert await chronicle.wishes() == waiting[2:]
    await chronicle.granted(waiting)
    assert await chronicle.wishes() == []


async def test_one_that_is_wished_for_again_takes_the_later_time_and_is_one(chronicle):
    await chronicle.wish(wish(), at=NOW)
    await chronicle.wish(wish(tenant_id=TENANT.upper()), at=NOW + MINUTE)
    assert await chronicle.wishes() == [Wished(wish(), NOW + MINUTE)]


async def test_one_that_is_wished_for_anew_meanwhile_stays(chronicle):
    """It came while the pass ran that was to fulfil the first one."""
    await chronicle.wish(wish(), at=NOW)
    taken = list(await chronicle.wishes())
    await chronicle.wish(wish(), at=NOW + dt.timedelta(microseconds=1))
    await chronicle.granted(taken)
    assert [each.at for each in await chronicle.wishes()] == [NOW + dt.timedelta(microseconds=1)]


@pytest.mark.parametrize("other", [wish(Kind.RESYNC), wish(subscription_id="s2"), wish(tenant_id="t2")])
async def test_granting_one_grants_no_other(chronicle, other):
    await chronicle.wish(wish(), at=NOW)
    await chronicle.wish(other, at=NOW)
    await chronicle.granted([Wished(wish(), NOW)])
    assert await chronicle.wishes() == [Wished(other, NOW)]


# Troubles, replicas, orders


async def test_troubles_are_overwritten_and_relieved(chronicle):
    elsewhere = trouble(tenant="fabrikam")
    await chronicle.trouble([trouble(), elsewhere])
    await chronicle.trouble([trouble(action="renew", attempts=4, next_try=NOW + HOUR)])
    assert (await chronicle.troubles())["contoso", "mail"] == trouble(action="renew", attempts=4, next_try=NOW + HOUR)
    await chronicle.relieve([("contoso", "mail"), ("contoso", "unknown")])
    assert await chronicle.troubles() == {("fabrikam", "mail"): elsewhere}


async def test_replicas_come_and_go(chronicle):
    await chronicle.present(Replica("r2", NOW, frozenset({"A"})))
    await chronicle.present(Replica("r1", NOW, frozenset()))
    await chronicle.present(Replica("r2", NOW + MINUTE, frozenset({"B"})))
    assert await chronicle.replicas() == [
        Replica("r1", NOW, frozenset()),
        Replica("r2", NOW + MINUTE, frozenset({"B"})),
    ]
    await chronicle.absent("r1")
    await chronicle.absent("unknown")
    assert [each.id for each in await chronicle.replicas()] == ["r2"]


async def test_orders_are_given_and_fulfilled(chronicle):
    await chronicle.order("a", at=NOW)
    await chronicle.order("b", at=NOW)
    await chronicle.order("a", at=NOW + HOUR)
    assert await chronicle.orders() == {"a": NOW + HOUR, "b": NOW}
    await chronicle.fulfilled("a")
    await chronicle.fulfilled("unknown")
    assert await chronicle.orders() == {"b": NOW}


async def test_when_the_last_notification_came(store, chronicle, read):
    """As those who forward have written it down, for whatever owner."""
    assert await chronicle.heard() == {}
    await store.inbox().hear({(TENANT, "mail"): NOW, (TENANT, "theirs"): NOW - HOUR})
    expected = {(TENANT, "mail"): NOW, (TENANT, "theirs"): NOW - HOUR}
    assert await chronicle.heard() == await read().heard() == expected


def test_the_columns_are_the_fields():
    def columns(table):
        return {column.name for column in table.columns} - {"owner"}

    assert columns(tables.gaps) == {field.name for field in dataclasses.fields(Gap)}
    assert columns(tables.troubles) == {field.name for field in dataclasses.fields(Trouble)}
    assert columns(tables.replicas) == {field.name for field in dataclasses.fields(Replica)}
    assert columns(tables.wishes) == {field.name for field in dataclasses.fields(Wish)} | {"at"}
