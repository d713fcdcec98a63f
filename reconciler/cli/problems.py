"""Problems of manifests, printed: the report of ``validate``, and what exit code 4 comes with."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.cli.plain import plain
from reconciler.core.source import Problem, Severity

__all__ = ["print_warnings", "problem_json", "report_problems"]


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


def report_problems(problems: Sequence[Problem], form: str) -> None:
    """Print all problems: they are the result of the run."""
    if form == "json":
        print(json.dumps({"problems": [problem_json(each) for each in problems]}, indent=2, ensure_ascii=False))
        return
    for problem in problems:
        print(plain(str(problem)))
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    print(f"\n{count(errors, 'error')}, nothing was read from Graph or changed there.")


def print_warnings(problems: Iterable[Problem]) -> None:
    """Print what stands beside a result: on standard error."""
    for problem in problems:
        print(plain(str(problem)), file=sys.stderr)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
