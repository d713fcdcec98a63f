"""``reconcile emulator env | seed | churn``: errands to an emulator that runs, found by its home."""

import argparse
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.cli.exits import Exit
from reconciler.cli.plain import plain
from reconciler.cli.serving import serve_until_signalled
from reconciler.emulator.churn import Churn, Order
from reconciler.emulator.environment import exports, find, variables
from reconciler.emulator.outgoing import connect
from reconciler.emulator.remote import ask

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    """Raises ``EmulatorError`` where none runs, and where one says no."""
    return ERRANDS[options.errand](options)


def env(options: argparse.Namespace) -> int:
    """Only of one that answers: what a shell exports stays in it for long."""
    info = find(Path(options.home))
    ask_it(info, "GET", "clock")
    print(json.dumps(variables(info), indent=2) if options.format == "json" else exports(info))
    return Exit.OK


def seed(options: argparse.Namespace) -> int:
    from reconciler.emulator.world import files  # reads YAML, which only this errand does

    info = find(Path(options.home))
    added = ask_it(info, "POST", "world", files.read(Path(options.seed_file)).as_json())
    print(json.dumps(added, indent=2) if options.format == "json" else f"added {counted(added)}")
    return Exit.OK


def churn(options: argparse.Namespace) -> int:
    """A line each second and one at the end, which a signal brings about, or the emulator's own."""
    order = ordered(options)
    churning = Churn(find(Path(options.home)), order)
    as_json = options.format == "json"
    try:
        serve_until_signalled(churning.run(tell=lambda tally: say(tally.as_json() if as_json else str(tally))))
    finally:
        if churning.tally.seconds:  # it has begun
            summary = churning.tally.as_json() | {"randomSeed": order.random_seed}
            say(summary if as_json else f"{churning.tally.summary()}; again with --random-seed {order.random_seed}")
    return Exit.FAILED if churning.tally.failed else Exit.OK


def ordered(options: argparse.Namespace) -> Order:
    return Order(
        rate=options.rate,
        random_seed=random.randrange(1_000_000) if options.random_seed is None else options.random_seed,  # noqa: S311 (no secret)
        seconds=options.span.total_seconds() if options.span else None,
        count=options.count,
    )


def ask_it(info: Mapping[str, Any], method: str, path: str, data: object = None) -> Any:
    with connect(info["graph"], info["caFile"]) as client:
        return ask(client, method, path, data)


def counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"


def say(what: str | Mapping[str, Any]) -> None:
    print(plain(what) if isinstance(what, str) else json.dumps(what), flush=True)


ERRANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"churn": churn, "env": env, "seed": seed}
