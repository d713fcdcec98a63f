"""How long ``reconcile emulator`` takes until it can be used, its keys being there already."""

import subprocess
import tempfile
import time
from pathlib import Path

from bench.support import processes
from bench.support.targets import Targets

TARGETS: Targets = {}


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        first = seconds_to_ready(home)
        again = seconds_to_ready(home)
        large = seconds_to_ready(home, "--world", "large")
    python = seconds_of_python()
    return {
        "seconds_at_the_first_time": first,
        "seconds_to_ready": again,
        "seconds_to_ready_with_large_world": large,
        "seconds_of_python_alone": python,
        "times_python_alone": again / python,
    }


def seconds_to_ready(home: Path, *options: str) -> float:
    started = time.monotonic()
    with processes.emulator(home, *options):
        return time.monotonic() - started


def seconds_of_python() -> float:
    started = time.monotonic()
    command = (processes.program("python"), "-c", "pass")
    subprocess.run(command, env=processes.environment(), check=True)  # noqa: S603  our own program
    return time.monotonic() - started
