"""A store is made for its owner only, by many at once if need be, and one that is no good is refused in a sentence."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.core.errors import StoreError
from reconciler.store import Place, Store
from reconciler.store.schema import HEAD, REVISION_TABLE
from tests.store.support import CLIENT, TENANT, filled, remembered, start


def test_importing_the_package_or_reading_nothing_costs_no_sqlalchemy(tmp_path):
    script = (
        "import sys; from reconciler.store import Store\n"
        f"Store.read({str(tmp_path / 'none')!r}).memory(owner='me', tenant_id='t', client_id='c')\n"
        "sys.exit('sqlalchemy' in sys.modules or 'alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def test_folder_and_files_are_for_their_owner_only(tmp_path):
    folder = tmp_path / "a" / "state of %41?#"
    async with Store.open(folder) as store:
        await store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT).remember([remembered()])
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(["reconciler.db", "reconciler.db-wal", "reconciler.db-shm"], 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(await Store.read(folder).memory(owner="me", tenant_id=TENANT, client_id=CLIENT).remembered()) == {"s1"}


async def test_pragmas(tmp_path):
    async with Store.open(tmp_path, patience=1.5) as store:
        with store.reading.connect() as connection:
            names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 2, 1500, 1]


async def test_a_file_by_its_url(tmp_path):
    async with Store.open(f"sqlite:///{tmp_path}/other.db"):
        assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense://secret@", "of an unknown kind"),
        ("postgresql://me:secret@host:port/db", "not a URL"),
        ("mysql://me:secret@host/db", "mysql://me:\\*\\*\\*@host/db is of an unknown kind"),
        ("sqlite://", "names no file"),
    ],
)
def test_urls_that_are_no_good(url, says):
    with pytest.raises(StoreError, match=says) as caught:
        Place.of(url)
    assert "secret" not in str(caught.value).replace("nonsense://secret@", "")


def test_a_place_shows_no_password():
    assert "secret" not in f"{Place.of('postgresql://me:secret@host/db')!r}{Place.of('postgresql://me:secret@host/db')}"


async def test_many_open_a_new_store_at_once(location):
    children = [start(location, f"asyncio.run(journal.remember([remembered('s{n}')]))") for n in range(5)]
    outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * 5, outputs
    memory = Store.read(location).memory(owner="me", tenant_id=TENANT, client_id=CLIENT)
    assert len(await memory.remembered()) == 5


def set_revision(file: Path, revision: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(f"UPDATE {REVISION_TABLE} SET version_num = ?", (revision,))
    connection.close()


def test_a_store_of_a_later_version_is_refused(tmp_path):
    set_revision(filled(tmp_path), "9999")
    with pytest.raises(StoreError, match=f"later version: its revision is 9999, this version knows {HEAD}: upgrade"):
        Store.open(tmp_path)


def test_a_dry_run_does_without_a_store_of_a_later_version(tmp_path):
    set_revision(filled(tmp_path), "9999")
    found = Store.read(tmp_path)
    assert found.empty
    assert "9999" in str(found.warning)


def garbage(file: Path) -> None:
    file.write_bytes(os.urandom(8192))


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4500])


def short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def file_for_folder(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("")


@pytest.mark.parametrize("opening", [Store.open, Store.read])
@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (garbage, "not a database: move the file away"),
        (truncated, "damaged: move the file away"),
        (short, "(damaged|not a database): move the file away"),
        (folder, "Is a directory"),
        (file_for_folder, "Not a directory|File exists"),
    ],
)
def test_files_that_are_no_good(tmp_path, opening, breaks, says):
    file = filled(tmp_path / "state")
    breaks(file)
    with pytest.raises(StoreError, match=says) as caught:
        opening(tmp_path / "state")
    assert str(tmp_path / "state") in str(caught.value)
    assert "sqlalche" not in str(caught.value).lower()


@pytest.mark.parametrize("opening", [Store.open, Store.read])
def test_a_file_that_may_not_be_opened(tmp_path, opening):
    filled(tmp_path).chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        with pytest.raises(StoreError, match="check the permissions"):
            opening(tmp_path)
    finally:
        if root:
            os.seteuid(0)


async def test_a_full_disk(tmp_path):
    async with Store.open(tmp_path) as store:
        journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
        await store.writer.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1").close())
        with pytest.raises(StoreError, match="cannot be written: the disk is full: free some space"):
            await journal.remember(remembered(f"s{n}") for n in range(500))
        assert await journal.remembered() == {}


async def test_a_store_locked_by_another_process(tmp_path):
    file = await asyncio.to_thread(filled, tmp_path)
    async with Store.open(tmp_path, patience=0.1) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        journal = store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT)
        with pytest.raises(StoreError, match="another process holds it locked"):
            await journal.remember([remembered()])
        assert len(await journal.remembered()) == 50
        other.close()
        await journal.remember([remembered()])
