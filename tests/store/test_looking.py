"""A dry run leaves the folder as it was, byte for byte, whoever else is at work there."""

import asyncio
from pathlib import Path

import pytest

from reconciler.core.errors import StoreError
from reconciler.store import Store
from tests.store.support import CLIENT, TENANT, filled, snapshot, start


async def ids(folder: Path) -> set[str]:
    found = Store.read(folder)
    assert found.warning is None
    memory = found.memory(owner="me", tenant_id=TENANT, client_id=CLIENT)
    assert (await memory.intents(), await memory.ceilings()) == ({}, {})
    return set(await memory.remembered())


async def test_nothing_is_there(tmp_path):
    assert await ids(tmp_path / "none") == set()
    assert list(tmp_path.iterdir()) == []


async def test_an_empty_file(tmp_path):
    (tmp_path / "reconciler.db").touch()
    assert await ids(tmp_path) == set()
    assert snapshot(tmp_path) == {"reconciler.db": b""}


async def test_a_store_that_was_closed(tmp_path):
    await asyncio.to_thread(filled, tmp_path)
    before = snapshot(tmp_path)
    assert len(await ids(tmp_path)) == 50
    assert snapshot(tmp_path) == before
    assert set(before) == {"reconciler.db"}


async def test_a_folder_that_may_only_be_read(tmp_path):
    await asyncio.to_thread(filled, tmp_path)
    (tmp_path / "reconciler.db").chmod(0o400)
    tmp_path.chmod(0o500)
    assert len(await ids(tmp_path)) == 50
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("end", ["print(1, flush=True); input()", "os.kill(os.getpid(), signal.SIGKILL)"])
async def test_a_store_that_another_process_writes_or_was_killed_over(tmp_path, end):
    await asyncio.to_thread(filled, tmp_path)
    child = start(tmp_path, f"asyncio.run(journal.remember([remembered('new')]))\n{end}")
    assert child.stdout is not None
    child.stdout.readline()
    before = snapshot(tmp_path)
    assert len(before) == 3
    assert len(await ids(tmp_path)) == 51
    assert snapshot(tmp_path) == before
    child.kill()
    child.communicate()


async def test_a_wal_without_its_shm_is_not_guessed_at(tmp_path):
    child = start(tmp_path, "asyncio.run(journal.remember([remembered()]))\nos.kill(os.getpid(), signal.SIGKILL)")
    child.communicate()
    (tmp_path / "reconciler.db-shm").unlink()
    before = snapshot(tmp_path)
    with pytest.raises(StoreError, match="without the -shm file: let a run that is no dry run open it once"):
        Store.read(tmp_path)
    assert snapshot(tmp_path) == before


async def test_looking_while_others_open_write_and_close(tmp_path):
    script = """
async def write():
    for n in range(20):
        async with Store.open(Path(sys.argv[1])) as other:
            await other.journal(owner="me", tenant_id=TENANT, client_id=CLIENT).remember([remembered(f"new{n}")])
asyncio.run(store.close())
asyncio.run(write())
"""
    await asyncio.to_thread(filled, tmp_path)
    child = start(tmp_path, script)
    counts = []
    while child.poll() is None:
        counts.append(len(await ids(tmp_path)))
    child.communicate()
    assert (child.returncode, counts == sorted(counts)) == (0, True)
    assert len(await ids(tmp_path)) == 70
