"""What the migrations make of a store, whatever revision it was of, is what the tables say; rows stay."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, insert

from reconciler.core.errors import StoreError
from reconciler.store import Place, Store, tables
from reconciler.store.connections import writing_engine
from reconciler.store.schema import REVISION_TABLE, REVISIONS, upgrade
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
    assert "its revision is 0001, this version knows 0002" in str(found.warning)


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
