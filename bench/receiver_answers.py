"""How many deliveries ``reconcile listen`` answers in a second on one core, safely stored, and when they are forwarded.

Beside it, on the same core: a bare server that only commits what comes, the most that can be reached, and one that does
nothing at all.
"""

import contextlib
import dataclasses
import datetime as dt
import ssl
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.support import processes
from bench.support.cores import ONE, OTHER, running_on
from bench.support.deliveries import VALIDATION, requests
from bench.support.forwarded import Forwarded
from bench.support.listening import Listening, declared, listening, of_a_tenant
from bench.support.processes import Process
from bench.support.rush import Beside, Rush, Server, rush, slow
from bench.support.targets import at_least, at_most
from reconciler.emulator import certificates

TARGETS = {
    "answers_per_second": at_least(6000),
    "milliseconds_for_99_of_100_answers": at_most(50),
    "milliseconds_for_99_of_100_validations": at_most(50),
}
COUNT = 12_000
WARMING = 1000
SMALL, LARGE = 600, 3300
"""Bytes of a body: of a basic notification, and of one with much in it."""


def run() -> dict[str, float]:
    nothing, group, group_large = bare()
    with receiving() as receiver:
        small = receiver.load(COUNT, size=SMALL)
        drained = receiver.drained()
    with receiving() as receiver:
        large = receiver.load(COUNT // 2, size=LARGE)
        receiver.drained()
    with receiving(tls=True) as receiver:
        secure = receiver.load(COUNT // 2, size=SMALL)
        receiver.drained()
    return {
        "answers_per_second": small.per_second,
        "milliseconds_for_50_of_100_answers": small.median,
        "milliseconds_for_99_of_100_answers": small.slow,
        "milliseconds_for_99_of_100_validations": slow(small.rush.beside),
        "large_answers_per_second": large.per_second,
        "milliseconds_for_99_of_100_large_answers": large.slow,
        "tls_answers_per_second": secure.per_second,
        "milliseconds_for_99_of_100_tls_answers": secure.slow,
        "milliseconds_of_work_for_an_answer": small.milliseconds,
        "bare_commits_per_second": group.per_second,
        "milliseconds_for_99_of_100_bare_commits": group.slow,
        "large_bare_commits_per_second": group_large.per_second,
        "bare_answers_per_second": nothing.per_second,
        "milliseconds_of_work_for_a_bare_commit": group.milliseconds,
        "answers_for_each_bare_commit": small.per_second / group.per_second,
        "large_answers_for_each_bare_commit": large.per_second / group_large.per_second,
        **drained,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    rush: Rush
    milliseconds: float
    """Of the server's work for each answer, with all else that it did meanwhile: forwarding, for one."""

    @property
    def per_second(self) -> float:
        return self.rush.per_second

    @property
    def median(self) -> float:
        return self.rush.median

    @property
    def slow(self) -> float:
        return self.rush.slow


def loaded(process: Process, server: Server, asked: Iterable[bytes], beside: Beside | None = None) -> Load:
    """The client on the other core."""
    before = process.busy
    with running_on({OTHER}):
        found = rush(server, asked, beside=beside)
    return Load(found, (process.busy - before) / len(found.waits) * 1000)


def bare() -> tuple[Load, Load, Load]:
    """Nothing done, and small and large bodies committed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, bare_server(Path(folder)) as process:
        server = Server(int(process.wait_for_line()))
        loaded(process, server, requests(range(WARMING), size=SMALL, path="/group"))
        nothing = loaded(process, server, requests(range(COUNT), size=SMALL, path="/nothing"))
        group = loaded(process, server, requests(range(COUNT), size=SMALL, path="/group"))
        return nothing, group, loaded(process, server, requests(range(COUNT // 2), size=LARGE, path="/group"))


@contextlib.contextmanager
def bare_server(folder: Path) -> Iterator[Process]:
    command = (processes.program("python"), "-m", "bench.support.bare", str(folder / "bodies.db"))
    with contextlib.ExitStack() as stack:
        with running_on({ONE}):
            process = stack.enter_context(Process(command, log=folder / "bare.log"))
        yield process


class Receiver:
    """A ``reconcile listen`` on one core, and what it was sent."""

    def __init__(self, running: Listening, server: Server, forwarded: Forwarded) -> None:
        self.running, self.server, self.forwarded = running, server, forwarded
        self.sent = 0
        self.forwarded_meanwhile = 0
        self.loaded_at = 0.0

    def load(self, count: int, *, size: int) -> Load:
        process = self.running.process
        loaded(process, self.server, requests(self.numbers(WARMING), size=size))
        found = loaded(process, self.server, requests(self.numbers(count), size=size), Beside(VALIDATION))
        self.loaded_at, self.forwarded_meanwhile = time.monotonic(), self.forwarded.count()
        return found

    def numbers(self, count: int) -> Sequence[int]:
        """Those that come next."""
        self.sent += count
        return range(self.sent - count, self.sent)

    def drained(self) -> Mapping[str, float]:
        """Once all is forwarded; anything lost or doubled is an error."""
        seconds = max(self.forwarded.wait_for(self.sent) - self.loaded_at, 0.001)
        self.forwarded.account(range(self.sent))
        left = self.sent - self.forwarded_meanwhile
        return {
            "seconds_until_all_is_forwarded": seconds,
            "forwarded_per_second_afterwards": left / seconds,
            "forwarded_meanwhile_of_each": self.forwarded_meanwhile / self.sent,
        }


@contextlib.contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        forwarded = Forwarded(folder / "events.jsonl")
        manifests = declared(folder, of_a_tenant(), forwarded.sink)
        pair = certificate(folder) if tls else ()
        with running_on({ONE}):
            running = stack.enter_context(listening(manifests, state=folder / "state", tls=pair[1:]))
        trust = ssl.create_default_context(cafile=pair[0]) if pair else None
        yield Receiver(running, Server(running.port, trust), forwarded)


def certificate(folder: Path) -> Sequence[str]:
    """The files of an authority, of a certificate of its making for this machine, and of its key."""
    now = dt.datetime.now(dt.UTC)
    authority = certificates.authority(now)
    server = certificates.server(authority, now)
    files = {"ca.pem": authority.certificate_pem, "tls.pem": server.certificate_pem, "tls.key": server.key_pem}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in files]
