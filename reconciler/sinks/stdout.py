"""An event in, a line of JSON on the standard output out."""

import json
import os
import select
import sys
import threading
from collections.abc import Sequence

from reconciler.core.event import Event
from reconciler.engine.sinks import SinkError, Unreachable
from reconciler.engine.together import Together
from reconciler.sinks.settings import StdoutSettings
from reconciler.sinks.threads import on_own_thread

__all__ = ["StdoutSink"]


class StdoutSink:
    """Events that come together are written together. A reader that does not read holds the events, not the process."""

    def __init__(self, settings: StdoutSettings, *, descriptor: int | None = None) -> None:
        """``descriptor`` is another one than the standard output's, for tests."""
        self.name = settings.name
        self.descriptor = standard_output(settings.name) if descriptor is None else descriptor
        self.lines = Together(self.write)
        self.lock = threading.Lock()
        self.broken_off = False

    async def send(self, event: Event) -> None:
        await self.lines.add(in_ascii(event.content) + b"\n")

    async def write(self, lines: Sequence[bytes]) -> None:
        try:
            await on_own_thread(lambda: self.write_all(b"".join(lines)))
        except BrokenPipeError as error:
            raise Unreachable(
                f"the sink {self.name!r} has lost its reader: standard output is a pipe that was closed,"
                " start both ends again"
            ) from error
        except OSError as error:
            raise Unreachable(
                f"the sink {self.name!r} cannot write to standard output: {error.strerror}, look where it leads to"
            ) from error

    def write_all(self, content: bytes) -> None:
        with self.lock:
            # A line that was broken off, as by a full disk, must not be glued to the next one.
            rest = memoryview(b"\n" + content if self.broken_off else content)
            while rest:
                try:
                    count = os.write(self.descriptor, rest)
                except BlockingIOError:  # whoever shares the terminal may have made it so
                    select.select([], [self.descriptor], [])
                else:
                    self.broken_off = rest[count - 1] != ord("\n")
                    rest = rest[count:]

    async def close(self) -> None:
        """Nothing is held: what was sent is written."""


def standard_output(name: str) -> int:
    """Not through sys.stdout, as a thread that is held in there keeps the interpreter from ending.

    Where it was closed when the process began, its number is that of the first file that was opened since.
    """
    if sys.__stdout__ is None:
        raise SinkError(f"the sink {name!r} needs the standard output, which is closed: leave out >&-")
    return sys.__stdout__.fileno()


def in_ascii(content: bytes) -> bytes:
    """No control and no bidirectional character that a user of Graph has chosen reaches a terminal."""
    return content if content.isascii() else json.dumps(json.loads(content), separators=(",", ":")).encode()
