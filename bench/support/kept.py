"""``reconcile daemon`` with 10,000 subscriptions that it has made itself, at an emulator: what its benches share.

It is set up once, when the first of them asks for it, and ends with the program.
"""

import asyncio
import atexit
import contextlib
import dataclasses
import datetime as dt
import functools
import json
import re
import ssl
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.support import processes
from bench.support.cores import OTHER, running_on
from bench.support.errors import BenchError
from bench.support.listening import LIFECYCLE, OWNER, PATH, READY, SECRET, free_port, manifest
from bench.support.processes import Process
from bench.support.rush import Server
from reconciler.store import Store

SUBSCRIPTIONS = 10_000
MANY = 1_000_000
"""Requests in 20 s, for an emulator that has no limits: setting it up takes a minute or two, not ten."""

PATIENCE = 600.0
"""Seconds for all of them to be made."""

POLL = 0.1
PASS = re.compile(r"full pass of contoso: (\d+) done, \d+ failed, \d+ withheld, (\d+) unchanged, in ([\d.]+) s")
SUBSCRIPTIONS_PATH = re.compile(r"/(v1\.0|beta)/subscriptions")


@dataclasses.dataclass(frozen=True, slots=True)
class Pass:
    """A full one, as the daemon's log tells of it."""

    done: int
    unchanged: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Requests:
    """What has come to the emulator."""

    lists: int
    others: int


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    process: Process
    server: Server
    """Where Graph gets to."""

    private: int
    """The port."""

    emulator: Path
    """Its home."""

    state: Path

    def passes(self) -> Sequence[Pass]:
        found = PASS.findall(self.process.printed)
        return [Pass(int(done), int(unchanged), float(seconds)) for done, unchanged, seconds in found]

    def wish(self) -> None:
        """For a full pass."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.private}/reconcile", method="POST")
        with urllib.request.urlopen(request) as answer:  # noqa: S310  our own process
            answer.read()

    def wait_for(self, count: int) -> Pass:
        """The last of so many passes, as soon as it is made. Raises BenchError."""
        deadline = time.monotonic() + PATIENCE
        while len(passes := self.passes()) < count:
            if time.monotonic() > deadline:
                raise BenchError(f"no pass was made: {self.process.printed[-2000:]}")
            time.sleep(POLL)
        return passes[count - 1]

    def requests(self) -> Requests:
        lines = [json.loads(line) for line in (self.emulator / "requests.jsonl").read_text().splitlines()]
        lists = sum(each["method"] == "GET" and bool(SUBSCRIPTIONS_PATH.fullmatch(path_of(each))) for each in lines)
        return Requests(lists, len(lines) - lists)


def path_of(line: Mapping[str, Any]) -> str:
    return str(line["path"]).partition("?")[0]


@functools.cache
def shared() -> Kept:
    """The one of this run, after its first pass."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    kept = stack.enter_context(keeping(folder, SUBSCRIPTIONS))
    first = kept.wait_for(1)
    if first.done != SUBSCRIPTIONS:
        raise BenchError(f"only {first.done} of {SUBSCRIPTIONS} subscriptions were made")
    info = json.loads((kept.emulator / "emulator.json").read_text())
    asyncio.run(hear(kept.state, info["tenantId"]))
    return kept


async def hear(state: Path, tenant_id: str) -> None:
    """Something was delivered from each of them at some time, as would have been after a while."""
    now = dt.datetime.now(dt.UTC)
    async with Store.open(state) as store:
        await store.inbox().hear({(tenant_id, name_of(number)): now for number in range(SUBSCRIPTIONS)})


@contextlib.contextmanager
def keeping(folder: Path, count: int) -> Iterator[Kept]:
    """It may use all cores, as it would; the emulator stays on one."""
    home, state, port = folder / "emulator", folder / "state", free_port()
    with contextlib.ExitStack() as stack:
        with running_on({OTHER}):
            info = stack.enter_context(processes.emulator(home, "--behaviour", "challenges=never")).info
        command = ["env", f"RECONCILER_EMULATOR_HOME={home}", processes.program("reconcile"), "daemon"]
        command += ["-f", str(declared(folder, count, port)), "--state", str(state)]
        command += ["--listen", f"127.0.0.1:{port}", "--private", "127.0.0.1:0"]
        command += ["--tls-cert", info["receiverCertificate"], "--tls-key", info["receiverKey"]]
        process = stack.enter_context(Process(command, log=folder / "daemon.log"))
        trust = ssl.create_default_context(cafile=info["caFile"])
        yield Kept(process, Server(port, trust), private_port(process, port), home, state)


def private_port(process: Process, public: int) -> int:
    """Raises BenchError where it does not start."""
    deadline = time.monotonic() + processes.PATIENCE
    while True:
        ports = {int(match[1]) for line in process.printed.splitlines() if (match := READY.match(line))}
        if public in ports and len(ports) > 1:
            return min(ports - {public})
        process.check(deadline)


def declared(folder: Path, count: int, port: int) -> Path:
    """Write manifests of so many subscriptions, half of teams, half of mailboxes; the folder that they are in."""
    manifests = folder / "manifests"
    manifests.mkdir()
    (manifests / "client-state.key").write_bytes(SECRET)
    limits = {"writes": MANY, "reads": MANY, "lists": MANY}
    host = f"https://localhost:{port}"
    endpoint = {"notificationUrl": f"{host}{PATH}", "lifecycleNotificationUrl": f"{host}{LIFECYCLE}"}
    write(
        manifests / "all.yaml",
        manifest("Settings", "settings", owner=OWNER, pacing={**limits, "perApp": limits}),
        manifest("Tenant", "contoso", cloud="emulator"),
        manifest("Endpoint", "public", **endpoint, clientStateKey={"file": "client-state.key"}),
    )
    resources = (("teams/{}", "users/{}/messages")[number % 2].format(uuid.uuid4()) for number in range(count))
    subscriptions = [
        manifest("Subscription", name_of(number), resource=resource, changeTypes=["updated"])
        for number, resource in enumerate(resources)
    ]
    write(manifests / "subscriptions.yaml", *subscriptions)
    return manifests


def name_of(number: int) -> str:
    return f"number-{number}"


def write(file: Path, *documents: Mapping[str, Any]) -> None:
    file.write_text("\n---\n".join(json.dumps(each) for each in documents), encoding="utf-8")
