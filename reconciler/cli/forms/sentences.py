"""A table in, the sentences out that stand at the end of it, whatever the form."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from reconciler.cli.forms.table import Table
from reconciler.cli.problems import count
from reconciler.core.change import Summary, Violation
from reconciler.core.desired import Desired
from reconciler.core.reasons import Action
from reconciler.core.renewal import asked_lifetime, margin
from reconciler.core.source import Problem, Severity
from reconciler.core.times import spell_duration
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome, Result

__all__ = ["faults", "footnotes", "summed", "unsafe"]


def summed(table: Table) -> str:
    """The sum of it all in one sentence; empty where nothing was read."""
    if table.report is None:
        return table.verdict
    if not table.worlds:
        return ""
    summary, outcomes = table.plan.summary, table.outcomes
    said = planned(summary) if outcomes is None else carried_out(outcomes)
    rest = {
        "unchanged": summary.unchanged,
        "withheld": summary.withheld if outcomes is None else 0,
        "suspended": summary.suspended,
        "unselected": summary.unselected,
        "foreign": summary.foreign,
    }
    beside = ", ".join(f"{count:,} {word}" for word, count in rest.items() if count)
    return f"{said or 'Nothing to do'}{'; ' if beside else ''}{beside}."


def planned(summary: Summary) -> str:
    actions = {action: getattr(summary, action.value) for action in Action}
    return ", ".join(f"{count:,} to {action}" for action, count in actions.items() if count)


def carried_out(outcomes: Sequence[Outcome]) -> str:
    counts = {result: sum(outcome.result is result for outcome in outcomes) for result in Result}
    return ", ".join(f"{count:,} {result}" for result, count in counts.items() if count)


def footnotes(table: Table) -> Iterator[str]:
    """What else a reader must know."""
    if table.report is None:
        return
    missing = sum(change.may_miss for change in table.plan.due) if table.outcomes is None else 0
    if missing:
        yield f"{count(missing, 'change')} may lose notifications until the new subscription stands."
    if often := how_often(table):
        yield often
    if table.taken_at:
        yield f"Planned from a snapshot of {table.taken_at:%Y-%m-%d %H:%M} UTC."


def how_often(table: Table) -> str | None:
    """How often a pipeline must run: each subscription must be met by a run between its renewal time and its end."""
    if table.partial or table.outcomes is not None or not table.desired:
        return None
    shortest = min(margins(table.desired, table))
    return f"Where no daemon renews, run this at least every {spell_duration(floored(shortest))}."


def margins(desired: Iterable[Desired], table: Table) -> Iterator[dt.timedelta]:
    """Thousands of subscriptions are of few kinds, each of which is looked at once."""
    kinds = {
        (
            each.tenant,
            each.entry.id if each.entry else each.asked.resource,
            each.asked.rich,
            each.lifetime,
            each.renew_before,
        ): each
        for each in desired
    }
    return (latest(each, table.worlds.get(each.tenant)) for each in kinds.values())


def floored(duration: dt.timedelta) -> dt.timedelta:
    """To full hours, where there is more than one."""
    unit = dt.timedelta(hours=1) if duration >= dt.timedelta(hours=1) else dt.timedelta(minutes=1)
    return duration - duration % unit


def latest(desired: Desired, world: World | None) -> dt.timedelta:
    """How long before its end it is renewed, by the lifetime that we would ask for."""
    ceiling = desired.kind.longest(world.learned if world else {})
    return margin(asked_lifetime(ceiling, desired.lifetime), desired.renew_before)


def unsafe(violation: Violation) -> str:
    return f"{violation.message} (--allow {violation.code} lets it through)"


def faults(problems: Iterable[Problem]) -> str:
    """The verdict on manifests that are not valid."""
    errors = count(sum(each.severity is Severity.ERROR for each in problems), "error")
    return f"{errors}, nothing was read from Graph or changed there."
