"""A table in, a comment for a pull request out: the sum first, then each tenant, folded.

A comment takes 65,536 characters; this one is at most 65,000 bytes and says what it leaves out.
"""

from collections.abc import Iterator

from reconciler.cli.forms.markdown_escapes import code, prose
from reconciler.cli.forms.room import Room
from reconciler.cli.forms.sentences import footnotes, summed, unsafe
from reconciler.cli.forms.table import Foreign, Row, Section, Table, made
from reconciler.cli.forms.text import became
from reconciler.core.reasons import Action
from reconciler.core.source import Problem, Severity
from reconciler.core.times import spell_time
from reconciler.engine.outcome import Result

__all__ = ["LIMIT", "MARKER", "spelled"]

MARKER = "<!-- reconcile -->"
"""By this a workflow finds its comment again, to update it."""

LIMIT = 65_000
RESERVED = 2_000
"""For the end of it, which is always there."""

SHARE = 20_000
"""What problems may take, so that the changes are seen, too."""

LEAST = 1_000
"""What a tenant may take, however many there are."""

SEVERITIES = {Severity.ERROR: "❌", Severity.WARNING: "⚠️"}
RESULTS = {Result.DONE: "✅ done", Result.FAILED: "❌ failed", Result.WITHHELD: "withheld"}


def spelled(table: Table) -> str:
    """All of it, of at most ``LIMIT`` bytes."""
    room = Room(LIMIT - RESERVED)
    room.add(heading(table))
    for each in alarms(table):
        room.add(["", each], items=1)
    if table.problems:
        room.add([""])
    with room.portion(SHARE if table.report else room.left) as portion:
        # A comment that is full lacks warnings before it lacks errors.
        for problem in sorted(table.problems, key=lambda problem: problem.severity is not Severity.ERROR):
            portion.add([problem_line(problem)], items=1)
    for number, section in enumerate(table.sections):
        share = room.left // (len(table.sections) - number)
        tenant(section, room, max(share, LEAST))
    return "\n".join([*room.parts, *end(table, room.left_out)]) + "\n"


def heading(table: Table) -> Iterator[str]:
    yield MARKER
    yield f"### reconcile: {prose(summed(table) or 'nothing was read').rstrip('.')}"


def alarms(table: Table) -> Iterator[str]:
    if table.report and table.report.unread:
        yield f"❌ **Not read, and nothing done there**: {', '.join(map(code, sorted(table.report.unread)))}"
    for violation in table.plan.violations:
        yield f"⛔ **unsafe**: {prose(unsafe(violation))}"


def end(table: Table, left_out: int) -> Iterator[str]:
    if left_out:
        yield f"\n**{left_out:,} more** left out here, the output of the run has them all."
    for each in footnotes(table):
        yield f"\n{prose(each)}"


def problem_line(problem: Problem) -> str:
    place = code(str(problem.source))
    return f"- {SEVERITIES[problem.severity]} {place} {prose(problem.message)} ({code(problem.rule)})"


def tenant(section: Section, room: Room, share: int) -> None:
    """Folded, but for the line that says what is in it."""
    opening = f"\n<details><summary><b>{prose(section.tenant)}</b>: {prose(counts(section))}</summary>\n"
    with room.portion(share, opening, "\n</details>") as portion:
        for group in section.groups:
            if group.template:
                portion.add([f"\n**{prose(group.template)}**, a set of {group.size:,}:\n"])
            for row in sorted(group.rows, key=lambda row: not row.grave):
                portion.add(row_lines(row), items=1)
        if section.foreign:
            portion.add(["\nForeign, never touched:\n"])
        for each in section.foreign:
            portion.add([foreign_line(each)], items=1)


def counts(section: Section) -> str:
    found = {action: sum(group.counts[action] for group in section.groups) for action in Action}
    foreign = [f"{len(section.foreign):,} foreign"] if section.foreign else []
    return ", ".join([*(f"{number:,} to {action}" for action, number in found.items() if number), *foreign])


def row_lines(row: Row) -> Iterator[str]:
    change = row.change
    flag = "⚠️ " if change.may_miss or change.warnings else ""
    said = f"{change.action}, {prose(change.message)} ({change.reason})"
    yield f"- {flag}{code(f'{change.action.symbol} {change.name}')} {said}"
    place = f" at {code(str(row.source))}" if row.source else ""
    yield f"  - {code(change.resource)}{place}"
    if change.action is Action.CREATE:
        yield f"  - {code(made(change))}"
    for each in change.differences if change.action is not Action.CREATE else ():
        yield f"  - {prose(each.field)}: {code(each.before or 'none')} → {code(each.after or 'none')}"
    for warning in change.warnings:
        yield f"  - ⚠️ **{prose(warning)}**"
    if change.withheld:
        yield f"  - **withheld, {change.withheld}**: {prose(change.why_withheld or '')}"
    elif row.outcome:
        yield f"  - {RESULTS[row.outcome.result]}: {prose(became(row.outcome))}"


def foreign_line(foreign: Foreign) -> str:
    live = foreign.live
    return (
        f"- {code(live.id)} {code(live.resource_text)} {prose(','.join(sorted(live.asked.change_types)))},"
        f" ends {spell_time(live.expires_at)}: {prose(foreign.whose)}"
    )
