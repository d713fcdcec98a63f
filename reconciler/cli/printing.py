"""A pass, printed: as text for people, as JSON for pipelines."""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Iterable, Sequence

from reconciler.cli.document import document
from reconciler.cli.problems import print_warnings
from reconciler.cli.text import lines
from reconciler.core.desired import Desired
from reconciler.core.source import Problem
from reconciler.engine.report import Report

__all__ = ["print_report"]


def print_report(
    report: Report,
    problems: Sequence[Problem],
    desired: Iterable[Desired],
    *,
    options: argparse.Namespace,
    owner: str,
    taken_at: dt.datetime | None = None,
) -> None:
    """Print it in the form that was asked for; ``taken_at`` is the time of the snapshot that it was planned from."""
    if options.format == "json":
        print(json.dumps(document(report, problems, owner=owner), indent=2, ensure_ascii=False))
        return
    print_warnings(problems)
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for line in lines(report, desired, colours=colours):
        print(line)
    if taken_at:
        print(f"Planned from a snapshot of {taken_at:%Y-%m-%d %H:%M} UTC.")
