"""A table in, the JSON document of a plan out: what pipelines read, stable for a schema version."""

import dataclasses
import json
from typing import Any

from reconciler.cli.forms.table import Foreign, Row, Table
from reconciler.cli.problems import problem_json
from reconciler.core.change import Change
from reconciler.core.times import spell_time
from reconciler.engine.outcome import Outcome

__all__ = ["SCHEMA_VERSION", "document", "spelled"]

SCHEMA_VERSION = 1


def spelled(table: Table) -> str:
    return json.dumps(document(table), indent=2, ensure_ascii=False) + "\n"


def document(table: Table) -> dict[str, Any]:
    """The plan; for an apply with its ``outcomes``; of manifests alone only their ``problems``."""
    problems = [problem_json(each) for each in table.problems]
    if table.report is None:
        return {"problems": problems}
    plan = table.plan
    made = {
        "schemaVersion": SCHEMA_VERSION,
        "owner": table.owner,
        "digest": plan.digest,
        "changes": list(map(change_json, table.rows)),
        "summary": dataclasses.asdict(plan.summary),
        "violations": [
            {"code": each.code, "message": each.message, "names": list(each.names)} for each in plan.violations
        ],
        "problems": problems,
    }
    if table.outcomes is not None:
        made["outcomes"] = list(map(outcome_json, table.outcomes))
    if table.verbose:
        made["foreign"] = [foreign_json(section.tenant, each) for section in table.sections for each in section.foreign]
    return made


def change_json(row: Row) -> dict[str, Any]:
    change = row.change
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
        "order": change.order,
        "mayMiss": change.may_miss,
        "warnings": list(change.warnings),
        "template": change.template,
        "source": str(row.source) if row.source else None,
    }


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


def foreign_json(tenant: str, foreign: Foreign) -> dict[str, Any]:
    live, mark = foreign.live, foreign.mark
    return {
        "tenant": tenant,
        "subscriptionId": live.id,
        "resource": live.resource_text,
        "changeTypes": ",".join(sorted(live.asked.change_types)),
        "expiresAt": spell_time(live.expires_at),
        "owner": mark.owner if mark else None,
        "name": mark.name if mark else None,
    }
