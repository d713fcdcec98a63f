"""Stores that can be written to and such that cannot; none is changed by being looked at."""

import sqlite3

import pytest

from reconciler.daemon.checks import stores
from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.running import run
from reconciler.store import Store
from reconciler.store.schema import HEAD, REVISION_TABLE
from tests.support.postgresql import PostgreSQL


async def verdicts(location):
    return [each.verdict for each in await run(stores.store_checks(location))]


async def levels(location):
    return [each.level for each in await verdicts(location)]


async def made(location):
    async with Store.open(location):
        pass


def set_revision(folder, revision):
    with sqlite3.connect(folder / "reconciler.db") as connection:
        connection.execute(f"UPDATE {REVISION_TABLE} SET version_num = ?", (revision,))
    connection.close()


async def test_there_is_none_yet_and_none_is_made(tmp_path):
    folder = tmp_path / "state" / "reconciler"
    revision, writable = await verdicts(folder)
    assert (revision.level, writable.level) == (Level.OK, Level.OK)
    assert "there is none yet" in revision.found
    assert not folder.exists()


async def test_there_can_be_none(tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    revision, writable = await verdicts(file / "state")
    assert Level.FAILURE in (revision.level, writable.level)


async def test_a_folder_that_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # root, who may run this, can write everywhere
    _, writable = await verdicts(tmp_path / "state")
    assert writable.level is Level.FAILURE
    assert f"{tmp_path} is no folder that this user may write to" in writable.found


async def test_a_good_one_stays_as_it_is(tmp_path):
    await made(tmp_path)
    file = tmp_path / "reconciler.db"
    before = file.read_bytes()
    revision, writable = await verdicts(tmp_path)
    assert (revision.level, writable.level) == (Level.OK, Level.OK)
    assert f"its revision is {HEAD}" in revision.found
    assert "MiB free" in writable.found
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("0001", [Level.WARNING, Level.OK]), ("9999", [Level.FAILURE, Level.SKIPPED])],
    ids=["earlier", "later"],
)
async def test_another_version_wrote_it_and_nothing_is_migrated(tmp_path, revision, expected):
    await made(tmp_path)
    set_revision(tmp_path, revision)
    assert await levels(tmp_path) == expected
    assert f"its revision is {revision}" in (await verdicts(tmp_path))[0].found


async def test_no_database(tmp_path):
    (tmp_path / "reconciler.db").write_bytes(b"hello" * 1000)
    assert await levels(tmp_path) == [Level.FAILURE, Level.SKIPPED]


async def test_another_process_holds_it_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "PATIENCE", 0.05)
    await made(tmp_path)
    holder = sqlite3.connect(tmp_path / "reconciler.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        _, writable = await verdicts(tmp_path)
    finally:
        holder.close()
    assert writable.level is Level.FAILURE
    assert "another process holds it locked" in writable.found


async def test_a_disk_that_is_nearly_full(tmp_path, monkeypatch):
    await made(tmp_path)
    monkeypatch.setattr(stores, "LEAST_FREE", 2**62)
    _, writable = await verdicts(tmp_path)
    assert writable.level is Level.WARNING


async def test_a_location_that_is_none():
    (verdict,) = await verdicts("mysql://user:hunter2@host/db")
    assert verdict.level is Level.FAILURE
    assert "hunter2" not in verdict.found


async def test_a_server():
    with PostgreSQL() as server, server.database() as url:
        readonly = f"{url}{'&' if '?' in url else '?'}options=-c%20default_transaction_read_only%3Don"
        for make in (False, True):
            if make:
                await made(url)
            assert await levels(url) == [Level.OK, Level.OK]
            revision, writable = await verdicts(readonly)
            assert (revision.level, writable.level) == (Level.OK, Level.FAILURE)
            assert "it may only be read" in writable.found


async def test_a_file_without_tables_gets_none(tmp_path):
    file = tmp_path / "reconciler.db"
    file.touch()
    assert await levels(tmp_path) == [Level.OK, Level.OK]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
