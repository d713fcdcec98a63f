"""``reconcile destroy``: delete everything that is owned, once somebody has typed whose that is."""

import argparse
import asyncio
import dataclasses
import datetime as dt
import sys

from reconciler.cli.carrying import carry_out
from reconciler.cli.exits import Exit, after
from reconciler.cli.forms.terminal import show
from reconciler.cli.forms.text import lines
from reconciler.cli.passes import look, prepare
from reconciler.cli.printing import publish, table_of
from reconciler.cli.remarks import Work
from reconciler.core.errors import UsageError
from reconciler.engine.report import Report

__all__ = ["main"]

MEANT = frozenset({"empty", "removals"})
"""Here this is what is asked for; what may be a mistake of Graph's list or of another writer is not."""


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    work = emptied(prepare(options, now))
    owner = work.options.owner
    if options.yes is not None and options.yes != owner:
        raise UsageError(f"--yes {options.yes}: the owner is {owner!r}, nothing was deleted")
    listed = asyncio.run(look(work, options, now))
    if listed.report.unread:
        publish(table_of(listed, work, options), options)
        print("reconcile: nothing was deleted, as not every tenant could be read (see --tenant)", file=sys.stderr)
        return Exit.FAILED
    if options.yes is None:
        show(lines(table_of(listed, work, options)))
        if not listed.report.plan.changes:
            return Exit.OK
        confirm(owner)
    made = asyncio.run(carry_out(work, options, approve=lambda found: as_listed(found, listed.report)))
    publish(table_of(made, work, options), options)
    if made.report.outcomes is None and not made.report.unread:
        print("reconcile: nothing was deleted, as what there is has changed meanwhile: run again", file=sys.stderr)
        return Exit.UNSAFE
    return after(made.report, detailed=False)


def emptied(work: Work) -> Work:
    """The same tenants, with nothing wanted in them."""
    options = dataclasses.replace(work.options, prune=True, selected=None, allow=work.options.allow | MEANT)
    return dataclasses.replace(work, desired=(), options=options)


def confirm(owner: str) -> None:
    """Raises UsageError where nobody is there, or anything else is typed."""
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask at: give --yes {owner} to delete all of this")
    print(f"To delete all of it, type the owner ({owner}): ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != owner:
        raise UsageError(f"that is not {owner!r}, nothing was deleted")


def as_listed(found: Report, listed: Report) -> bool:
    return not found.unread and found.plan.digest == listed.plan.digest
