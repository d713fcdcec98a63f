"""The nouns of a plan: one change, and all of them."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator

from reconciler.core.asked import Difference
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.mark import Mark
from reconciler.core.reasons import Action, Order, Reason, Withheld

__all__ = ["Change", "Plan", "Summary", "Violation", "digest_of"]


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One thing that a pass would do, or that it shows and leaves alone."""

    name: str
    tenant: str
    action: Action
    reason: Reason
    message: str
    desired: Desired | None = None
    live: Live | None = None
    mark: Mark | None = None
    """The mark of ``live``, wherever it was found: in its URLs or in our memory."""

    twin_of: Live | None = None
    """For a duplicate: the one that is kept."""

    differences: tuple[Difference, ...] = ()
    withheld: Withheld | None = None
    why_withheld: str | None = None
    order: Order | None = None
    """Of a replacement: which of the two comes first."""

    may_miss: bool = False
    """Notifications may be lost until it is done."""

    warnings: tuple[str, ...] = ()
    """Sentences that a reviewer must not overlook."""

    def withhold(self, word: Withheld, why: str) -> "Change":
        """The same change, not to be carried out; the first word that is found stays."""
        return self if self.withheld else dataclasses.replace(self, withheld=word, why_withheld=why)

    @property
    def resource(self) -> str:
        """As the manifest spells it, else as Graph does."""
        if self.desired:
            return self.desired.resource.text
        return self.live.resource_text if self.live else ""

    @property
    def template(self) -> str | None:
        """The set that it is of."""
        return self.desired.template if self.desired else None

    @property
    def sort_key(self) -> tuple[str, str, int, str]:
        return (self.tenant, self.name, ACTIONS.index(self.action), self.live.id if self.live else "")


ACTIONS = tuple(Action)


@dataclasses.dataclass(frozen=True, slots=True)
class Violation:
    """A limit that a plan oversteps; ``code`` is what ``--allow`` takes."""

    code: str
    message: str
    names: tuple[str, ...] = ()
    tenant: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """Changes by action, withheld ones included, and subscriptions that have none."""

    create: int = 0
    update: int = 0
    renew: int = 0
    replace: int = 0
    delete: int = 0
    adopt: int = 0
    unchanged: int = 0
    withheld: int = 0
    foreign: int = 0
    suspended: int = 0
    unselected: int = 0

    def __add__(self, other: "Summary") -> "Summary":
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Summary(*(one + two for one, two in zip(mine, theirs, strict=True)))


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Changes in a stable order, and what stands beside them."""

    changes: tuple[Change, ...] = ()
    summary: Summary = Summary()
    violations: tuple[Violation, ...] = ()

    def __add__(self, other: "Plan") -> "Plan":
        changes = sorted((*self.changes, *other.changes), key=lambda change: change.sort_key)
        return Plan(tuple(changes), self.summary + other.summary, self.violations + other.violations)

    def of(self, *actions: Action) -> list[Change]:
        return [change for change in self.changes if change.action in actions]

    @property
    def due(self) -> Iterator[Change]:
        """What is to be carried out."""
        return (change for change in self.changes if change.withheld is None)

    @property
    def digest(self) -> str:
        """Equal for plans that do the same, to the same subscriptions: renewals, places and times do not count."""
        return digest_of(map(essence, self.lasting))

    @property
    def lasting(self) -> Iterable[Change]:
        return (change for change in self.changes if change.action is not Action.RENEW)


def digest_of(essences: Iterable[list[object]]) -> str:
    return hashlib.sha256(json.dumps(list(essences), sort_keys=True).encode()).hexdigest()


def essence(change: Change) -> list[object]:
    differences = [dataclasses.astuple(difference) for difference in change.differences]
    identifier = change.live.id if change.live else None
    return [change.name, change.tenant, change.action, change.withheld, change.resource, identifier, differences]
