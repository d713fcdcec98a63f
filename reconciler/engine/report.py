"""What a pass found, and what became of it."""

import dataclasses
from collections.abc import Mapping

from reconciler.core.change import Plan
from reconciler.core.errors import ReconcilerError
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome

__all__ = ["Report"]


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a pass found, and what became of it; ``unread`` says of each tenant that could not be read why."""

    plan: Plan = dataclasses.field(default_factory=Plan)
    outcomes: tuple[Outcome, ...] | None = None
    """None for a dry run."""

    unread: Mapping[str, ReconcilerError] = dataclasses.field(default_factory=dict)
    worlds: Mapping[str, World] = dataclasses.field(default_factory=dict)

    def __add__(self, other: "Report") -> "Report":
        outcomes = None
        if self.outcomes is not None or other.outcomes is not None:
            both = (*(self.outcomes or ()), *(other.outcomes or ()))
            outcomes = tuple(sorted(both, key=lambda outcome: outcome.order))
        return Report(
            self.plan + other.plan, outcomes, {**self.unread, **other.unread}, {**self.worlds, **other.worlds}
        )
