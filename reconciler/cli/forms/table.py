"""What every form shows: one value, made from what a run found. Each form is a function of it alone."""

import dataclasses
import datetime as dt
import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

from reconciler.core.change import Change, Plan
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.matching import claimed_by
from reconciler.core.reasons import Action, Withheld
from reconciler.core.source import Problem, Severity, Source
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome, Result
from reconciler.engine.report import Report

__all__ = ["Foreign", "Group", "Row", "Section", "Table", "made"]


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One change, and what became of it where it was carried out."""

    change: Change
    outcome: Outcome | None = None

    @property
    def source(self) -> Source | None:
        """Where it is wanted; a deletion is wanted nowhere, that of a duplicate included."""
        change = self.change
        return None if change.desired is None or change.action is Action.DELETE else change.desired.source

    @property
    def kind(self) -> tuple[str, str, str]:
        """Rows of one kind say the same."""
        change = self.change
        return (change.action.value, change.reason.value, change.withheld or "")

    @property
    def failed(self) -> bool:
        return self.outcome is not None and self.outcome.result is Result.FAILED

    @property
    def refused(self) -> bool:
        """Not carried out for a cause that somebody must look at."""
        return self.change.withheld in {Withheld.UNSAFE, Withheld.BLOCKED}

    @property
    def grave(self) -> bool:
        """A reviewer must not overlook it: it takes something away, be it for a while, or somebody must act."""
        takes = self.change.action in {Action.DELETE, Action.REPLACE}
        return takes or bool(self.change.warnings) or self.refused or self.failed


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """The changes of one set in a tenant, or those that are of none."""

    template: str | None
    size: int
    """How many subscriptions the set has in this tenant."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[Action]:
        return Counter(row.change.action for row in self.rows)

    @property
    def kinds(self) -> list[list[Row]]:
        """Rows that say the same beside each other."""
        found: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.kind, []).append(row)
        return list(found.values())


@dataclasses.dataclass(frozen=True, slots=True)
class Foreign:
    """A live subscription that is not ours."""

    live: Live
    mark: Mark | UnknownMark | None

    @property
    def whose(self) -> str:
        match self.mark:
            case None:
                return "it bears no mark"
            case Mark(left=True):
                return f"left on removal by {self.mark.owner}, as {self.mark.name}"
        return f"marked by {self.mark.owner}, as {self.mark.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """One tenant."""

    tenant: str
    groups: tuple[Group, ...] = ()
    foreign: tuple[Foreign, ...] = ()


@dataclasses.dataclass(frozen=True)
class Table:
    """Without a ``report`` it is about manifests alone, and ``verdict`` says in a sentence what came out."""

    problems: tuple[Problem, ...] = ()
    said: frozenset[Problem] = frozenset()
    """Those that were told on the way already."""

    report: Report | None = None
    desired: tuple[Desired, ...] = ()
    """What the run is about."""

    owner: str = ""
    places: Mapping[str, Source] = dataclasses.field(default_factory=dict)
    """Where each tenant is declared: what has no place of its own stands there."""

    taken_at: dt.datetime | None = None
    """When the snapshot was taken that it was planned from."""

    partial: bool = False
    """Whether other subscriptions than these are wanted, too."""

    verbose: bool = False
    verdict: str = ""

    @property
    def plan(self) -> Plan:
        return self.report.plan if self.report else Plan()

    @property
    def worlds(self) -> Mapping[str, World]:
        return self.report.worlds if self.report else {}

    @property
    def outcomes(self) -> tuple[Outcome, ...] | None:
        return self.report.outcomes if self.report else None

    @functools.cached_property
    def rows(self) -> tuple[Row, ...]:
        """In the order of the plan."""
        outcomes = {key(outcome): outcome for outcome in self.outcomes or ()}
        if not outcomes:
            return tuple(map(Row, self.plan.changes))
        return tuple(Row(change, outcomes.get(key(change))) for change in self.plan.changes)

    @functools.cached_property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    @functools.cached_property
    def sections(self) -> tuple[Section, ...]:
        """The tenants that there is something to say of; what is of no set comes first."""
        rows = {name: tuple(found) for name, found in groupby(self.rows, key=lambda row: row.change.tenant)}
        foreign = {name: tuple(self.strangers(world)) for name, world in self.worlds.items()} if self.verbose else {}
        names = sorted({*rows, *(name for name, found in foreign.items() if found)})
        return tuple(
            Section(name, tuple(self.groups(name, rows.get(name, ()))), foreign.get(name, ())) for name in names
        )

    def groups(self, tenant: str, rows: tuple[Row, ...]) -> Iterator[Group]:
        found: dict[str | None, list[Row]] = {}
        for row in rows:
            found.setdefault(row.change.template, []).append(row)
        for template in sorted(found, key=lambda template: template or ""):
            yield Group(template, self.sizes[tenant, template], tuple(found[template]))

    @functools.cached_property
    def sizes(self) -> Counter[tuple[str, str | None]]:
        """How many subscriptions each set has in each tenant."""
        return Counter((each.tenant, each.template) for each in self.desired)

    def strangers(self, world: World) -> Iterator[Foreign]:
        """What the summary counts as foreign; of ours, what was left and is not wanted again."""
        wanted = claimed_by([each for each in self.desired if each.tenant == world.tenant])
        for live in sorted(world.live, key=lambda each: (each.resource_text, each.id)):
            mark = world.mark_of(live)
            ours = isinstance(mark, Mark) and mark.owner == self.owner and (mark.name in wanted or not mark.left)
            if not ours:
                yield Foreign(live, mark)

    def place_of(self, tenant: str) -> Source | None:
        """Where it is declared, else the first of all."""
        return self.places.get(tenant) or min(self.places.values(), default=None)


def made(change: Change) -> str:
    """What is to be created, on one line."""
    return "; ".join(f"{each.field} {each.after}" for each in change.differences)


def key(thing: Change | Outcome) -> tuple[str, str, Action, str | None]:
    """What joins a change and its outcome; of several deletions of one name, each has its own id."""
    identifier = None
    if thing.action is Action.DELETE:
        identifier = thing.subscription_id if isinstance(thing, Outcome) else thing.live.id if thing.live else None
    return (thing.tenant, thing.name, thing.action, identifier)
