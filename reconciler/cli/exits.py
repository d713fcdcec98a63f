"""What the command's exit codes mean, and which one wins.

64  wrong usage
 4  invalid manifests
 1  something failed, also a change that is Blocked in an apply
 3  something is withheld as Unsafe
 2  changes are pending (--dry-run --detailed-exitcode only)
 0  done, or nothing to do
"""

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.core.change import Change, Plan
from reconciler.core.reasons import Action, Withheld
from reconciler.engine.outcome import Outcome, Result

if TYPE_CHECKING:
    from reconciler.engine.report import Report

__all__ = ["Exit", "after"]


class Exit(enum.IntEnum):
    OK = 0
    FAILED = 1
    PENDING = 2
    UNSAFE = 3
    INVALID = 4
    USAGE = 64


QUIET = frozenset({Withheld.POLICY, Withheld.SUSPENDED, Withheld.PROTECTED})
"""Withheld because somebody said so: nothing is pending."""


def after(report: "Report", *, detailed: bool) -> Exit:
    """The exit code of a pass; a failure never looks like a difference."""
    if report.unread or any_failed(report.outcomes or ()) or (report.outcomes is not None and blocked(report.plan)):
        return Exit.FAILED
    if any(change.withheld is Withheld.UNSAFE for change in report.plan.changes):
        return Exit.UNSAFE
    if detailed and any(map(pending, report.plan.changes)):
        return Exit.PENDING
    return Exit.OK


def any_failed(outcomes: Iterable[Outcome]) -> bool:
    return any(outcome.result is Result.FAILED for outcome in outcomes)


def blocked(plan: Plan) -> bool:
    return any(change.withheld is Withheld.BLOCKED for change in plan.changes)


def pending(change: Change) -> bool:
    return change.action is not Action.RENEW and change.withheld not in QUIET
