"""How many rich notifications are verified, decrypted and forwarded in a second, beside what openssl can do at most.

They wait in the inbox when the receiver starts; measured is from the first that is in the sink's file to the last.
"""

import atexit
import contextlib
import dataclasses
import functools
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bench.support import processes
from bench.support.cores import ONE, OTHER, all_of_them, running_on
from bench.support.errors import BenchError
from bench.support.forwarded import Forwarded
from bench.support.listening import declared, listening, of_a_tenant
from bench.support.processes import Process
from bench.support.sealed import Seal, fill, seal
from bench.support.signing import signs_per_second
from bench.support.targets import at_least

TARGETS = {"decrypted_for_each_sign_of_openssl": at_least(0.8)}
COUNT = 10_000
ON_ONE_CORE = 5000
POLL = 0.005


def run() -> dict[str, float]:
    everywhere = decrypted(COUNT, all_of_them())
    alone = decrypted(ON_ONE_CORE, {ONE})
    with running_on({ONE}):
        signs_alone = signs_per_second(1)
    signs = signs_per_second(len(all_of_them()))
    return {
        "decrypted_per_second": everywhere.per_second,
        "milliseconds_of_work_for_each": everywhere.milliseconds,
        "signs_per_second_of_openssl": signs,
        "decrypted_for_each_sign_of_openssl": everywhere.per_second / signs,
        "decrypted_per_second_on_one_core": alone.per_second,
        "milliseconds_of_work_for_each_on_one_core": alone.milliseconds,
        "signs_per_second_of_openssl_on_one_core": signs_alone,
        "on_one_core_for_each_sign_of_openssl": alone.per_second / signs_alone,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Speed:
    per_second: float
    milliseconds: float
    """For which a core was busy with each, whatever else the machine did."""


def decrypted(count: int, cores: Collection[int]) -> Speed:
    """So many of them, on those cores."""
    emulator, sealed = cloud()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        forwarded = Forwarded(folder / "events.jsonl")
        manifests = declared(folder, of_a_tenant("emulator"), certificate(sealed), forwarded.sink)
        shutil.copytree(stored(count), folder / "state")
        with running_on(cores):
            running = stack.enter_context(listening(manifests, state=folder / "state", emulator=emulator))
        with running_on({OTHER}):
            return speed(running.process, forwarded, count)


def speed(process: Process, forwarded: Forwarded, count: int) -> Speed:
    """It may be at work before it says that it listens, so its first lines are what the time begins with."""
    while not (first := forwarded.count()):
        time.sleep(POLL)
    began, busy = time.monotonic(), process.busy
    if first > count / 2:
        raise BenchError(f"{first} of {count} notifications were forwarded before anybody looked")
    seconds = forwarded.wait_for(count) - began
    busy = process.busy - busy
    forwarded.account(range(count))
    return Speed((count - first) / seconds, busy / (count - first) * 1000)


@functools.cache
def cloud() -> tuple[Path, Seal]:
    """The home of an emulator, which has the authority's keys, and whom notifications are encrypted for."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))) / "emulator"
    return home, seal(stack.enter_context(processes.emulator(home)).info)


@functools.cache
def stored(count: int) -> Path:
    """The folder of a store with so many of them, to be copied."""
    home, sealed = cloud()
    folder = home.parent / f"stored-{count}"
    fill(folder, sealed, range(count), sink="events")
    return folder


def certificate(sealed: Seal) -> Mapping[str, Any]:
    return sealed.write(sealed.home.parent)
