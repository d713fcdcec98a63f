"""Findings in, lines for people out: what is well first and short, what failed last, next to the prompt."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from reconciler.cli.colours import painted
from reconciler.cli.plain import plain
from reconciler.daemon.checks.finding import Finding, Level

__all__ = ["lines"]

ORDER = (Level.OK, Level.SKIPPED, Level.WARNING, Level.FAILURE)
WORDS = {Level.OK: "ok", Level.SKIPPED: "skipped", Level.WARNING: "WARNING", Level.FAILURE: "FAILED"}
COLOURS = {Level.OK: "32", Level.SKIPPED: "2", Level.WARNING: "33", Level.FAILURE: "31"}
WIDTH = 110
INDENT = " " * 10


def lines(findings: Sequence[Finding], *, colours: bool) -> Iterator[str]:
    for level in ORDER:
        found = [each for each in findings if each.level is level]
        for finding in found:
            yield from finding_lines(finding, colours=colours)
        if found:
            yield ""
    yield summed(findings)


def finding_lines(finding: Finding, *, colours: bool) -> Iterator[str]:
    """One that is well takes a line, the others say why and what to do."""
    verdict = finding.verdict
    word = painted(f"{WORDS[finding.level]:<8}", COLOURS[finding.level], colours=colours)
    head = f"{word}  {finding.check}: {plain(finding.subject)}"
    if finding.level is Level.OK:
        yield f"{head}: {plain(verdict.found)}"
        return
    yield head
    yield from paragraph("", verdict.found)
    if verdict.cause:
        yield from paragraph("why: ", verdict.cause)
    if verdict.remedy:
        yield from paragraph("do:  ", verdict.remedy)


def paragraph(opening: str, text: str) -> Iterable[str]:
    return textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=INDENT + opening,
        subsequent_indent=INDENT + " " * len(opening),
        break_long_words=False,
        break_on_hyphens=False,
    )


def summed(findings: Sequence[Finding]) -> str:
    counts = {level: sum(each.level is level for each in findings) for level in reversed(ORDER)}
    words = {Level.FAILURE: "failed", Level.WARNING: "to look at", Level.SKIPPED: "not checked", Level.OK: "well"}
    said = ", ".join(f"{count} {words[level]}" for level, count in counts.items() if count)
    return f"{said[0].upper()}{said[1:]}."
