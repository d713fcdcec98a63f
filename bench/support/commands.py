"""A whole command in, how many times as long it takes as PyYAML's C loader alone over the same files out."""

import dataclasses
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.support.cores import ONE, running_on
from bench.support.errors import BenchError
from bench.support.fleet import Fleet, written
from bench.support.processes import environment, program

__all__ = ["SUBSCRIPTIONS", "compared"]

SUBSCRIPTIONS = 10_000
PAIRS = 3
"""One right after the other, so that whatever else the machine does slows both down."""

LOADER = """
import sys, yaml
from pathlib import Path

documents = []
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    documents += yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader)
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """Seconds by the clock and of work, and megabytes at the most."""

    seconds: float
    work: float
    megabytes: float


def compared(*arguments: str) -> dict[str, float]:
    """``reconcile`` with these arguments, in which ``{snapshot}`` and ``{manifests}`` stand for the files.

    Both do nothing but work, so seconds of work are compared: those by the clock have in them what others do.
    """
    with tempfile.TemporaryDirectory() as folder, running_on({ONE}):
        log, fleet = Path(folder, "printed.log"), written(Path(folder), SUBSCRIPTIONS)
        ours = [program("reconcile"), *(filled(each, fleet) for each in arguments)]
        theirs = [program("python"), "-c", LOADER, str(fleet.manifests)]
        run(ours, log)  # so that all code is compiled
        pairs = [(run(ours, log), run(theirs, log)) for _ in range(PAIRS)]
    return {
        "times_the_c_loader": statistics.median(mine.work / base.work for mine, base in pairs),
        "seconds": statistics.median(mine.seconds for mine, _ in pairs),
        "seconds_of_the_c_loader": statistics.median(base.seconds for _, base in pairs),
        "megabytes": statistics.median(mine.megabytes for mine, _ in pairs),
    }


def filled(argument: str, fleet: Fleet) -> str:
    return argument.format(snapshot=fleet.snapshot, manifests=fleet.manifests)


def run(command: Sequence[str], log: Path) -> Taken:
    """Raises BenchError where it does not end with 0."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own programs, with our own words
            command, env=environment(), stdout=output, stderr=output
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{command!r} ended with {process.returncode}: {log.read_text(encoding='utf-8')}")
    return Taken(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
