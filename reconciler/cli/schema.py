"""``reconcile schema``: the JSON Schema of the manifests, for editors, or of a plan, for pipelines."""

import argparse
import json
from typing import Any

from pydantic import TypeAdapter

from reconciler.cli.exits import Exit
from reconciler.cli.forms.plan_schema import plan_schema
from reconciler.core.manifest.kinds import KINDS

__all__ = ["main", "schema"]


def main(options: argparse.Namespace) -> int:
    print(json.dumps(plan_schema() if options.of == "plan" else schema(), indent=2, ensure_ascii=False))
    return Exit.OK


def schema() -> dict[str, Any]:
    """One schema for all kinds: which one applies is told by ``kind``."""
    definitions: dict[str, Any] = {}
    branches = []
    for name, model in KINDS.items():
        made = TypeAdapter(model).json_schema(ref_template="#/$defs/{model}")
        definitions |= made.pop("$defs", {})
        definitions[name] = made
        condition = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
        branches.append({"if": condition, "then": {"$ref": f"#/$defs/{name}"}})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A manifest of reconcile",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {"kind": {"enum": list(KINDS)}},
        "allOf": branches,
        "$defs": definitions,
    }
