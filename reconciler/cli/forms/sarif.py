"""A table in, SARIF 2.1.0 out: what code scanning of GitHub, GitLab and Azure DevOps reads."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.cli.forms.helps import help_of
from reconciler.cli.forms.levels import Finding, findings
from reconciler.cli.forms.table import Table
from reconciler.cli.plain import plain
from reconciler.core.source import Source

__all__ = ["spelled"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "reconcile/v1"
PATH = "/-._~"
"""What stays as it is in a path: letters, digits and these."""


def spelled(table: Table) -> str:
    return json.dumps(document(table), indent=2, ensure_ascii=False) + "\n"


def document(table: Table) -> dict[str, Any]:
    found = list(findings(table))
    rules = sorted({each.rule for each in found})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver(rules)},
                "columnKind": "unicodeCodePoints",
                "results": results(found, rules),
            }
        ],
    }


def driver(rules: Iterable[str]) -> dict[str, Any]:
    return {"name": "reconcile", "version": __version__, "rules": list(map(rule_json, rules))}


def rule_json(rule: str) -> dict[str, Any]:
    said = help_of(rule)
    return {"id": rule, "shortDescription": {"text": said.title}, "help": {"text": said.text}}


def results(found: Iterable[Finding], rules: list[str]) -> list[dict[str, Any]]:
    """Equal findings at several places are told apart by counting them."""
    seen: dict[str, int] = {}
    numbers = {rule: number for number, rule in enumerate(rules)}
    made = []
    for each in found:
        subject = f"{each.rule} {each.subject}"
        seen[subject] = seen.get(subject, 0) + 1
        made.append(result(each, numbers[each.rule], f"{subject} {seen[subject]}"))
    return made


def result(finding: Finding, number: int, subject: str) -> dict[str, Any]:
    digest = hashlib.sha256(subject.encode(errors="backslashreplace")).hexdigest()
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": finding.level,
        "message": {"text": plain(finding.message).replace("](", "] (")},  # which would be a link
        "locations": [location(finding.place)] if finding.place else [],
        "partialFingerprints": {FINGERPRINT: digest[:32]},
    }


def location(place: Source) -> dict[str, Any]:
    artifact = {"uri": uri(place.path)}
    region = {"startLine": place.line, "startColumn": place.column}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def uri(path: str) -> str:
    """Relative to where the run was, which is the repository; GitHub takes no other one for its own."""
    pure = PurePath(path)
    prefix = "file://" if pure.is_absolute() else ""
    return prefix + quote(pure.as_posix(), safe=PATH, errors="surrogatepass")
