"""The standard output as a sink: on a pipe that is read, held, closed or full."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys

import pytest

from reconciler.engine.sinks import SinkError, Unreachable
from reconciler.sinks import StdoutSettings
from reconciler.sinks.stdout import StdoutSink

SETTINGS = StdoutSettings(name="events")


@pytest.fixture
def pipe():
    """Its two ends, which a test may close."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


@pytest.fixture
def sink(pipe):
    return StdoutSink(SETTINGS, descriptor=pipe[1])


def read_all(reader, writer):
    os.close(writer)
    with os.fdopen(os.dup(reader), "rb") as stream:
        return stream.read().splitlines()


async def test_an_event_is_a_line(sink, pipe, events):
    await sink.send(events())
    (line,) = read_all(*pipe)
    assert line == events().content
    assert json.loads(line)["id"] == "event-1"


async def test_events_that_come_together_are_written_together(sink, pipe, events, monkeypatch):
    writes = []
    write = os.write

    def counted(descriptor, content):
        writes.append(content)
        return write(descriptor, content)

    monkeypatch.setattr(os, "write", counted)
    await asyncio.gather(*(sink.send(events(number)) for number in range(20)))
    assert len(writes) == 1
    assert [json.loads(line)["id"] for line in read_all(*pipe)] == [f"event-{number}" for number in range(20)]


async def test_a_reader_that_is_held_does_not_hold_the_event_loop(sink, pipe, events):
    sending = asyncio.create_task(sink.send(events(size=1_000_000)))  # far more than a pipe takes
    assert await asyncio.to_thread(os.read, pipe[0], 1) == b"{"  # so it is being written
    assert not sending.done()
    with os.fdopen(os.dup(pipe[0]), "rb") as stream:
        line = b"{" + await asyncio.to_thread(stream.readline)
    await asyncio.wait_for(sending, 10)
    assert json.loads(line)["id"] == "event-1"


async def test_a_pipe_that_does_not_block_is_waited_for(sink, pipe, events):
    os.set_blocking(pipe[1], False)
    sending = asyncio.create_task(sink.send(events(size=1_000_000)))
    with os.fdopen(os.dup(pipe[0]), "rb") as stream:
        line = await asyncio.to_thread(stream.readline)
    await asyncio.wait_for(sending, 10)
    assert json.loads(line)["id"] == "event-1"


async def test_a_closed_pipe(sink, pipe, events):
    os.close(pipe[0])
    with pytest.raises(Unreachable) as raised:
        await sink.send(events())
    assert str(raised.value) == (
        "the sink 'events' has lost its reader: standard output is a pipe that was closed, start both ends again"
    )


async def test_a_full_disk(events):
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(Unreachable, match="No space left on device, look where it leads to"):
        await StdoutSink(SETTINGS, descriptor=full).send(events())
    os.close(full)


async def test_a_line_that_was_broken_off_is_not_glued_to_the_next(sink, pipe, events, monkeypatch):
    write = os.write

    def write_half(descriptor, content):
        if half := len(content) // 2:
            write(descriptor, content[:half])
        monkeypatch.setattr(os, "write", full)
        return half

    def full(descriptor, content):
        monkeypatch.setattr(os, "write", write)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write_half)
    with pytest.raises(Unreachable):
        await sink.send(events(1))
    await sink.send(events(2))
    half, whole = read_all(*pipe)
    assert events(1).content.startswith(half)
    assert whole == events(2).content


HELD = """
import asyncio, os
from reconciler.core.event import Event
from reconciler.sinks import StdoutSettings, open_sink

async def main():
    sink = open_sink(StdoutSettings(name="events"))
    sending = asyncio.create_task(sink.send(Event("1", "t", "s", b"x" * 1_000_000)))
    await asyncio.to_thread(os.read, 0, 1)
    sending.cancel()

asyncio.run(main())
"""


def test_a_reader_that_is_held_does_not_keep_the_process():
    with subprocess.Popen([sys.executable, "-c", HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.read(1) == b"x"  # so it is being written
        process.stdin.write(b"!")
        process.stdin.flush()
        assert process.wait(20) == 0  # and the rest was not read


def test_a_standard_output_that_was_closed_from_the_start():
    """Its number may be that of the store by now."""
    code = "from reconciler.sinks import *; open_sink(StdoutSettings(name='events'))"
    found = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code], capture_output=True, text=True, timeout=60
    )
    assert found.returncode == 1
    assert "the sink 'events' needs the standard output, which is closed" in found.stderr


def test_it_is_the_standard_output(monkeypatch):
    assert StdoutSink(SETTINGS).descriptor == 1
    monkeypatch.setattr(sys, "__stdout__", None)
    with pytest.raises(SinkError):
        StdoutSink(SETTINGS)
