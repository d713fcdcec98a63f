"""What is written comes back as it was, for its own owner, tenant and application, and in few commits."""

import asyncio
import dataclasses
import datetime as dt
import signal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from reconciler.core.catalog import Version
from reconciler.core.errors import StoreError
from reconciler.store import Store, tables
from reconciler.store.columns import Lifetime, Moment
from reconciler.store.statements import upsert
from tests.store.support import CLIENT, NOW, TENANT, intent, remembered, start

FULL = remembered(
    version=Version.BETA,
    created_at=NOW,
    written_at=NOW.astimezone(dt.timezone(dt.timedelta(hours=-8))),
    expires_at=NOW + dt.timedelta(days=3),
    granted=dt.timedelta(days=2, hours=23, minutes=55, microseconds=1),
    deleted_at=NOW,
    certificate_fixed=True,
)


@pytest.fixture
async def store(location):
    async with Store.open(location, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def journal(store):
    return store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)


async def test_every_field_comes_back(journal):
    await journal.remember([FULL, remembered("s2")])
    found = await journal.remembered()
    assert found == {"s1": FULL, "s2": remembered("s2")}
    assert found["s1"].written_at.tzinfo is dt.UTC


async def test_overwrites_and_forgets(journal):
    await journal.remember([remembered(), remembered("s2"), remembered(name="first"), remembered(name="last")])
    await journal.forget(["s2", "unknown"])
    await journal.forget([])
    await journal.remember([])
    assert await journal.remembered() == {"s1": remembered(name="last")}


async def test_intents_are_settled(journal):
    await journal.intend(intent(birth="aaaaaaaaaa"))
    await journal.intend(intent(replaces="s1"))
    await journal.intend(intent("calendar"))
    await journal.settle("calendar")
    await journal.settle("calendar")
    assert await journal.intents() == {"mail": intent(replaces="s1")}


async def test_ceilings_are_learnt_for_every_owner_and_application(store, journal):
    await journal.learn("teams", dt.timedelta(days=3))
    await journal.learn("teams", dt.timedelta(minutes=4230))
    assert await store.memory(owner="you", tenant_id=TENANT, client_id="other").ceilings() == {
        "teams": dt.timedelta(minutes=4230)
    }
    assert await store.memory(owner="me", tenant_id="other", client_id=CLIENT).ceilings() == {}


async def test_owners_and_tenants_do_not_see_each_other(store, journal):
    await journal.remember([remembered()])
    await journal.intend(intent())
    for owner, tenant in [("you", TENANT), ("me", "other")]:
        memory = store.memory(owner=owner, tenant_id=tenant, client_id=CLIENT)
        assert (await memory.remembered(), await memory.intents()) == ({}, {})
    await store.journal(owner="you", tenant_id=TENANT, client_id=CLIENT).forget(["s1"])
    assert set(await store.memory(owner="me", tenant_id=TENANT.upper(), client_id=CLIENT).remembered()) == {"s1"}


async def test_applications_of_a_tenant_do_not_see_each_other(store, journal):
    second = store.journal(owner="me", tenant_id=TENANT, client_id="other")
    gone, theirs = remembered("s2", deleted_at=NOW), remembered(name="theirs")
    await journal.remember([remembered(), gone])
    await journal.intend(intent())
    assert (await second.remembered(), await second.intents()) == ({}, {})
    await second.remember([theirs])
    await second.intend(intent(birth="bbbbbbbbbb"))
    await second.forget(["s2"])
    await second.settle("mail")
    assert (await journal.remembered(), await journal.intents()) == (
        {"s1": remembered(), "s2": gone},
        {"mail": intent()},
    )
    assert (await second.remembered(), await second.intents()) == ({"s1": theirs}, {})


async def test_ids_are_compared_in_lower_case(store, journal):
    await journal.remember([remembered()])
    await journal.intend(intent())
    memory = store.memory(owner="me", tenant_id=TENANT.upper(), client_id=CLIENT.upper())
    assert (set(await memory.remembered()), set(await memory.intents())) == ({"s1"}, {"mail"})


