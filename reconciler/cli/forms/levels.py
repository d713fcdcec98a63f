"""How much each thing in a table matters to those who look at annotations."""

import enum
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.cli.forms.sentences import unsafe
from reconciler.cli.forms.table import Row, Table, made
from reconciler.cli.forms.text import became
from reconciler.core.reasons import Action
from reconciler.core.source import Severity, Source

__all__ = ["Finding", "Level", "findings"]


class Level(enum.StrEnum):
    """In GitHub's words; SARIF calls the last one ``note``, too."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """One thing to be shown at one place."""

    level: Level
    rule: str
    """The rule's id, the violation's code or the change's reason."""

    title: str
    message: str
    place: Source | None
    subject: str
    """What it is about, whatever the line: for a fingerprint that outlives edits."""


def findings(table: Table) -> Iterator[Finding]:
    """Problems, limits, and changes but renewals, which no reviewer needs to look at unless they failed."""
    for problem in table.problems:
        level = Level.ERROR if problem.severity is Severity.ERROR else Level.WARNING
        subject = f"{problem.source.path} {problem.message}"
        yield Finding(level, problem.rule, problem.rule, problem.message, problem.source, subject)
    for violation in table.plan.violations:
        place = table.place_of(violation.tenant)
        subject = f"unsafe {violation.tenant}"
        yield Finding(Level.ERROR, violation.code, f"unsafe: {violation.code}", unsafe(violation), place, subject)
    for row in table.rows:
        if row.change.action is not Action.RENEW or row.failed:
            yield of_row(row, table)


def of_row(row: Row, table: Table) -> Finding:
    change = row.change
    place = row.source or table.places.get(change.tenant)
    title = f"{change.action} {change.name}"
    subject = f"{change.tenant} {change.name} {change.action}"
    return Finding(level_of(row), change.reason, title, said(row), place, subject)


def level_of(row: Row) -> Level:
    if row.failed:
        return Level.ERROR
    return Level.WARNING if row.grave else Level.NOTE


def said(row: Row) -> str:
    """Everything about a change, in sentences on one line."""
    change = row.change
    parts = [f"{change.tenant}: {change.action} {change.name}, {change.message} ({change.resource})"]
    if change.action is Action.CREATE:
        parts.append(made(change))
    else:
        parts += [f"{each.field}: {each.before or 'none'} → {each.after or 'none'}" for each in change.differences]
    parts += change.warnings
    if change.withheld:
        parts.append(f"withheld, {change.withheld}: {change.why_withheld}")
    elif row.outcome:
        parts.append(f"{row.outcome.result}: {became(row.outcome)}")
    return "; ".join(parts)
