"""``python -m bench [name …]``: all benches or those named, several rounds each; a table and ``results.json`` out."""

import argparse
import importlib
import json
import pkgutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

import bench
from bench.support import machine
from bench.support.errors import BenchError
from bench.support.figures import Figure, as_json, figures, table

ROUNDS = 3
WIDTH = 120
RESULTS = Path(__file__).with_name("results.json")
NAMES = tuple(
    module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in {"__main__", "support"}
)


def main() -> int:
    """0 also where a target is missed, which the table says: a slow machine is no mistake. 1 where a bench fails."""
    options = parse()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: sys.exit(1))  # so that what was started is ended
    measured_on = machine.facts()
    measured: list[Figure] = []
    try:
        for name in options.names or NAMES:
            measured += run(name, rounds=options.rounds, console=console)
    except BenchError as error:
        console.print(f"{name}: {error}", style="red", markup=False)
        return 1
    console.print(table(measured))
    if not options.names:
        write({"machine": measured_on, "rounds": options.rounds, "benches": as_json(measured)})
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="measure how fast and how small it is")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all without one")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="of each (default: %(default)s)")
    options = parser.parse_args()
    for name in options.names:
        if name not in NAMES:
            parser.error(f"there is no bench '{name}': use {', '.join(NAMES)}")
    if options.rounds < 1:
        parser.error("at least one round is needed")
    return options


def run(name: str, *, rounds: int, console: Console) -> list[Figure]:
    module = importlib.import_module(f"bench.{name}")
    started = time.monotonic()
    found = figures(name, [module.run() for _ in range(rounds)], module.TARGETS)
    console.print(f"{name}: {rounds} rounds in {time.monotonic() - started:.0f} s", style="dim")
    return found


def write(results: dict[str, Any]) -> None:
    """Of complete runs only: figures of one file are of one machine at one time."""
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
