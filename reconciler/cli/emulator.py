"""``reconcile emulator``: a local Graph, and the errands to one that runs."""

import argparse
import importlib
import shlex
import sys
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.cli.plain import plain
from reconciler.cli.serving import MissingExtra, serve_until_signalled
from reconciler.core.errors import UsageError
from reconciler.emulator import EmulatorError, Options, serve

__all__ = ["main"]

LISTEN = ("127.0.0.1", 8443)


def main(options: argparse.Namespace) -> int:
    try:
        if options.errand:
            # They need httpx, which takes longer to start than the whole command line.
            return int(importlib.import_module("reconciler.cli.errands").main(options))
        return run(options)
    except EmulatorError as error:
        for line in str(error).split("\n"):  # a file can have many problems
            print(f"reconcile: {plain(line)}", file=sys.stderr)
        return Exit.FAILED


def run(options: argparse.Namespace) -> int:
    chosen = chosen_options(options)
    try:
        chosen.check()
    except EmulatorError as error:
        raise UsageError(str(error)) from error
    try:
        serve_until_signalled(serve(chosen, ready=say_ready))
    except ImportError as error:
        raise MissingExtra(error) from error
    return Exit.OK


def chosen_options(options: argparse.Namespace) -> Options:
    host, port = options.listen or LISTEN
    return Options(
        host=host,
        port=port,
        home=Path(options.home),
        behaviours=dict(options.behaviour or ()),
        world=options.world,
        time_scale=options.time_scale or 1.0,
        faults=Path(options.faults) if options.faults else None,
        save=Path(options.save) if options.save else None,
    )


def say_ready(info: dict[str, object]) -> None:
    home = shlex.quote(str(Path(str(info["caFile"])).parent))
    print(f"Graph is at {info['graph']}, its keys are in {Path(str(info['caFile'])).parent}", flush=True)
    print(f"Use it with: export RECONCILER_EMULATOR_HOME={home}", flush=True)
