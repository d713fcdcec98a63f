"""What may stand on the command line about forms and reports. Imports nothing heavy."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from reconciler.cli.forms import names

__all__ = ["REPORTING", "add_format", "add_report", "add_schema", "check_forms"]

REPORTING = (None, "apply", "destroy", "validate")
"""What prints in every form and writes reports: a pass, and these commands."""


def add_format(group: argparse._ActionsContainer, *, before: bool, forms: Sequence[str] = names.PLAIN) -> None:
    default: Any = names.TEXT if before else argparse.SUPPRESS
    group.add_argument("--format", choices=forms, default=default, help="what to print")


def add_report(group: argparse._ActionsContainer, *, before: bool) -> None:
    group.add_argument(
        "--report", dest="report" if before else "report_after", action="append", type=report, metavar="FORM=PATH",
        default=None if before else argparse.SUPPRESS,
        help=f"write a report to a file as well, several times: {', '.join(names.ALL)}",
    )  # fmt: skip


def add_schema(command: argparse.ArgumentParser) -> None:
    kinds = ("manifests", "plan")
    command.add_argument("of", nargs="?", choices=kinds, default=kinds[0], help="whose (default: %(default)s)")


def report(text: str) -> tuple[str, str]:
    form, equals, path = text.partition("=")
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not FORM=PATH, such as markdown=plan.md")
    if form not in names.ALL:
        raise argparse.ArgumentTypeError(f"{form!r} is no form, known are {', '.join(names.ALL)}")
    if path == "-":
        raise argparse.ArgumentTypeError(f"a report is a file, use --format {form} for standard output")
    return form, path


def check_forms(options: argparse.Namespace, error: Callable[[str], Any]) -> None:
    """Other commands know fewer forms, and write no reports."""
    if options.command in REPORTING:
        return
    theirs = f"a pass, {', '.join(filter(None, REPORTING))}"
    if options.format not in names.PLAIN:
        error(f"--format {options.format} goes with {theirs}; {options.command} prints text or json")
    if options.report:
        error(f"--report goes with {theirs}, not with {options.command}")