async def test_old_tombstones_are_dropped_by_the_next_write(journal, location):
    recent = remembered("recent", deleted_at=NOW - dt.timedelta(hours=23))
    await journal.remember([remembered("old", deleted_at=NOW - dt.timedelta(hours=25)), recent, remembered("live")])
    assert set(await journal.remembered()) == {"recent", "live"}
    async with Store.open(location, now=lambda: NOW + dt.timedelta(hours=2)) as later:
        await later.journal(owner="you", tenant_id="other", client_id=CLIENT).settle("nothing")
    assert set(await journal.remembered()) == {"live"}


@pytest.mark.parametrize(
    ("passed", "left"),
    [
        pytest.param(dt.timedelta(seconds=59), {"old", "live"}, id="too-soon"),
        pytest.param(dt.timedelta(minutes=1), {"live"}, id="a-minute-later"),
        pytest.param(dt.timedelta(minutes=-1), {"live"}, id="clock-set-back"),
    ],
)
async def test_tombstones_are_looked_for_once_a_minute(location, passed, left):
    clock = [NOW]
    async with Store.open(location, now=lambda: clock[0]) as store:
        journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
        await journal.settle("nothing")
        await journal.remember([remembered("old", deleted_at=NOW - dt.timedelta(days=2)), remembered("live")])
        clock[0] += passed
        await journal.settle("nothing")
        assert set(await journal.remembered()) == left


async def test_concurrent_writes_share_commits(store, journal):
    await asyncio.gather(*(journal.remember([remembered(f"s{n}")]) for n in range(300)))
    assert len(await journal.remembered()) == 300
    assert store.writer.commits < 100


async def test_one_that_is_at_fault_fails_alone(journal):
    naive = remembered("bad", created_at=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - the fault
    calls = [journal.remember([remembered(f"s{n}") if n != 7 else naive]) for n in range(20)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, result in enumerate(results) if result] == [7]
    assert isinstance(results[7], StoreError)
    assert "without an offset" in str(results[7])
    assert len(await journal.remembered()) == 19


async def test_a_closed_store_says_so(location):
    store = Store.open(location)
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="closed already"):
        await store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT).intend(intent())


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("journal.remember([remembered()])", "remembered"),
        ("journal.intend(intent())", "intents"),
    ],
)
async def test_what_a_call_returned_from_survives_a_kill(location: str, call: str, found: str):
    child = start(location, f"asyncio.run({call})\nos.kill(os.getpid(), signal.SIGKILL)")
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    async with Store.open(location) as store:
        assert await getattr(store.memory(owner="me", tenant_id=TENANT, client_id=CLIENT), found)()


POSTGRESQL: Dialect = PGDialect()

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


@given(st.datetimes().map(lambda moment: moment.replace(year=min(max(moment.year, 2), 9998), day=1)), offsets)
def test_times_come_back_aware_and_in_utc(naive, offset):
    moment = naive.replace(tzinfo=offset)
    for dialect in (SQLiteDialect(), POSTGRESQL):
        stored = Moment().process_bind_param(moment, dialect)
        found = Moment().process_result_value(stored, dialect)
        assert (found, found and found.tzinfo) == (moment, dt.UTC)


@given(st.timedeltas(dt.timedelta(), dt.timedelta(days=36500)))
def test_lifetimes_come_back(lifetime):
    stored = Lifetime().process_bind_param(lifetime, SQLiteDialect())
    assert Lifetime().process_result_value(stored, SQLiteDialect()) == lifetime


def test_the_columns_are_the_fields():
    scope = {"owner", "tenant_id", "client_id"}
    assert {c.name for c in tables.subscriptions.columns} - scope == {f.name for f in dataclasses.fields(remembered())}
    assert {c.name for c in tables.intents.columns} - scope == {f.name for f in dataclasses.fields(intent())}


@pytest.mark.parametrize("kind", [SQLiteDialect(), POSTGRESQL], ids=["sqlite", "postgresql"])
def test_both_kinds_overwrite_by_primary_key(kind):
    statements = []

    class Recorder:
        dialect = kind

        def execute(self, statement, _):
            statements.append(" ".join(str(statement.compile(dialect=kind)).replace('"', "").split()))

    upsert(
        cast("Connection", Recorder()), tables.ceilings, [{"tenant_id": "t", "key": "k", "seconds": dt.timedelta(1)}]
    )
    assert "ON CONFLICT (tenant_id, key) DO UPDATE SET seconds = excluded.seconds" in statements[0]
