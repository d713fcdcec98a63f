"""A client that is no limit itself: requests in, their answers and how long they took out.

It speaks just as much HTTP/1.1 over TLS as the servers here need, since a full client takes longer than they do. What
it can do at most is measured against a bare server in each round.
"""

import asyncio
import dataclasses
import json
import ssl
import statistics
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any, Self

import uvloop

from bench.support.connection import Answer, Connection, connect
from bench.support.errors import BenchError
from bench.support.processes import Process

CONNECTIONS = 16
LONGEST_ANSWER = 30.0
"""In seconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``body`` is sent as JSON, None as no body; ``token`` goes into its authorization."""

    method: str
    path: str
    body: object = None
    token: str | None = None

    def encoded(self, host: str) -> bytes:
        content = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(content)}"]
        if content:
            lines.append("Content-Type: application/json")
        if self.token is not None:
            lines.append(f"Authorization: Bearer {self.token}")
        return "\r\n".join((*lines, "", "")).encode() + content


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """What became of many requests, in their order, and how long they took together."""

    answers: Sequence[Answer]
    started: float
    """By ``time.monotonic()``, which is the same for all processes of one machine."""
    seconds: float
    busy: float
    """How many seconds a core was busy in the server: what is left when the machine has other things to do as well."""

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds

    @property
    def milliseconds(self) -> float:
        """Of the server's work for each of them."""
        return self.busy / len(self.answers) * 1000

    @property
    def slow_milliseconds(self) -> float:
        """What 99 of 100 stay below."""
        return statistics.quantiles((each.seconds for each in self.answers), n=100)[-1] * 1000

    def expect(self, status: int) -> Self:
        """A refusal is no speed: the first that is answered otherwise is an error."""
        for each in self.answers:
            if each.status != status:
                text = each.content.decode(errors="replace")
                raise BenchError(f"answered with {each.status} instead of {status}: {text[:500]}")
        return self


class Client:
    """Knows one server and whom to trust; each ``load`` opens its own connections, before the clock starts."""

    def __init__(self, origin: str, ca_file: str, *, server: Process) -> None:
        self._server = server
        self._host = urllib.parse.urlsplit(origin).netloc
        self._trust = ssl.create_default_context(cafile=ca_file)

    def one(self, ask: Ask, *, status: int = 200) -> Any:
        """The answer's JSON, or None without content."""
        (answer,) = self.load([ask], connections=1).expect(status).answers
        return answer.json() if answer.content else None

    def load(self, asks: Sequence[Ask], *, connections: int = CONNECTIONS) -> Load:
        """All of them, as fast as the server takes them from that many connections."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._load(asks, connections))

    async def _load(self, asks: Sequence[Ask], count: int) -> Load:
        waiting = iter(list(enumerate(ask.encoded(self._host) for ask in asks)))
        answers: dict[int, Answer] = {}
        connections = await asyncio.gather(*(connect(self._host, self._trust) for _ in range(min(count, len(asks)))))
        started, busy = time.monotonic(), self._server.busy
        try:
            async with asyncio.TaskGroup() as group:
                for connection in connections:
                    group.create_task(work(connection, waiting, answers))
        except ExceptionGroup as several:
            raise BenchError(f"{self._host} answered {len(answers)} of {len(asks)} requests") from several
        finally:
            for connection in connections:
                connection.close()
        seconds, busy = time.monotonic() - started, self._server.busy - busy
        return Load([answers[number] for number in range(len(asks))], started, seconds, busy)


async def work(connection: Connection, waiting: Iterator[tuple[int, bytes]], answers: dict[int, Answer]) -> None:
    """One request after another, as long as there are any."""
    for number, request in waiting:
        async with asyncio.timeout(LONGEST_ANSWER):
            answers[number] = await connection.ask(request)
