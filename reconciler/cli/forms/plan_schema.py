"""The JSON Schema of a plan, as ``reconcile schema plan`` prints it: the contract of ``--format json``.

Later versions of this program may add keys; ``schemaVersion`` grows when one of these changes its meaning or goes.
"""

from typing import Any

from reconciler.core.change import Summary
from reconciler.core.reasons import Action, Order, Withheld
from reconciler.core.source import Severity
from reconciler.engine.outcome import Result

__all__ = ["plan_schema"]

TEXT = {"type": "string", "minLength": 1}
MAYBE = {"type": ["string", "null"], "minLength": 1}
PLACE = {"type": ["string", "null"], "pattern": r"^[\s\S]+:[1-9]\d*:[1-9]\d*$", "description": "path:line:column"}
COUNT = {"type": "integer", "minimum": 0}


def plan_schema() -> dict[str, Any]:
    """A plan; or, where the manifests are invalid (exit 4) and of ``validate``, their problems alone."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of reconcile, what became of it, or the problems of its manifests",
        "anyOf": [{"$ref": "#/$defs/plan"}, {"$ref": "#/$defs/invalid"}],
        "$defs": {
            "plan": plan(),
            "invalid": {**object_of({"problems": many("problem")}), "maxProperties": 1},
            "change": change(),
            "difference": object_of({"field": TEXT, "from": MAYBE, "to": MAYBE}),
            "summary": object_of(dict.fromkeys(Summary.__dataclass_fields__, COUNT)),
            "violation": object_of({"code": described("what --allow takes"), "message": TEXT, "names": texts()}),
            "problem": problem(),
            "outcome": outcome(),
            "foreign": foreign(),
        },
    }


def plan() -> dict[str, Any]:
    required = {
        "schemaVersion": {"const": 1},
        "owner": described("whose subscriptions these are"),
        "digest": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "equal for plans that do the same: renewals, places and times do not count",
        },
        "changes": many("change"),
        "summary": {"$ref": "#/$defs/summary"},
        "violations": many("violation"),
        "problems": many("problem"),
    }
    optional = {
        "outcomes": {**many("outcome"), "description": "of an apply: what became of each change"},
        "foreign": {**many("foreign"), "description": "with --verbose: live subscriptions that are not ours"},
    }
    return object_of(required, optional)


def change() -> dict[str, Any]:
    return object_of(
        {
            "name": TEXT,
            "tenant": TEXT,
            "action": words(Action),
            "reason": {"type": "string", "pattern": "^([A-Z][a-z]+)+$"},
            "message": TEXT,
            "withheld": {"enum": [*map(str, Withheld), None], "description": "why it is shown and not carried out"},
            "resource": TEXT,
            "subscriptionId": MAYBE,
            "differences": many("difference"),
            "order": {"enum": [*map(str, Order), None], "description": "of a replacement: what comes first"},
            "mayMiss": {"type": "boolean", "description": "notifications may be lost until it is done"},
            "warnings": {**texts(), "description": "what a reviewer must not overlook"},
            "template": {**MAYBE, "description": "the Subscription with forEach that it was made from"},
            "source": PLACE,
        }
    )


def problem() -> dict[str, Any]:
    place = {"type": "integer", "minimum": 1}
    rule = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
    severity = words(Severity)
    return object_of(
        {"severity": severity, "rule": rule, "message": TEXT, "path": TEXT, "line": place, "column": place}
        | {"tenant": MAYBE}
    )


def outcome() -> dict[str, Any]:
    return object_of(
        {"name": TEXT, "tenant": TEXT, "action": words(Action), "result": words(Result), "message": TEXT}
        | {"requestId": MAYBE, "subscriptionId": MAYBE}
    )


def foreign() -> dict[str, Any]:
    return object_of(
        {"tenant": TEXT, "subscriptionId": TEXT, "resource": TEXT, "changeTypes": {"type": "string"}}
        | {"expiresAt": {"type": "string", "format": "date-time"}}
        | {"owner": {**MAYBE, "description": "of the mark that it bears"}, "name": MAYBE}
    )


def object_of(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}


def many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def texts() -> dict[str, Any]:
    return {"type": "array", "items": TEXT}


def words(known: Any) -> dict[str, Any]:
    return {"enum": [str(each) for each in known]}


def described(text: str) -> dict[str, Any]:
    return {**TEXT, "description": text}
