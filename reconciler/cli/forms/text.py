"""A table in, lines for people out. The same table gives the same lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.cli.forms.sentences import footnotes, summed, unsafe
from reconciler.cli.forms.table import Foreign, Group, Row, Section, Table, made
from reconciler.cli.plain import plain
from reconciler.core.reasons import Action
from reconciler.core.source import Severity
from reconciler.core.times import spell_time
from reconciler.engine.outcome import Outcome, Result

__all__ = ["Line", "lines", "spelled"]

SHOWN = 3
"""Of a set, so many changes of a kind are shown; --verbose shows all."""

COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.RENEW: "cyan",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.ADOPT: "blue",
}
RESULTS = {Result.DONE: "done:", Result.FAILED: "FAILED:", Result.WITHHELD: "withheld,"}
QUIET, LOUD, HEAD = "dim", "bold red", "bold"


class Line(NamedTuple):
    """A line of the report: how far it is indented, and its pieces, each with a style of rich or none."""

    indent: int
    pieces: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        return " " * self.indent + "".join(text for text, _ in self.pieces)


def spelled(table: Table) -> str:
    """All of it, as a file has it."""
    problems = () if table.errors and table.report is None else problem_lines(table)
    return "".join(f"{line}\n" for line in (*problems, *lines(table)))


def lines(table: Table) -> Iterator[Line]:
    """Each tenant's changes, what is over a limit, the sum of it all; problems only where nothing was planned."""
    if table.errors and table.report is None:
        yield from problem_lines(table)
        yield line(0, "")
    for section in table.sections:
        yield from section_lines(section, verbose=table.verbose)
        yield line(0, "")
    for violation in table.plan.violations:
        yield Line(0, (("unsafe: ", LOUD), (plain(unsafe(violation)), "")))
    if table.report and table.report.unread:
        yield line(0, f"Not read, and nothing done there: {', '.join(sorted(table.report.unread))}.", LOUD)
    if said := summed(table):
        yield line(0, said, HEAD)
    for said in footnotes(table):
        yield line(0, said)


def line(indent: int, text: str, style: str = "") -> Line:
    return Line(indent, ((plain(text), style),))


def problem_lines(table: Table) -> Iterator[Line]:
    for problem in table.problems:
        yield line(0, str(problem), "red" if problem.severity is Severity.ERROR else "yellow")


def section_lines(section: Section, *, verbose: bool) -> Iterator[Line]:
    yield line(0, f"{section.tenant}:", HEAD)
    for group in section.groups:
        yield from group_lines(group, verbose=verbose) if group.template else row_lines(group.rows, 2)
    if section.foreign:
        yield line(2, "foreign, never touched:")
    for each in section.foreign:
        yield foreign_line(each)


def group_lines(group: Group, *, verbose: bool) -> Iterator[Line]:
    """The changes of a set: ``channels: +2 of 2,000``, and the first of each kind."""
    counts = [
        piece
        for action, count in sorted(group.counts.items(), key=lambda pair: tuple(Action).index(pair[0]))
        for piece in ((" ", ""), (f"{action.symbol}{count:,}", COLOURS[action]))
    ]
    yield Line(2, ((f"{plain(group.template or '')}:", HEAD), *counts, (f" of {group.size:,}", "")))
    for kind in group.kinds:
        shown = kind if verbose or len(kind) <= SHOWN + 1 else kind[:SHOWN]
        yield from row_lines(shown, 4)
        if more := len(kind) - len(shown):
            yield line(4, f"… {more:,} more to {kind[0].change.action} (--verbose shows all)", QUIET)


def row_lines(rows: Sequence[Row], indent: int) -> Iterator[Line]:
    for row in rows:
        change = row.change
        head = (f"{change.action.symbol} {plain(change.name)}", COLOURS[change.action])
        said = f": {change.action}, {plain(change.message)} ({change.reason})"
        yield Line(indent, (head, (said, "")))
        for pieces in details(row):
            yield Line(indent + 4, pieces)


def details(row: Row) -> Iterator[Sequence[tuple[str, str]]]:
    change = row.change
    place = f"  {plain(str(row.source))}" if row.source else ""
    yield ((plain(change.resource), ""), (place, QUIET))
    if change.action is Action.CREATE:
        yield ((plain(made(change)), ""),)
    for each in change.differences if change.action is not Action.CREATE else ():
        before, after = plain(each.before or "none"), plain(each.after or "none")
        yield ((f"{plain(each.field)}: ", ""), (before, "red"), (" → ", ""), (after, "green"))
    for warning in change.warnings:
        yield (("! ", LOUD), (plain(warning), ""))
    if change.withheld:
        yield ((f"withheld, {change.withheld}: ", "yellow"), (plain(change.why_withheld or ""), ""))
    elif row.outcome:
        yield ((f"{RESULTS[row.outcome.result]} ", LOUD if row.failed else ""), (plain(became(row.outcome)), ""))


def became(outcome: Outcome) -> str:
    return f"{outcome.message} (request-id {outcome.request_id})" if outcome.request_id else outcome.message


def foreign_line(foreign: Foreign) -> Line:
    live = foreign.live
    types = ",".join(sorted(live.asked.change_types))
    said = f"{live.id}  {live.resource_text}  {types}, ends {spell_time(live.expires_at)}: {foreign.whose}"
    return line(4, said)
