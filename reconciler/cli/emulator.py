"""``reconcile emulator``: a local Graph."""

import argparse
import shlex
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.cli.serving import MissingExtra, serve_until_signalled
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.emulator import EmulatorError, Options, serve

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    host, port = options.listen
    chosen = Options(host=host, port=port, home=Path(options.home), behaviours=dict(options.behaviour or ()))
    try:
        chosen.check()
    except EmulatorError as error:
        raise UsageError(str(error)) from error
    try:
        serve_until_signalled(serve(chosen, ready=say_ready))
    except ImportError as error:
        raise MissingExtra(error) from error
    except EmulatorError as error:
        raise ReconcilerError(str(error)) from error
    return Exit.OK


def say_ready(info: dict[str, object]) -> None:
    home = Path(str(info["caFile"])).parent
    print(f"Graph is at {info['graph']}, its keys are in {home}", flush=True)
    print(f"Use it with: export RECONCILER_EMULATOR_HOME={shlex.quote(str(home))}", flush=True)
