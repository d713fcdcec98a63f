"""A step of GitHub Actions is told what a run found: a summary for people, outputs for the steps after it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.plain import plain

if TYPE_CHECKING:
    from reconciler.cli.forms.table import Table

__all__ = ["outputs", "tell"]


def tell(table: "Table") -> None:
    """Where the environment names the files for it. One that cannot be written is a warning: the run was done."""
    for variable, spell in FILES.items():
        if path := os.environ.get(variable):
            try:
                with Path(path).open("ab") as file:
                    file.write(spell(table).encode(errors="backslashreplace"))
            except OSError as error:
                said = f"{variable} {path} cannot be written: {error.strerror}"
                print(f"reconcile: {plain(said)}", file=sys.stderr)


def summary(table: "Table") -> str:
    """As a comment, which is far below the 1 MiB that GitHub takes from a step."""
    from reconciler.cli.forms.markdown import spelled

    return spelled(table)


def outputs(table: "Table") -> str:
    """``name=value`` lines; nothing that others wrote is among them, so none can forge another."""
    return "".join(f"{name}={value}\n" for name, value in values(table)) if table.report else ""


def values(table: "Table") -> Iterator[tuple[str, str]]:
    from reconciler.core.reasons import Action

    plan = table.plan
    yield "changed", "true" if any(True for _ in plan.lasting) else "false"
    for action in Action:
        yield f"{action}s", str(getattr(plan.summary, action))
    yield "withheld", str(plan.summary.withheld)
    yield "digest", plan.digest


FILES: dict[str, Callable[["Table"], str]] = {"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": outputs}
