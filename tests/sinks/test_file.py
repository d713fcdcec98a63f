"""A file as a sink: what it holds after rotation, a move, a full disk and a process that was killed."""

import asyncio
import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.engine.sinks import Unreachable
from reconciler.sinks import FileSettings
from reconciler.sinks.file import FileSink


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


@pytest.fixture
async def opened(path):
    """Make sinks for the path, which are closed in the end."""
    sinks = []

    def open_one(*, max_size=100_000, keep=3):
        sinks.append(FileSink(FileSettings(name="archive", path=str(path), max_size=max_size, keep=keep)))
        return sinks[-1]

    yield open_one
    for sink in sinks:
        await sink.close()


def ids(path):
    content = path.read_bytes()
    assert content.endswith(b"\n")
    return [json.loads(line)["id"] for line in content.splitlines()]


async def test_an_event_is_a_line_in_a_file_that_nobody_else_reads(opened, path, events):
    sink = opened()
    await sink.send(events(1))
    await sink.send(events(2))
    assert path.read_bytes() == events(1).content + b"\n" + events(2).content + b"\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_it_goes_on_where_the_file_ends(opened, path, events):
    first = opened()
    await first.send(events(1))
    await first.close()
    await opened().send(events(2))
    assert ids(path) == ["event-1", "event-2"]


async def test_it_is_on_the_disk_before_send_returns_and_many_share_a_flush(opened, path, events, monkeypatch):
    flushed = []
    flush = os.fdatasync

    def counted(descriptor):
        flushed.append(path.stat().st_size)
        flush(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    sink = opened()
    await asyncio.gather(*(sink.send(events(number)) for number in range(30)))
    assert flushed == [path.stat().st_size]
    await sink.send(events(30))
    assert len(flushed) == 2
    assert ids(path) == [f"event-{number}" for number in range(31)]


async def test_it_is_rotated_by_size_and_the_oldest_go(opened, path, events):
    size = len(events().content) + 1
    sink = opened(max_size=2 * size, keep=2)
    for number in range(1, 10):
        await sink.send(events(number))
    assert ids(path) == ["event-9"]
    assert ids(Path(f"{path}.1")) == ["event-7", "event-8"]
    assert ids(Path(f"{path}.2")) == ["event-5", "event-6"]
    assert sorted(each.name for each in path.parent.iterdir()) == ["events.jsonl", "events.jsonl.1", "events.jsonl.2"]


async def test_it_is_rotated_within_what_comes_together(opened, path, events):
    size = len(events(10).content) + 1
    sink = opened(max_size=3 * size)
    await asyncio.gather(*(sink.send(events(number)) for number in range(10, 18)))
    found = [ids(each) for each in (Path(f"{path}.2"), Path(f"{path}.1"), path)]
    assert found == [
        ["event-10", "event-11", "event-12"],
        ["event-13", "event-14", "event-15"],
        ["event-16", "event-17"],
    ]


async def test_without_old_files_it_begins_anew(opened, path, events):
    sink = opened(max_size=len(events().content) + 1, keep=0)
    await sink.send(events(1))
    await sink.send(events(2))
    assert ids(path) == ["event-2"]
    assert list(path.parent.iterdir()) == [path]


async def test_an_event_that_is_larger_than_the_file_may_be_has_one_of_its_own(opened, path, events):
    sink = opened(max_size=10)
    await sink.send(events(1))
    await sink.send(events(2))
    assert [ids(Path(f"{path}.1")), ids(path)] == [["event-1"], ["event-2"]]


async def test_a_file_that_was_moved_away_is_begun_anew(opened, path, events):
    sink = opened()
    await sink.send(events(1))
    moved = path.rename(path.with_suffix(".moved"))
    await sink.send(events(2))
    assert [ids(moved), ids(path)] == [["event-1"], ["event-2"]]


async def test_a_file_that_was_replaced_is_followed(opened, path, events):
    sink = opened()
    await sink.send(events(1))
    path.rename(path.with_suffix(".moved"))
    path.touch()
    await sink.send(events(2))
    assert ids(path) == ["event-2"]


async def test_a_file_that_was_cut_goes_on_at_its_new_end(opened, path, events):
    """logrotate's copytruncate."""
    sink = opened()
    await sink.send(events(1))
    os.truncate(path, 0)
    await sink.send(events(2))
    assert ids(path) == ["event-2"]


async def test_half_a_line_of_a_killed_process_is_ended(opened, path, events):
    path.write_bytes(events(1).content[:50])
    await opened().send(events(2))
    half, whole = path.read_bytes().splitlines()
    assert half == events(1).content[:50]
    assert whole == events(2).content


@pytest.mark.parametrize("broken", ["write", "fdatasync"])
async def test_an_error_half_way_leaves_nothing_behind(opened, path, events, monkeypatch, broken):
    sink = opened()
    await sink.send(events(1))
    write = os.write

    def fail(descriptor, *content):
        if content:
            write(descriptor, content[0][:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail)
        with pytest.raises(Unreachable) as raised:
            await sink.send(events(2))
    assert str(raised.value) == f"the sink 'archive' cannot write to {path}: the disk is full, make room"
    assert ids(path) == ["event-1"]
    await sink.send(events(3))
    assert ids(path) == ["event-1", "event-3"]


LIMITED = """
import asyncio, resource, sys
from reconciler.core.event import Event
from reconciler.engine.sinks import Unreachable
from reconciler.sinks import FileSettings, open_sink

async def main():
    sink = open_sink(FileSettings(name="archive", path=sys.argv[1], max_size=2**40, keep=1))
    found = []
    for size in (600, 600, 200):
        try:
            await sink.send(Event("1", "t", "s", b"x" * size))
        except Unreachable as error:
            found.append(str(error))
    await sink.close()
    print(found)

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
asyncio.run(main())
"""


def test_a_file_that_the_system_lets_grow_no_further(path):
    """The second line fits by two thirds, and the system writes these before it complains."""
    found = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, timeout=60)
    assert f"cannot write to {path}: File too large" in found.stdout, found.stderr
    assert [len(line) for line in path.read_bytes().splitlines()] == [600, 200]


async def test_a_folder_that_is_missing(opened, path, events):
    sink = opened()
    path.parent.rename(path.parent.with_name("elsewhere"))
    with pytest.raises(Unreachable) as raised:
        await sink.send(events())
    assert str(raised.value).endswith(f": its folder {path.parent} does not exist, create it")
    path.parent.mkdir()
    await sink.send(events())
    assert ids(path) == ["event-1"]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "pipe"])
async def test_what_is_no_file(opened, path, events, make):
    make(path)
    with pytest.raises(Unreachable, match="it is no regular file, name another path"):
        await opened().send(events())


async def test_a_file_that_another_one_writes_to(opened, path, events):
    with path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Unreachable, match="another process or another sink writes to it"):
            await opened().send(events())
    await opened().send(events())
    assert ids(path) == ["event-1"]


async def test_nothing_of_the_event_is_in_a_message(opened, path, events):
    path.mkdir()
    with pytest.raises(Unreachable) as raised:
        await opened().send(events())
    assert "CONFIDENTIAL" not in str(raised.value)


async def test_close_waits_for_what_is_written(opened, path, events):
    sink = opened()
    sending = asyncio.create_task(sink.send(events()))
    await asyncio.sleep(0)
    await sink.close()
    assert ids(path) == ["event-1"]
    await sending
