"""The processes that are measured: started as a user starts them, looked at from outside, ended in any case."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.support.errors import BenchError

PATIENCE = 30.0
"""How many seconds something may take to start or end."""
PAUSE = 0.001
HERE = Path(__file__).parents[2]


class Process:
    """One that runs until its ``with`` ends. What it prints goes into a log beside its work."""

    def __init__(self, arguments: Sequence[str], *, log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._running = subprocess.Popen(  # noqa: S603  our own programs, with our own words
                arguments, cwd=HERE, env=environment(), stdout=output, stderr=output
            )

    @property
    def megabytes(self) -> float:
        """What it has in memory (resident)."""
        status = Path(f"/proc/{self._running.pid}/status").read_text(encoding="utf-8")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    @property
    def busy(self) -> float:
        """How many seconds it has kept a core busy so far, whatever else the machine did meanwhile."""
        times = Path(f"/proc/{self._running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def keep_on(self, cores: Collection[int]) -> None:
        """With all of its threads, and those that they start from now on."""
        for thread in Path(f"/proc/{self._running.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)

    def wait_for(self, path: Path) -> None:
        """Until the file is there."""
        deadline = time.monotonic() + PATIENCE
        while not path.exists():
            self.check(deadline)

    def wait_for_line(self) -> str:
        """The first that it prints."""
        deadline = time.monotonic() + PATIENCE
        while "\n" not in self.printed:
            self.check(deadline)
        return self.printed.partition("\n")[0]

    def check(self, deadline: float) -> None:
        if self._running.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"{self._running.args!r} did not start: {self.printed}")
        time.sleep(PAUSE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.terminate()
        try:
            self._running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


@dataclasses.dataclass(frozen=True, slots=True)
class Emulator:
    process: Process
    info: Mapping[str, Any]
    """What ``emulator.json`` says."""


@contextlib.contextmanager
def emulator(home: Path, *options: str) -> Iterator[Emulator]:
    """``reconcile emulator`` on a free port, without throttling: its limits are Graph's, not its own."""
    home.mkdir(parents=True, exist_ok=True)
    where = ("--listen", "127.0.0.1:0", "--home", str(home))
    command = (program("reconcile"), "emulator", *where, "--behaviour", "throttling=off", *options)
    ready = home / "emulator.json"
    with Process(command, log=home / "printed.log") as process:
        process.wait_for(ready)
        yield Emulator(process, json.loads(ready.read_text(encoding="utf-8")))


@dataclasses.dataclass(frozen=True, slots=True)
class Receiver:
    process: Process
    origin: str


@contextlib.contextmanager
def receiver(folder: Path, info: Mapping[str, Any]) -> Iterator[Receiver]:
    """With the certificate that the emulator has made for it."""
    keys = (info["receiverCertificate"], info["receiverKey"])
    command = (program("python"), "-m", "bench.support.receiver", *keys)
    with Process(command, log=folder / "receiver.log") as process:
        yield Receiver(process, process.wait_for_line())


def program(name: str) -> str:
    """A command of the environment that the benches run in."""
    return str(Path(sys.executable).with_name(name))


def environment() -> dict[str, str]:
    """Ours, but compiled code is kept: without it every start is two or three times as long."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
