"""A pass, printed: as text for people, as JSON for pipelines."""

import argparse
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
    report: Report, problems: Sequence[Problem], desired: Iterable[Desired], *, options: argparse.Namespace, owner: str
) -> None:
    if options.format == "json":
        print(json.dumps(document(report, problems, owner=owner), indent=2, ensure_ascii=False))
        return
    print_warnings(problems)
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in lines(report, desired, colours=colours):
        print(line)
