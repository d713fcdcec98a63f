"""The options of ``reconcile status`` and ``reconcile gaps``. Imports nothing heavy."""

import argparse
import datetime as dt
from collections.abc import Callable

from reconciler.cli.values import duration

__all__ = ["MIN_LEAD", "add_gaps", "add_status", "check_status"]

MIN_LEAD = dt.timedelta(minutes=30)


def add_status(status: argparse.ArgumentParser) -> None:
    status.add_argument("--live-out", metavar="FILE", help="write a redacted snapshot, to plan from with --live")
    status.add_argument(
        "--check",
        action="store_true",
        help="print only what is missing, has ended or ends soon, and exit 1 if there is any",
    )
    status.add_argument(
        "--min-lead", type=duration, metavar="DURATION",
        help="with --check: how soon is too soon, less than a third of the shortest lifetime (default: 30m)",
    )  # fmt: skip


def check_status(options: argparse.Namespace, complain: Callable[[str], None]) -> None:
    """What argparse cannot check by itself."""
    if options.min_lead is not None and not options.check:
        complain("--min-lead goes with --check")
    if options.live_out and options.check:
        complain("--live-out and --check do not go together: the one writes all, the other prints what is wrong")


def add_gaps(gaps: argparse.ArgumentParser) -> None:
    gaps.add_argument(
        "--since", type=duration, default=dt.timedelta(days=7), metavar="DURATION",
        help="those that ended within this time, and those that are open (default: 7d)",
    )  # fmt: skip
    # `only` is the option of a pass.
    gaps.add_argument("--only", dest="names", action="append", metavar="NAME", help="only this one's; several times")
