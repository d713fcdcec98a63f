"""The Graph of a soak: changes in, each with its number; its record of what it has delivered out."""

import dataclasses
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from bench.support.load import Ask, Client
from bench.support.processes import Emulator
from tests.soak.receiver import Receiver

__all__ = ["Graph", "Record"]

TEAMS = 40
MAILBOX = "4cc2cccd-f9b3-4551-8bb9-f134d0366e1a"
TOKEN_SECONDS = 30 * 86_400
CLOCK_SECONDS = 60
"""By which the clock is turned for what is to be tried again."""

FINAL = {"delivered", "dropped", "givenUp", "lapsed"}
PATIENCE = 300.0


@dataclasses.dataclass(slots=True)
class Record:
    """Of the deliveries of changes."""

    delivered: int = 0
    """Notifications, each counted once."""

    lost: int = 0
    attempts: int = 0
    again: int = 0
    """Notifications in attempts that were not the last one: how many copies there may be at most."""

    def add(self, delivery: dict[str, Any]) -> None:
        if delivery["kind"] != "change":
            return
        size, attempts = delivery["notifications"], len(delivery["attempts"])
        self.attempts += attempts
        self.again += size * (attempts - 1)
        if delivery["state"] == "delivered":
            self.delivered += size
        else:
            self.lost += size


class Graph:
    def __init__(self, emulator: Emulator) -> None:
        self.client = Client(emulator.info["graph"], emulator.info["caFile"], server=emulator.process)
        asked = {"lifetime": TOKEN_SECONDS}
        self.token = self.client.one(Ask("POST", "/emulator/tokens", asked), status=201)["access_token"]
        self.teams = [str(uuid.UUID(int=(4 << 76) + (8 << 60) + number)) for number in range(TEAMS)]
        world = {"teams": [{"id": each, "displayName": "Sales"} for each in self.teams]}
        self.client.load([Ask("POST", "/emulator/world", world)])
        self.record = Record()
        self.seen = 0
        """How many deliveries are in the record."""

    def write(self, numbers: Sequence[int]) -> None:
        """Even ones are rich, odd ones basic."""
        rich = [number for number in numbers if number % 2 == 0]
        basic = [number for number in numbers if number % 2]
        self.client.load(self.changes(rich)).expect(204)
        self.client.load(self.messages(basic)).expect(201)

    def repeat(self, times: int) -> None:
        """From now on, what was taken is sent so often more: Graph does not promise to tell anything only once."""
        self.client.load([Ask("PUT", "/emulator/faults", {"deliveries": {"repeat": times}})]).expect(200)

    def changes(self, numbers: Iterable[int]) -> list[Ask]:
        return [
            Ask("PATCH", f"/v1.0/teams/{self.teams[number % TEAMS]}", {"displayName": f"soak-{number}"}, self.token)
            for number in numbers
        ]

    def messages(self, numbers: Iterable[int]) -> list[Ask]:
        path = f"/v1.0/users/{MAILBOX}/messages"
        return [Ask("POST", path, {"id": f"soak-{number}", "subject": "news"}, self.token) for number in numbers]

    def settle(self, receiver: Receiver) -> None:
        """Until all that was written is taken or lost. The clock is turned for what is to be tried again."""
        deadline = time.monotonic() + PATIENCE
        while not settled(newest := self.newest()):
            assert time.monotonic() < deadline, f"it is not settled: {newest[-3:]}"
            # Four hours of this and it would be given up: only while there is somebody to take it.
            receiver.up.wait(PATIENCE)
            self.client.one(Ask("POST", "/emulator/clock", {"advance": CLOCK_SECONDS}))
            time.sleep(0.1)
        for each in newest:
            self.record.add(each)
        self.seen += len(newest)

    def newest(self) -> Sequence[dict[str, Any]]:
        """What was opened since the record was last added to, once all that is due was tried."""
        opened = self.client.one(Ask("GET", "/emulator/deliveries?limit=0&settled=20"))["count"]
        if opened == self.seen:
            return ()
        found = self.client.one(Ask("GET", f"/emulator/deliveries?limit={opened - self.seen}"))
        assert len(found["value"]) == opened - self.seen, "the emulator's record is too short: settle more often"
        return list(found["value"])


def settled(deliveries: Sequence[dict[str, Any]]) -> bool:
    return all(each["state"] in FINAL for each in deliveries)
