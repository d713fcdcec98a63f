"""A report in, lines for people out. The same report gives the same lines."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from reconciler.cli.plain import plain
from reconciler.core.change import Change, Summary
from reconciler.core.desired import Desired
from reconciler.core.reasons import Action
from reconciler.core.renewal import asked_lifetime, margin
from reconciler.core.times import spell_duration
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome, Result
from reconciler.engine.report import Report

__all__ = ["lines"]

COLOURS = {
    Action.CREATE: "32",
    Action.UPDATE: "33",
    Action.RENEW: "36",
    Action.REPLACE: "35",
    Action.DELETE: "31",
    Action.ADOPT: "34",
}
RESULTS = {Result.DONE: "done:", Result.FAILED: "FAILED:", Result.WITHHELD: "withheld,"}


def lines(report: Report, desired: Iterable[Desired], *, colours: bool) -> Iterator[str]:
    """The whole report: each tenant's changes, what is over a limit, the sum of it all."""
    outcomes = {key(outcome): outcome for outcome in report.outcomes or ()}
    for tenant, changes in groupby(report.plan.changes, key=lambda change: change.tenant):
        yield f"{tenant}:"
        for change in changes:
            yield from change_lines(change, outcomes.get(key(change)), colours=colours)
        yield ""
    for violation in report.plan.violations:
        yield f"unsafe: {plain(violation.message)} (--allow {violation.code} lets it through)"
    if report.unread:
        yield f"Not read, and nothing done there: {', '.join(sorted(report.unread))}."
    if report.worlds:
        yield summed(report.plan.summary, report.outcomes)
    if often := how_often(desired, report):
        yield often


def key(thing: Change | Outcome) -> tuple[str, str, Action, str | None]:
    """What joins a change and its outcome; of several deletions of one name, each has its own id."""
    identifier = None
    if thing.action is Action.DELETE:
        identifier = thing.subscription_id if isinstance(thing, Outcome) else thing.live.id if thing.live else None
    return (thing.tenant, thing.name, thing.action, identifier)


def change_lines(change: Change, outcome: Outcome | None, *, colours: bool) -> Iterator[str]:
    head = painted(f"{change.action.symbol} {plain(change.name)}", COLOURS[change.action], colours=colours)
    yield f"  {head}: {change.action}, {plain(change.message)} ({change.reason})"
    for detail in details(change, outcome):
        yield f"      {plain(detail)}"


def details(change: Change, outcome: Outcome | None) -> Iterator[str]:
    yield change.resource
    for difference in change.differences:
        yield f"{difference.field}: {difference.before or 'none'} → {difference.after or 'none'}"
    if change.withheld:
        yield f"withheld, {change.withheld}: {change.why_withheld}"
    elif outcome:
        yield f"{RESULTS[outcome.result]} {outcome.message}{request(outcome)}"


def request(outcome: Outcome) -> str:
    return f" (request-id {outcome.request_id})" if outcome.request_id else ""


def painted(text: str, colour: str, *, colours: bool) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if colours else text


def summed(summary: Summary, outcomes: Sequence[Outcome] | None) -> str:
    said = planned(summary) if outcomes is None else carried_out(outcomes)
    rest = {
        "unchanged": summary.unchanged,
        "withheld": summary.withheld if outcomes is None else 0,
        "suspended": summary.suspended,
        "unselected": summary.unselected,
        "foreign": summary.foreign,
    }
    beside = ", ".join(f"{count} {word}" for word, count in rest.items() if count)
    return f"{said or 'Nothing to do'}{'; ' if beside else ''}{beside}."


def planned(summary: Summary) -> str:
    actions = {action: getattr(summary, action.value) for action in Action}
    return ", ".join(f"{count} to {action}" for action, count in actions.items() if count)


def carried_out(outcomes: Sequence[Outcome]) -> str:
    counts = {result: sum(outcome.result is result for outcome in outcomes) for result in Result}
    return ", ".join(f"{count} {result}" for result, count in counts.items() if count)


def how_often(desired: Iterable[Desired], report: Report) -> str | None:
    """How often a pipeline must run: each subscription must be met by a run between its renewal time and its end."""
    margins = [latest(each, report.worlds.get(each.tenant)) for each in desired]
    if not margins or report.outcomes is not None:
        return None
    return f"Where no daemon renews, run this at least every {spell_duration(floored(min(margins)))}."


def floored(duration: dt.timedelta) -> dt.timedelta:
    """To full hours, where there is more than one."""
    unit = dt.timedelta(hours=1) if duration >= dt.timedelta(hours=1) else dt.timedelta(minutes=1)
    return duration - duration % unit


def latest(desired: Desired, world: World | None) -> dt.timedelta:
    """How long before its end it is renewed, by the lifetime that we would ask for."""
    ceiling = desired.kind.longest(world.learned if world else {})
    return margin(asked_lifetime(ceiling, desired.lifetime), desired.renew_before)
