"""What the benches of the emulator share: the large world, 10,000 subscriptions, a receiver, a client.

It is set up once, when the first of them asks for it, and ends with the program.
"""

import atexit
import collections
import contextlib
import dataclasses
import functools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.support import processes
from bench.support.cast import Cast, assembled
from bench.support.errors import BenchError
from bench.support.load import Ask, Client, Load
from bench.support.population import population
from bench.support.processes import Emulator, Receiver

PATIENCE = 30.0
"""How many seconds deliveries may take."""
POLL = 0.02
ECHOES = 4000
"""Many, since the system counts work in hundredths of a second."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """What has come to the receiver since it started; ``last`` by ``time.monotonic()``."""

    notifications: int
    posts: int
    last: float


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    emulator: Emulator
    receiver: Receiver
    graph: Client
    at_receiver: Client
    cast: Cast
    renewable: Sequence[str]
    """Ids of the subscriptions of the first app."""
    megabytes: float
    """What the emulator had in memory with the world and the subscriptions, before anything else was done."""

    def load(self, asks: Sequence[Ask], *, status: int) -> Load:
        """At the emulator; anything but that status is an error."""
        return self.graph.load(asks).expect(status)

    def echo(self) -> Load:
        """What the client and a bare server do together, with a body of the usual size."""
        body = self.cast.subscription("users").body
        return self.at_receiver.load([Ask("POST", "/echo", body)] * ECHOES).expect(200)

    def counts(self) -> Counts:
        return Counts(**self.at_receiver.one(Ask("GET", "/counts")))

    def states(self) -> str:
        """How the newest deliveries stand, by the emulator's own record."""
        newest = self.graph.one(Ask("GET", "/emulator/deliveries"))["value"]
        counted = collections.Counter(f"{each['state']} ({each['reason'] or 'as planned'})" for each in newest)
        return ", ".join(f"{count} {state}" for state, count in counted.most_common())

    def delivered(self, count: int, *, since: Counts) -> Counts:
        """The receiver's counts as soon as so many more have come; those that come twice are an error."""
        deadline = time.monotonic() + PATIENCE
        while (come := (now := self.counts()).notifications - since.notifications) < count:
            if time.monotonic() > deadline:
                raise BenchError(f"{come} of {count} notifications have come in {PATIENCE:g} seconds: {self.states()}")
            time.sleep(POLL)
        if come > count:
            raise BenchError(f"{come} notifications have come instead of {count}")
        return now


@functools.cache
def shared() -> Stage:
    """The one of this run."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    emulator = stack.enter_context(processes.emulator(folder / "emulator", "--world", "large"))
    receiver = stack.enter_context(processes.receiver(folder, emulator.info))
    graph = Client(emulator.info["graph"], emulator.info["caFile"], server=emulator.process)
    cast = assembled(graph, emulator.info, receiver.origin)
    asks = list(population(cast))
    created = graph.load(asks).expect(201)
    pairs = zip(asks, created.answers, strict=True)
    return Stage(
        emulator=emulator,
        receiver=receiver,
        graph=graph,
        at_receiver=Client(receiver.origin, emulator.info["caFile"], server=receiver.process),
        cast=cast,
        renewable=[answer.json()["id"] for ask, answer in pairs if ask.token == cast.tokens[0]],
        megabytes=emulator.process.megabytes,
    )
