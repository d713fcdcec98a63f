"""A soak: changes at the emulator, deliveries to a receiver that is killed now and then, and what came of them."""

import contextlib
import dataclasses
import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.support import processes
from tests.cli.support import manifest, write
from tests.soak.account import Account, Arrival, Letter, account, arrival_of
from tests.soak.graph import MAILBOX, Graph, Record
from tests.soak.killer import Killer
from tests.soak.receiver import Receiver, free_port
from tests.soak.webhook import Webhook
from tests.support.key_pairs import write_pair

__all__ = ["Soaked", "Soaking"]

CHUNK, SLICE = 250, 25
REPEATED = 3
"""Every so manieth chunk is delivered twice."""

PATIENCE, WITHOUT_PROGRESS = 600.0, 60.0
"""Seconds for all that waits at the end, and with the same event waiting longest."""

LANES = 64
"""Of the webhook: the teams are few, and with fewer lanes several busy ones would wait for each other's retries."""


@dataclasses.dataclass(frozen=True, slots=True)
class Soaked:
    """What is left when all is over."""

    written: range
    arrivals: list[Arrival]
    letters: list[Letter]
    set_aside: int
    record: Record
    kills: int

    @property
    def account(self) -> Account:
        return account(self.written, self.arrivals, self.letters)


class Soaking:
    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.events = folder / "events.jsonl"

    def run(self, *, notifications: int, kills: int) -> Soaked:
        home = self.folder / "emulator"
        lapse = ("--behaviour", "token-lapse=ignored")  # the clock is turned, and nobody renews
        with processes.emulator(home, *lapse) as emulator, Webhook() as webhook:
            graph = Graph(emulator)
            with self.receiving(emulator.info, home, webhook) as receiver:
                self.soak(graph, receiver, range(1, notifications + 1), kills)
                wait_for_sinks(receiver)
                set_aside = len(receiver.inbox("set-aside"))
                letters = [letter_of(each, webhook) for each in receiver.inbox("dead")]
                assert receiver.end(signal.SIGTERM) == 0, receiver.log
            arrivals = [*webhook.arrivals, *arrivals_in(self.events)]
            return Soaked(range(1, notifications + 1), arrivals, letters, set_aside, graph.record, receiver.kills)

    @contextlib.contextmanager
    def receiving(self, info: Any, home: Path, webhook: Webhook) -> Iterator[Receiver]:
        """With a subscription for each kind of change."""
        port = free_port(self.chance)
        self.declare(port, webhook)
        environment = {"RECONCILER_EMULATOR_HOME": str(home), "SOAK_CLIENT_STATE": "only-graph-and-we-know"}
        with Receiver(self.folder, info=info, port=port, environment=environment) as receiver:
            receiver.ask(*receiver.manifests)
            yield receiver

    def declare(self, port: int, webhook: Webhook) -> None:
        manifests = self.folder / "manifests"
        origin = f"https://localhost:{port}"
        urls = {"notificationUrl": f"{origin}/notifications", "lifecycleNotificationUrl": f"{origin}/lifecycle"}
        rich = {"resource": "/teams", "changeTypes": ["updated"], "certificate": "rich", "sink": "webhook"}
        basic = {"resource": f"/users/{MAILBOX}/messages", "changeTypes": ["created"], "sink": "file"}
        write(
            manifests / "all.yaml",
            manifest("Settings", "settings", {"owner": "soak"}),
            manifest("Tenant", "contoso", {"cloud": "emulator"}),
            manifest("Endpoint", "public", urls | {"clientStateKey": {"env": "SOAK_CLIENT_STATE"}}),
            manifest("Certificate", "rich", write_pair(manifests, "rich")),
            manifest("Sink", "webhook", {"http": {"url": webhook.url}, "lanes": LANES}),
            manifest("Sink", "file", {"file": {"path": str(self.events), "maxSize": "8GiB"}}),
            manifest("Subscription", "rich", rich),
            manifest("Subscription", "basic", basic),
        )

    def soak(self, graph: Graph, receiver: Receiver, numbers: range, kills: int) -> None:
        """The record of the emulator is settled chunk by chunk: it does not keep everything."""
        with Killer(receiver, self.chance, sorted(self.chance.choices(numbers, k=kills))) as killer:
            for start in range(0, len(numbers), CHUNK):
                graph.repeat(int(start // CHUNK % REPEATED == 0))
                for number in range(start, min(start + CHUNK, len(numbers)), SLICE):
                    slice_of_them = numbers[number : min(number + SLICE, start + CHUNK)]
                    graph.write(slice_of_them)
                    killer.written = slice_of_them[-1]
                graph.settle(receiver)
                if start % 10_000 == 0:
                    print(f"{killer.written} written, {receiver.kills} kills", flush=True)


def wait_for_sinks(receiver: Receiver) -> None:
    """A lane pauses for each event that is not taken at first, so it takes a while; but there must be progress."""
    end = time.monotonic() + PATIENCE
    oldest, stuck = None, end
    while waiting := receiver.inbox("waiting", limit=1):
        if waiting[0]["id"] != oldest:
            oldest, stuck = waiting[0]["id"], time.monotonic() + WITHOUT_PROGRESS
        assert time.monotonic() < min(stuck, end), f"it is not forwarded: {receiver.log}"
        time.sleep(0.2)


def letter_of(found: dict[str, Any], webhook: Webhook) -> Letter:
    """The inbox does not tell what is in it; who has refused it does."""
    return Letter(webhook.refused.get(found["eventId"]), found["reason"])


def arrivals_in(file: Path) -> list[Arrival]:
    return [arrival_of(event) for line in file.read_text(encoding="utf-8").splitlines() for event in whole(line)]


def whole(line: str) -> list[dict[str, Any]]:
    """A process that was killed may have left half a line, which is then there once more."""
    try:
        return [json.loads(line)]
    except ValueError:
        return []
