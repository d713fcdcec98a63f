"""What a run found, printed in the form that was asked for, written to the reports, told to the pipeline."""

import argparse
import datetime as dt
import sys

from reconciler.cli import reports, steps
from reconciler.cli.carrying import Carried
from reconciler.cli.forms import names
from reconciler.cli.forms.spelling import spell
from reconciler.cli.forms.table import Table
from reconciler.cli.forms.terminal import show
from reconciler.cli.forms.text import lines
from reconciler.cli.problems import print_warnings
from reconciler.cli.remarks import Work, remarks_on

__all__ = ["publish", "table_of"]


def table_of(made: Carried, work: Work, options: argparse.Namespace, *, taken_at: dt.datetime | None = None) -> Table:
    """What there is to be shown of a pass; ``taken_at`` is the time of the snapshot that it was planned from."""
    return Table(
        problems=tuple(sorted((*work.loaded.wanted.problems, *made.problems, *remarks_on(made.report, work)))),
        said=made.said,
        report=made.report,
        desired=tuple(work.chosen),
        owner=work.options.owner,
        places=work.places,
        taken_at=taken_at,
        partial=work.options.selected is not None,
        verbose=bool(options.verbose),
    )


def publish(table: Table, options: argparse.Namespace) -> None:
    """Print the table, and write it wherever else it is wanted. Raises ReportError."""
    if options.format == names.TEXT:
        if table.report:
            print_warnings(each for each in table.problems if each not in table.said)
        show(lines(table))
    else:
        sys.stdout.write(spell(table, options.format))
    steps.tell(table)
    reports.write(table, options)
