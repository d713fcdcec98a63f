"""The entry of the ``reconcile`` command: which command, and what an error comes to."""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from reconciler.cli.arguments import parse

__all__ = ["main", "run"]


def run() -> None:
    """The console script."""
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    print_anything()
    try:
        code = command(parse(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("reconcile: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        # Whoever read our output has gone, or the disk is full; Python must not complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if isinstance(error, BrokenPipeError) else complain(error, 1)
    return code


def print_anything() -> None:
    """What the terminal's encoding lacks is spelled out: a report must not fail for an arrow."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def command(options: argparse.Namespace) -> int:
    """Each command is imported only when it is asked for."""
    from reconciler.core.errors import ManifestError, ReconcilerError, UsageError

    name = options.command or "passes"
    module = importlib.import_module(f"reconciler.cli.{name}")
    try:
        return int(module.main(options))
    except UsageError as error:
        return complain(error, 64)
    except ManifestError as error:
        from reconciler.cli.problems import report_problems

        report_problems(error.problems, options.format)
        return 4
    except ReconcilerError as error:
        return complain(error, 1)


def complain(error: Exception, code: int) -> int:
    from reconciler.cli.plain import plain

    print(f"reconcile: {plain(str(error))}", file=sys.stderr)
    return code
