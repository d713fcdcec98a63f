"""The entry of the ``reconcile`` command: which command, and what an error comes to."""

import argparse
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence

from reconciler.cli.arguments import parse

__all__ = ["main", "run"]


MODULES = {"import": "importing"}
"""Of commands whose name is none that a module can have."""

READING = frozenset({"passes", "validate"})
"""Commands that do little else than read; a pass that talks to Graph looks for rings again from there on."""


def run() -> None:
    """The console script. It does without looking for rings of objects, of which reading thousands of manifests makes
    none; whatever else is done than that begins to look for them (``command``)."""
    gc.disable()
    code = main()
    gc.freeze()  # nor is what is left looked through before it goes
    sys.exit(code)


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
        module = importlib.import_module(f"reconciler.cli.{MODULES.get(name, name)}")
        check(options)
        if name not in READING:
            gc.enable()
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
