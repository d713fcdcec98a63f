"""A table in, JUnit's XML out, in the shape that Jenkins, GitLab and Azure DevOps read.

One case for each subscription, its tenant the suite: one that is as wanted passes, as does a change that can be carried
out; what is withheld is skipped; what failed, is Unsafe or Blocked fails. Problems and limits are cases of their own.
No times: the same inputs give the same bytes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from reconciler.cli.forms.levels import said
from reconciler.cli.forms.sentences import summed, unsafe
from reconciler.cli.forms.table import Row, Table
from reconciler.cli.plain import plain
from reconciler.core.source import Problem, Severity

__all__ = ["spelled"]

PASSED, SKIPPED, ERROR, FAILURE = "passed", "skipped", "error", "failure"
RESULTS = (PASSED, SKIPPED, ERROR, FAILURE)
"""From the best to the worst: of several changes of one subscription, the worst counts."""

MANIFESTS, LIMITS = "manifests", "limits"
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


class Case(NamedTuple):
    suite: str
    name: str
    result: str
    kind: str = ""
    """Of a failure: the rule, code or reason."""

    message: str = ""


def spelled(table: Table) -> str:
    suites: dict[str, list[Case]] = {}
    for case in cases(table):
        suites.setdefault(case.suite, []).append(case)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="reconcile">']
    for name, found in sorted(suites.items()):
        lines += suite_lines(name, found)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def cases(table: Table) -> Iterator[Case]:
    """A suite that would be empty has one case that passes, as some servers take an empty report for a broken one."""
    found = [problem_case(each) for each in table.problems]
    yield from found or [Case(MANIFESTS, "valid", PASSED, message=summed(table))]
    for violation in table.plan.violations:
        name = f"{violation.code} {violation.tenant}".rstrip()
        yield Case(LIMITS, name, FAILURE, violation.code, unsafe(violation))
    yield from subscription_cases(table)


def problem_case(problem: Problem) -> Case:
    if problem.severity is Severity.ERROR:
        return Case(problem.tenant or MANIFESTS, str(problem.source), ERROR, problem.rule, problem.message)
    return Case(problem.tenant or MANIFESTS, str(problem.source), PASSED, problem.rule, problem.message)


def subscription_cases(table: Table) -> Iterator[Case]:
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        rows.setdefault((row.change.tenant, row.change.name), []).append(row)
    unread = table.report.unread if table.report else {}
    wanted = {(each.tenant, each.name) for each in table.desired if each.tenant not in unread}
    for key in sorted(rows.keys() | wanted):
        yield case_of(*key, rows.get(key, []))


def case_of(tenant: str, name: str, rows: list[Row]) -> Case:
    if not rows:
        return Case(tenant, name, PASSED)
    worst = max(rows, key=lambda row: RESULTS.index(result_of(row)))
    return Case(tenant, name, result_of(worst), worst.change.reason, "\n".join(map(said, rows)))


def result_of(row: Row) -> str:
    if row.failed or row.refused:
        return FAILURE
    return SKIPPED if row.change.withheld else PASSED


def suite_lines(name: str, found: Iterable[Case]) -> Iterator[str]:
    found = list(found)
    counts = {result: sum(case.result == result for case in found) for result in RESULTS}
    numbers = f'tests="{len(found)}" failures="{counts[FAILURE]}" errors="{counts[ERROR]}" skipped="{counts[SKIPPED]}"'
    yield f"  <testsuite name={quoted(name)} {numbers}>"
    for case in found:
        yield from case_lines(case)
    yield "  </testsuite>"


def case_lines(case: Case) -> Iterator[str]:
    head = f"    <testcase classname={quoted(case.suite)} name={quoted(case.name)}"
    body = case_body(case)
    if not body:
        yield f"{head}/>"
        return
    yield f"{head}>"
    yield f"      {body}"
    yield "    </testcase>"


def case_body(case: Case) -> str:
    text = escape(legal(case.message))
    match case.result:
        case "passed":
            return f"<system-out>{text}</system-out>" if text else ""
        case "skipped":
            return f"<skipped>{text}</skipped>"
    first = quoted(case.message.partition("\n")[0])
    return f"<{case.result} type={quoted(case.kind)} message={first}>{text}</{case.result}>"


def quoted(text: str) -> str:
    return quoteattr(legal(plain(text)))


def legal(text: str) -> str:
    return ILLEGAL.sub(lambda found: f"\\u{ord(found[0]):04x}", "\n".join(map(plain, text.split("\n"))))
