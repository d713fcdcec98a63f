"""The entry of the ``reconcile`` command: which command, and what an error comes to."""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from reconciler.cli.arguments import parse
from reconciler.cli.collecting import uncollected

__all__ = ["main", "run"]


MODULES = {"import": "importing"}
"""Of commands whose name is none that a module can have."""

READING = frozenset({"passes", "validate"})
"""Commands of which most of the time is reading; what goes on for long has rings collected again by itself."""


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
    from reconciler.cli.reports import check, report_failure
    from reconciler.core.errors import ManifestError, ReconcilerError, UsageError

    name = options.command or "passes"
    try:
        with uncollected():
            module = importlib.import_module(f"reconciler.cli.{MODULES.get(name, name)}")
            check(options)
            if name in READING:
                return int(module.main(options))
        return int(module.main(options))
    except UsageError as error:
        return complain(error, 64)
    except ManifestError as error:
        from reconciler.cli.problems import report_problems

        try:
            report_problems(error.problems, options)
        except ReconcilerError as unwritten:
            complain(unwritten, 4)
        return 4
    except ReconcilerError as error:
        report_failure(error, options)
        return complain(error, 1)


def complain(error: Exception, code: int) -> int:
    from reconciler.cli.plain import plain

    print(f"reconcile: {plain(str(error))}", file=sys.stderr)
    return code
