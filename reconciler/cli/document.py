"""A report in, the JSON document of a plan out: what pipelines read, stable for a schema version."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from reconciler.cli.problems import problem_json
from reconciler.core.change import Change
from reconciler.core.reasons import Action
from reconciler.core.source import Problem
from reconciler.engine.outcome import Outcome
from reconciler.engine.report import Report

__all__ = ["SCHEMA_VERSION", "document"]

SCHEMA_VERSION = 1


def document(report: Report, problems: Sequence[Problem], *, owner: str) -> dict[str, Any]:
    """The plan; for an apply with its ``outcomes``."""
    plan = report.plan
    spelled = {
        "schemaVersion": SCHEMA_VERSION,
        "owner": owner,
        "digest": plan.digest,
        "changes": [change_json(change) for change in plan.changes],
        "summary": dataclasses.asdict(plan.summary),
        "violations": [
            {"code": each.code, "message": each.message, "names": list(each.names)} for each in plan.violations
        ],
        "problems": [problem_json(each) for each in problems],
    }
    if report.outcomes is not None:
        spelled["outcomes"] = [outcome_json(each) for each in report.outcomes]
    return spelled


def change_json(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "tenant": change.tenant,
        "action": change.action,
        "reason": change.reason,
        "message": explained(change),
        "withheld": change.withheld,
        "resource": change.resource,
        "subscriptionId": change.live.id if change.live else None,
        "differences": [{"field": each.field, "from": each.before, "to": each.after} for each in change.differences],
        "source": source(change),
    }


def source(change: Change) -> str | None:
    """Where it is wanted; a deletion is wanted nowhere, that of a duplicate included."""
    return None if change.desired is None or change.action is Action.DELETE else str(change.desired.source)


def explained(change: Change) -> str:
    return f"{change.message}; withheld: {change.why_withheld}" if change.withheld else change.message


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "tenant": outcome.tenant,
        "action": outcome.action,
        "result": outcome.result,
        "message": outcome.message,
        "requestId": outcome.request_id,
        "subscriptionId": outcome.subscription_id,
    }
