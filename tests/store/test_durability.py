"""What a put returned from is there, whatever becomes of the process, the disk or those who use the store as well."""

import asyncio
import signal
import sqlite3
import threading

import pytest

from reconciler.core.errors import StoreError
from reconciler.store import Store
from reconciler.store import entries as sql
from reconciler.store.rows import row_of
from tests.store.support import entry, start, waiting

PUTTING = """
async def put_all():
    n = 0
    async def put(n):
        await inbox.put([entry(f"{n}-a"), entry(f"{n}-b")])
        os.write(1, f"{n}\\n".encode())
    while True:
        await asyncio.gather(*(put(n + k) for k in range(8)))
        n += 8
asyncio.run(put_all())
"""


async def test_a_kill_in_the_middle_of_puts(location):
    child = start(location, PUTTING)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(200)]
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    returned = [int(line) for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    async with Store.open(location) as store:
        found = set(await waiting(store.inbox()))
    assert {f"{n}-{part}" for n in returned for part in "ab"} <= found
    assert {name[:-1] + "a" for name in found} == {name for name in found if name.endswith("a")}
    assert len(found) % 2 == 0


async def test_two_processes_write(location):
    script = """
async def put_all():
    for n in range(50):
        await inbox.put([entry(f"{sys.argv[2]} {n} {k}") for k in range(3)])
asyncio.run(put_all())
asyncio.run(store.close())
"""
    children = [start(location, script.replace("sys.argv[2]", repr(name))) for name in ("one", "two")]
    outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], outputs
    async with Store.open(location) as store:
        found = list(await waiting(store.inbox()))
    for name in ("one", "two"):
        theirs = [each for each in found if each.startswith(name)]
        assert theirs == [f"{name} {n} {k}" for n in range(50) for k in range(3)]
    batches = [found[start : start + 3] for start in range(0, 300, 3)]
    assert all(len({each.rpartition(" ")[0] for each in batch}) == 1 for batch in batches)


async def test_ids_are_committed_in_their_order(database):
    """A reader that has seen an id sees no lower one later, whichever replica stored it."""
    drawn, go_on = threading.Event(), threading.Event()

    def slowly(connection):
        sql.add(connection, [row_of(entry("first"))])
        drawn.set()
        assert go_on.wait(10)

    async with Store.open(database) as mine, Store.open(database) as yours:
        first = asyncio.create_task(mine.writer.write(slowly))
        await asyncio.to_thread(drawn.wait, 10)
        second = asyncio.create_task(yours.inbox().put([entry("second")]))
        asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await mine.ask(lambda connection: connection.exec_driver_sql(asked).scalar_one()):
            assert not second.done()
        assert await waiting(yours.inbox()) == {}
        go_on.set()
        await asyncio.gather(first, second)
        assert list(await waiting(yours.inbox())) == ["first", "second"]


async def test_a_full_disk(tmp_path):
    async with Store.open(tmp_path) as store:
        inbox = store.inbox()
        await store.writer.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 40").close())
        puts = [inbox.put([entry(f"{n}", body=b"x" * 100_000)]) for n in range(5)]
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert {str(result).partition(": ")[2] for result in results} == {"the disk is full: free some space"}
        assert await waiting(inbox) == {}
        await store.writer.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 9999").close())
        await inbox.put([entry("later", body=b"x" * 100_000)])
        assert list(await waiting(inbox)) == ["later"]


async def test_a_file_that_cannot_grow(tmp_path):
    script = """
import resource
from reconciler.core.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
async def put_all():
    await inbox.put([entry("before")])
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    try:
        await inbox.put([entry("too much", body=bytes(400_000))])
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await inbox.put([entry("after")])
    await store.close()
asyncio.run(put_all())
"""
    child = start(tmp_path, script)
    output, _ = child.communicate()
    assert child.returncode == 0
    assert "cannot be written: the disk" in output
    async with Store.open(tmp_path) as store:
        assert list(await waiting(store.inbox())) == ["before", "after"]


async def test_a_file_that_another_process_holds_locked(tmp_path):
    async with Store.open(tmp_path, patience=0.2) as store:
        inbox = store.inbox()
        await inbox.put([entry("before")])
        other = sqlite3.connect(tmp_path / "reconciler.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = asyncio.get_running_loop().time()
        puts = [inbox.put([entry(str(n))]) for n in range(50)]
        writes = [inbox.hear({("t1", str(n)): entry().since}) for n in range(50)]
        results = await asyncio.gather(*puts, *writes, return_exceptions=True)
        assert all(isinstance(result, StoreError) for result in results)
        assert all("another process holds it locked" in str(result) for result in results)
        assert asyncio.get_running_loop().time() - started < 5, "nobody waits for the patience of all the others"
        assert list(await waiting(inbox)) == ["before"]
        other.close()
        await inbox.put([entry("after")])
        assert list(await waiting(inbox)) == ["before", "after"]


async def test_who_gives_up_before_it_has_begun_is_not_stored_later(tmp_path):
    begun, go_on = threading.Event(), threading.Event()

    def slowly(connection):
        begun.set()
        assert go_on.wait(10)

    async with Store.open(tmp_path) as store:
        write, inbox = store.writer.write, store.inbox()
        first = asyncio.create_task(write(slowly))
        assert await asyncio.to_thread(begun.wait, 10)
        given_up = asyncio.create_task(write(lambda connection: sql.add(connection, [row_of(entry("given up"))])))
        patient = asyncio.create_task(inbox.put([entry("patient")]))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        go_on.set()
        await asyncio.gather(first, patient)
        assert list(await waiting(inbox)) == ["patient"]
        assert store.writer.waiting == []
