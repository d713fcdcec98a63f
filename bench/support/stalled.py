"""What a receiver has in memory whose only sink takes connections and never answers, while deliveries go on coming."""

import contextlib
import dataclasses
import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.support.cores import ONE, OTHER, running_on
from bench.support.deliveries import requests
from bench.support.errors import BenchError
from bench.support.listening import declared, listening, manifest, of_a_tenant
from bench.support.processes import Process
from bench.support.rush import Server, rush

PER_SECOND = 1500.0
SIZE = 600
EARLY = 10.0
"""Seconds after which it has all in memory that it needs."""

GLANCE = 1.0
SHARE = 0.9
"""Of the load that must have come for the figures to say something."""


@dataclasses.dataclass(frozen=True, slots=True)
class Memory:
    """In megabytes."""

    idle: float
    early: float
    late: float
    answered: int

    @property
    def growth(self) -> float:
        """As a part of what it had early."""
        return self.late / self.early - 1


def memory(seconds: float, *, per_second: float = PER_SECOND) -> Memory:
    """``late`` is after so many seconds of load. Raises BenchError where it could not keep up with most of that."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        port = stack.enter_context(silence())
        sink = manifest("Sink", "events", http={"url": f"http://127.0.0.1:{port}/"})
        manifests = declared(folder, of_a_tenant(), sink)
        with running_on({ONE}):
            running = stack.enter_context(listening(manifests, state=folder / "state"))
        idle = running.process.megabytes
        with running_on({OTHER}), watched(running.process) as seen:
            numbers = range(round(seconds * per_second))
            answered = rush(Server(running.port), requests(numbers, size=SIZE), per_second=per_second)
        if answered.seconds > seconds / SHARE:
            raise BenchError(
                f"the receiver took {answered.per_second:.0f} deliveries a second instead of {per_second:g}"
            )
        return Memory(idle, at(seen, EARLY), at(seen, answered.seconds), len(answered.waits))


@contextlib.contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and never says anything: nobody even fetches them from the system."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield int(listener.getsockname()[1])


Seen = Sequence[tuple[float, float]]
"""Seconds since the start, and the megabytes then."""


@contextlib.contextmanager
def watched(process: Process) -> Iterator[Seen]:
    seen: list[tuple[float, float]] = []
    started, over = time.monotonic(), threading.Event()

    def watch() -> None:
        while not over.wait(GLANCE):
            seen.append((time.monotonic() - started, process.megabytes))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def at(seen: Seen, seconds: float) -> float:
    """The most in the three glances up to then."""
    before = [megabytes for moment, megabytes in seen if moment <= seconds + GLANCE]
    return max(itertools.islice(reversed(before), 3))
