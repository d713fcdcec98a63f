"""A table in, workflow commands out, which GitHub shows at the lines of the manifests in a pull request.

GitHub shows at most ten of a kind for each step, so that the tenth says how many more there are.
"""

from collections.abc import Iterator

from reconciler.cli.forms.levels import Finding, Level, findings
from reconciler.cli.forms.sentences import footnotes, summed
from reconciler.cli.forms.table import Table
from reconciler.cli.plain import plain

__all__ = ["spelled"]

MOST = 10
COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = DATA | {":": "%3A", ",": "%2C"}


def spelled(table: Table) -> str:
    """The commands, and the sum of it all for whoever reads the log."""
    found = list(findings(table))
    commands = [command for level in Level for command in of_level(level, found)]
    return "".join(f"{line}\n" for line in (*commands, *filter(None, [summed(table)]), *footnotes(table)))


def of_level(level: Level, found: list[Finding]) -> Iterator[str]:
    chosen = [each for each in found if each.level is level]
    shown = chosen if len(chosen) <= MOST else chosen[: MOST - 1]
    for each in shown:
        yield command(each)
    if more := len(chosen) - len(shown):
        title = escaped(f"{more:,} more", PROPERTY)
        yield f"::{COMMANDS[level]} title={title}::GitHub shows ten of a kind, the plan has {more:,} more"


def command(finding: Finding) -> str:
    place = finding.place
    properties = {"file": place.path, "line": str(place.line), "col": str(place.column)} if place else {}
    spelled = ",".join(
        f"{name}={escaped(plain(value), PROPERTY)}" for name, value in (properties | {"title": finding.title}).items()
    )
    return f"::{COMMANDS[finding.level]} {spelled}::{escaped(plain(finding.message), DATA)}"


def escaped(text: str, characters: dict[str, str]) -> str:
    """As GitHub's own toolkit does it: ``%`` first, or the others' would be spelled twice."""
    for character, spelled in characters.items():
        text = text.replace(character, spelled)
    return text
