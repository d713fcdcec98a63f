"""``reconcile apply PLAN``: carry out a plan that was saved and reviewed, if it is still the plan."""

import argparse
import asyncio
import datetime as dt
import sys

from reconciler.cli.carrying import carry_out
from reconciler.cli.exits import Exit, after
from reconciler.cli.forms.sentences import unsafe
from reconciler.cli.passes import prepare
from reconciler.cli.plain import plain
from reconciler.cli.printing import publish, table_of
from reconciler.cli.remarks import Work
from reconciler.cli.saved_plan import SavedPlan, moved, read_plan
from reconciler.core.errors import ManifestError
from reconciler.core.source import Problem, Source
from reconciler.engine.report import Report

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    saved = read_plan(options.plan)
    vars(options).update(saved.asked, tenants=options.tenants or saved.asked["tenants"])
    work = prepare(options, dt.datetime.now(dt.UTC))
    check_owner(saved, work)
    made = asyncio.run(
        carry_out(work, options, approve=lambda found: not found.unread and found.plan.digest == saved.digest)
    )
    if made.report.outcomes is None and not made.report.unread:
        return refuse(saved, made.report)
    publish(table_of(made, work, options), options)
    return after(made.report, detailed=False)


def check_owner(saved: SavedPlan, work: Work) -> None:
    if saved.owner != work.options.owner:
        message = f"the plan is of the owner {saved.owner!r}, the manifests are of {work.options.owner!r}"
        raise ManifestError([Problem(Source(saved.path), "saved-plan", message)])


def refuse(saved: SavedPlan, report: Report) -> Exit:
    """Say what has moved since it was saved."""
    print(f"{saved.path} is not the plan any more, and nothing was written:")
    for each in moved(saved, report.plan.changes):
        print(f"  {plain(each)}")
    for violation in report.plan.violations:
        print(plain(f"unsafe: {unsafe(violation)}"))
    print("plan anew with --dry-run --out, and have that reviewed", file=sys.stderr)
    return Exit.UNSAFE
