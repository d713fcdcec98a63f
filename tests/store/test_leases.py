"""One process at a time holds a lease; another one takes over as soon as it may."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from reconciler.core.errors import StoreError
from reconciler.store import Store
from tests.store.support import start

HOLDING = """
lease = store.lease("forwarding")
print(asyncio.run(lease.hold()), flush=True)
input()
asyncio.run(lease.release())
print("released", flush=True)
input()
"""


@pytest.fixture
async def store(location):
    async with Store.open(location) as opened:
        yield opened


async def test_one_of_two_holds_it(store):
    mine, yours, other = store.lease("forwarding"), store.lease("forwarding"), store.lease("other")
    assert [await mine.hold(), await yours.hold(), await mine.hold(), await other.hold()] == [True, False, True, True]
    await yours.release()
    assert not await yours.hold()
    await mine.release()
    await mine.release()
    assert [await yours.hold(), await mine.hold()] == [True, False]
    for lease in (mine, yours, other):
        await lease.release()


async def test_only_the_holder_can_confirm_it(store):
    mine, yours, other = store.lease("writing-me"), store.lease("writing-me"), store.lease("writing-you")
    assert [await each.confirm() for each in (mine, yours)] == [False, False]
    assert await mine.hold()
    assert not await yours.hold()
    assert [await each.confirm() for each in (mine, yours, other)] == [True, False, False]
    await mine.release()
    assert [await each.confirm() for each in (mine, yours)] == [False, False]
    assert await yours.hold()
    assert [await each.confirm() for each in (mine, yours)] == [False, True]
    await yours.release()


async def test_confirming_holds_nothing(store):
    mine, yours = store.lease("writing-me"), store.lease("writing-me")
    assert not await mine.confirm()
    assert await yours.hold()
    await yours.release()


async def test_two_processes(store, location):
    lease = store.lease("forwarding")
    child = start(location, HOLDING)
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    assert not await lease.hold()
    child.stdin.write("\n")
    child.stdin.flush()
    assert child.stdout.readline() == "released\n"
    assert await lease.hold()
    await lease.release()
    child.communicate("\n")
    assert child.returncode == 0


async def test_a_file_is_free_as_soon_as_its_holder_is_killed(tmp_path):
    child = start(tmp_path, HOLDING)
    assert child.stdout is not None
    assert child.stdout.readline() == "True\n"
    async with Store.open(tmp_path) as store:
        lease = store.lease("forwarding")
        assert not await lease.hold()
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert await lease.hold()
        assert (tmp_path / "reconciler.db.forwarding").stat().st_mode & 0o777 == 0o600
        await lease.release()


async def test_a_file_that_was_removed_is_locked_anew(tmp_path):
    async with Store.open(tmp_path) as store:
        mine, yours = store.lease("forwarding"), store.lease("forwarding")
        assert await mine.hold()
        (tmp_path / "reconciler.db.forwarding").unlink()
        assert not await mine.confirm()
        assert await yours.hold()
        assert [await mine.confirm(), await yours.confirm()] == [False, True]
        assert not await mine.hold()
        await yours.release()


async def test_a_file_that_cannot_be_locked(tmp_path):
    async with Store.open(tmp_path) as store:
        (tmp_path / "reconciler.db.forwarding").mkdir()
        with pytest.raises(StoreError, match="cannot be locked: Is a directory"):
            await store.lease("forwarding").hold()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_file_stays_open(tmp_path):
    async with Store.open(tmp_path) as store:
        leases = [store.lease("forwarding") for _ in range(3)]
        before = open_files()
        for lease in leases:
            await lease.hold()
        for lease in leases:
            await lease.release()
        assert open_files() == before


def run(statement):
    return lambda connection: connection.execute(text(statement)).fetchall()


async def test_a_row_ends_by_the_clock_of_the_server(database):
    async with Store.open(database) as store:
        mine, yours = store.lease("forwarding"), store.lease("forwarding")
        assert await mine.hold()
        (left,) = await store.ask(run("SELECT extract(epoch FROM until - clock_timestamp()) FROM leases"))
        assert 10 < left[0] <= 15
        await store.writer.write(lambda c: c.execute(text("UPDATE leases SET until = clock_timestamp()")).close())
        assert await yours.hold()
        assert not await mine.hold()
        await mine.release()
        assert await yours.hold()


async def test_a_row_that_has_ended_is_confirmed_to_nobody(database):
    """It may be another's in the next moment, though it is nobody's yet."""
    async with Store.open(database) as store:
        mine, yours = store.lease("writing-me"), store.lease("writing-me")
        assert await mine.hold()
        await store.writer.write(lambda c: c.execute(text("UPDATE leases SET until = clock_timestamp()")).close())
        assert [await mine.confirm(), await yours.confirm()] == [False, False]
        assert await yours.hold()
        assert [await mine.confirm(), await yours.confirm()] == [False, True]


async def test_where_the_store_does_not_tell_nobody_is_told_yes(server, database):
    async with Store.open(database) as store:
        lease = store.lease("writing-me")
        assert await lease.hold()
        server.stop()
        with pytest.raises(StoreError, match="cannot be read"):
            await lease.confirm()
        server.start()
        assert await lease.hold()
        assert await lease.confirm()


async def test_the_epoch_grows_with_every_holder(database):
    epochs = []
    async with Store.open(database) as store:
        mine, yours = store.lease("forwarding"), store.lease("forwarding")
        for lease, release in [(mine, False), (mine, True), (yours, False), (yours, True), (mine, True)]:
            assert await lease.hold()
            epochs += [row.epoch for row in await store.ask(run("SELECT epoch FROM leases"))]
            if release:
                await lease.release()
    assert epochs == [1, 1, 2, 2, 3]
