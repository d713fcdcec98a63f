"""What the migrations make of a store, whatever revision it was of, is what the tables say; rows stay."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from reconciler.core.catalog import Version
from reconciler.core.errors import StoreError
from reconciler.store import Place, Store, tables
from reconciler.store.connections import writing_engine
from reconciler.store.rows import COLUMNS, micros, row_of
from reconciler.store.schema import HEAD, REVISION_TABLE, REVISIONS, upgrade
from reconciler.store.tables import metadata
from tests.store.support import CLIENT, NOW, TENANT, entry, intent, remembered


@contextmanager
def opened(location: str) -> Iterator[Engine]:
    place = Place.of(location)
    place.prepare()
    engine = writing_engine(place, patience=5)
    yield engine
    engine.dispose()


async def test_the_migrations_lead_to_the_tables(location):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    async with Store.open(location):
        pass
    with opened(location) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_revision_is_known_by_heart():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "reconciler.store:migrations")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def made_by_the_first_version(location: str) -> None:
    """A subscription, an intent and a ceiling, in a store without an inbox."""
    scope = {"owner": "me", "tenant_id": TENANT, "client_id": CLIENT}
    with opened(location) as engine, engine.begin() as connection:
        upgrade(connection, "0001")
        fields = {"id": "s1", "name": "mail", "version": remembered().version, "birth": "0123456789", "key": "k1"}
        connection.execute(insert(tables.subscriptions).values(**scope, **fields, certificate_fixed=False))
        connection.execute(
            insert(tables.intents).values(**scope, name="mail", birth="0123456789", created_at=NOW, replaces=None)
        )


async def test_a_store_of_the_first_version_is_migrated_with_its_rows(location):
    made_by_the_first_version(location)
    async with Store.open(location) as store:
        memory = store.memory(owner="me", tenant_id=TENANT, client_id=CLIENT)
        assert await memory.remembered() == {"s1": remembered()}
        assert await memory.intents() == {"mail": intent()}
        await store.inbox().put([entry()])
        assert len(await store.inbox().page("main", after=0, limit=9)) == 1


def test_a_dry_run_does_without_a_store_of_an_earlier_version(location):
    made_by_the_first_version(location)
    found = Store.read(location)
    assert found.empty
    assert f"its revision is 0001, this version knows {HEAD}" in str(found.warning)


SCOPE = {"owner": "me", "tenant_id": TENANT, "client_id": CLIENT}
FULL = remembered(
    "s2",
    version=Version.BETA,
    created_at=NOW,
    written_at=NOW + dt.timedelta(hours=1),
    expires_at=NOW + dt.timedelta(days=3),
    granted=dt.timedelta(days=3),
    certificate_fixed=True,
)
GONE = remembered("s3", written_at=NOW, deleted_at=NOW)


def made_by_the_second_version(location: str) -> None:
    """Subscriptions of every kind, an intent, a ceiling, a lease, an entry of the inbox, and what was heard."""
    later = {"certificate_id", "certified_at", "noted_at", "stranger"}
    rows = [
        SCOPE | {name: value for name, value in dataclasses.asdict(each).items() if name not in later}
        for each in (remembered(), FULL, GONE)
    ]
    row = dict(zip(COLUMNS[1:], row_of(entry()), strict=True))
    with opened(location) as engine, engine.begin() as connection:
        upgrade(connection, "0002")
        for each in rows:
            connection.execute(insert(tables.subscriptions).values(each))
        connection.execute(insert(tables.intents).values(SCOPE | dataclasses.asdict(intent())))
        connection.execute(insert(tables.ceilings).values(tenant_id=TENANT, key="team", seconds=dt.timedelta(hours=6)))
        connection.execute(insert(tables.leases).values(name="forwarding", holder="x", epoch=7, until=NOW))
        connection.execute(insert(tables.inbox).values(row))
        connection.execute(insert(tables.heard).values(tenant_id=TENANT, name="mail", at=micros(NOW)))


async def test_a_store_of_the_second_version_is_migrated_with_its_rows(location):
    made_by_the_second_version(location)
    async with Store.open(location, now=lambda: NOW) as store:
        journal = store.journal(**SCOPE)
        assert await journal.remembered() == {"s1": remembered(), "s2": FULL, "s3": GONE}
        assert {each.stranger for each in (await journal.remembered()).values()} == {False}
        assert await journal.intents() == {"mail": intent()}
        assert await journal.ceilings() == {"team": dt.timedelta(hours=6)}
        (kept,) = await store.inbox().page("main", after=0, limit=9)
        assert dataclasses.replace(kept, id=entry().id) == entry()
        chronicle = store.chronicle("me")
        assert await chronicle.heard() == {(TENANT, "mail"): NOW}
        assert (list(await chronicle.gaps()), await chronicle.troubles(), await chronicle.orders()) == ([], {}, {})

        known = dataclasses.replace(FULL, certificate_id="A" * 40, certified_at=NOW, noted_at=NOW, stranger=True)
        await journal.remember([known])
        await chronicle.order("rotate-client-state", at=NOW)
        assert (await journal.remembered())["s2"] == known
    lease = await lease_row(location)
    assert (lease.holder, lease.epoch) == ("x", 7)


async def lease_row(location: str) -> Any:
    with opened(location) as engine, engine.connect() as connection:
        return connection.execute(select(tables.leases)).one()


async def test_both_ways_lead_to_the_same_store(location):
    """Whether it is made anew or was migrated step by step, what it takes and gives is the same."""
    made_by_the_first_version(location)
    with opened(location) as engine, engine.begin() as connection:
        upgrade(connection, "0002")
    async with Store.open(location, now=lambda: NOW) as store:
        journal = store.journal(**SCOPE)
        await journal.remember([FULL])
        assert await journal.remembered() == {"s1": remembered(), "s2": FULL}


async def test_a_migration_that_fails_leaves_the_store_as_it_was(location):
    made_by_the_first_version(location)
    with opened(location) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE heard (at INTEGER)")
    with pytest.raises(StoreError, match=r"heard.* already exists"):
        Store.open(location)
    with opened(location) as engine, engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE heard")
    async with Store.open(location) as store:
        await store.inbox().put([entry()])
