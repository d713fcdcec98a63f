"""Problems of manifests, printed: the report of ``validate``, and what exit code 4 comes with."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.cli.plain import plain
from reconciler.core.source import Problem

__all__ = ["count", "print_warnings", "problem_json", "report_problems"]


def problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "rule": problem.rule,
        "message": problem.message,
        "path": problem.source.path,
        "line": problem.source.line,
        "column": problem.source.column,
        "tenant": problem.tenant,
    }


def report_problems(problems: Sequence[Problem], options: argparse.Namespace) -> None:
    """Publish all problems: they are the result of the run."""
    from reconciler.cli.forms.sentences import faults
    from reconciler.cli.forms.table import Table
    from reconciler.cli.printing import publish

    publish(Table(tuple(problems), verdict=faults(problems)), options)


def print_warnings(problems: Iterable[Problem]) -> None:
    """Print what stands beside a result: on standard error."""
    for problem in problems:
        print(plain(str(problem)), file=sys.stderr)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
