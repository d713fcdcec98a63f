"""``reconcile doctor``: checks from outside in, each with what was found, why, and what to do about it.

    manifests → checks → findings → text or JSON

It changes nothing, neither at Graph nor in the store. Exit 1 where a check failed.
"""

import argparse
import asyncio
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.cli.colours import shows_colours
from reconciler.cli.doctor_text import lines
from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.passes import owner_missing
from reconciler.cli.problems import print_warnings
from reconciler.cli.serving import MissingExtra
from reconciler.core.errors import ManifestError
from reconciler.core.times import spell_time
from reconciler.daemon.checks.finding import Finding, Level

__all__ = ["finding_json", "main"]


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    loaded = load(options, confined=False, now=now)
    loaded.must_be_valid()
    if loaded.owner is None:
        raise ManifestError([*loaded.wanted.problems, owner_missing(loaded)])
    print_warnings(loaded.wanted.problems)
    try:
        from reconciler.cli.examination import examine
    except ImportError as error:
        raise MissingExtra(error) from error
    findings = asyncio.run(examine(loaded, options, now=now))
    if options.format == "json":
        print(json.dumps(document(findings, loaded.owner, now), indent=2, ensure_ascii=False))
    else:
        colours = shows_colours()
        for line in lines(findings, colours=colours):
            print(line)
    return Exit.FAILED if any(each.level is Level.FAILURE for each in findings) else Exit.OK


def document(findings: Sequence[Finding], owner: str | None, now: dt.datetime) -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "checkedAt": spell_time(now),
        "owner": owner,
        "findings": [finding_json(each) for each in findings],
        "summary": summary(findings),
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "subject": finding.subject,
        "level": finding.level,
        "found": finding.verdict.found,
        "cause": finding.verdict.cause,
        "remedy": finding.verdict.remedy,
    }


def summary(findings: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(each.level for each in findings)
    return {level.value: counts[level] for level in Level}
