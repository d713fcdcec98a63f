"""Prepared requests in, how long each answer took out: some microseconds a request, for servers of thousands a second.

``load`` is a client with answers that can be read; this one only looks at their status. Each connection has one request
under way, as Graph's do.
"""

import asyncio
import dataclasses
import itertools
import math
import re
import ssl
import statistics
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import uvloop

from bench.support.errors import BenchError

CONNECTIONS = 64
PATIENCE = 30.0
"""Seconds without any answer."""

TICK = 0.005
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END = b"\r\n\r\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    port: int
    trust: ssl.SSLContext | None = None
    """None without TLS."""


@dataclasses.dataclass(frozen=True, slots=True)
class Beside:
    """A request that is sent on a connection of its own, so often a second, for as long as the others take."""

    request: bytes
    status: int = 200
    per_second: float = 50.0


@dataclasses.dataclass(frozen=True, slots=True)
class Rush:
    """How long it took together, and each of the waits, in seconds."""

    seconds: float
    waits: Sequence[float]
    beside: Sequence[float] = ()

    @property
    def per_second(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def median(self) -> float:
        """In milliseconds."""
        return statistics.median(self.waits) * 1000

    @property
    def slow(self) -> float:
        """What 99 of 100 stay below, in milliseconds."""
        return slow(self.waits)


def slow(waits: Sequence[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(waits, n=100)[-1] * 1000


def rush(
    server: Server,
    requests: Iterable[bytes],
    *,
    status: int = 202,
    connections: int = CONNECTIONS,
    per_second: float = math.inf,
    beside: Beside | None = None,
) -> Rush:
    """All of them, as fast as the server takes them, or so many a second. Raises BenchError for any other answer."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(rushed(server, requests, status, connections, per_second, beside))


async def rushed(
    server: Server,
    requests: Iterable[bytes],
    status: int,
    connections: int,
    per_second: float,
    beside: Beside | None,
) -> Rush:
    crowd = Crowd(iter(requests), status, per_second)
    other = Crowd(itertools.repeat(beside.request), beside.status, beside.per_second) if beside else None
    await crowd.connect(server, connections)
    if other:
        await other.connect(server, 1)
    started = time.perf_counter()
    waiting = asyncio.create_task(other.run()) if other else None
    try:
        await crowd.run()
        seconds = time.perf_counter() - started
    finally:
        if waiting:
            waiting.cancel()
            await asyncio.wait([waiting])
        crowd.close()
        if other:
            other.close()
    if other and other.failure:
        raise other.failure
    return Rush(seconds, crowd.waits, other.waits if other else ())


class Crowd:
    """Some connections, and what they have to ask."""

    def __init__(self, requests: Iterator[bytes], status: int, per_second: float) -> None:
        self.requests, self.status, self.per_second = requests, status, per_second
        self.allowed = math.inf if math.isinf(per_second) else 0.0
        self.lines: list[Line] = []
        self.idle: deque[Line] = deque()
        self.sent = 0
        self.is_over = False
        self.failure: BenchError | None = None
        self.waits: list[float] = []

    async def connect(self, server: Server, count: int) -> None:
        loop, name = asyncio.get_running_loop(), "localhost" if server.trust else None
        for _ in range(count):
            _, line = await loop.create_connection(
                lambda: Line(self), "127.0.0.1", server.port, ssl=server.trust, server_hostname=name
            )
            self.lines.append(line)
        self.idle.extend(self.lines)

    async def run(self) -> None:
        """Until all is answered, or something else than was meant."""
        started = answered_at = time.perf_counter()
        answered = 0
        while not (self.is_over and len(self.waits) == self.sent):
            if not math.isinf(self.per_second):
                self.allowed = (time.perf_counter() - started) * self.per_second
            self.go_on()
            await asyncio.sleep(TICK)
            if len(self.waits) > answered or len(self.waits) == self.sent:
                answered, answered_at = len(self.waits), time.perf_counter()
            if time.perf_counter() - answered_at > PATIENCE:
                raise BenchError(f"only {answered} of {self.sent} requests were answered")
            if self.failure:
                raise self.failure

    def go_on(self) -> None:
        """In turn: a server closes a connection that nobody uses for some seconds."""
        while self.idle and self.sent < self.allowed and not self.is_over:
            request = next(self.requests, None)
            if request is None:
                self.is_over = True
            else:
                self.sent += 1
                self.idle.popleft().send(request)

    def answered(self, line: "Line", answer: bytes, wait: float) -> None:
        if int(answer[9:12]) != self.status:
            self.fail(f"answered otherwise than with {self.status}: {answer[:500]!r}")
            return
        self.waits.append(wait)
        self.idle.append(line)
        self.go_on()

    def fail(self, message: str) -> None:
        self.failure = self.failure or BenchError(message)

    def close(self) -> None:
        for line in self.lines:
            line.close()


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.received = b""
        self.since = 0.0
        self.is_closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, request: bytes) -> None:
        self.since = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(END)
        if end < 0:
            return
        length = LENGTH.search(self.received)
        if length is None:
            self.crowd.fail(f"an answer does not tell its length: {self.received[:500]!r}")
        elif len(self.received) >= end + len(END) + int(length[1]):
            answer, self.received = self.received, b""
            self.crowd.answered(self, answer, time.perf_counter() - self.since)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_closing:
            self.crowd.fail(f"a connection was closed: {error}")

    def close(self) -> None:
        self.is_closing = True
        self.transport.abort()
