"""What became of each change."""

import dataclasses
import enum
from typing import Protocol

from reconciler.core.change import Change, Plan
from reconciler.core.errors import GraphError, ReconcilerError
from reconciler.core.reasons import Action, Reason

__all__ = ["Outcome", "Result", "Watcher", "done", "failed", "withheld"]


class Result(enum.StrEnum):
    DONE = "done"
    FAILED = "failed"
    WITHHELD = "withheld"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    tenant: str
    action: Action
    result: Result
    message: str
    request_id: str | None = None
    subscription_id: str | None = None
    reason: Reason | None = None
    error: ReconcilerError | None = dataclasses.field(default=None, compare=False, repr=False)
    """What it failed for."""

    @property
    def order(self) -> tuple[str, str, int, str]:
        return (self.tenant, self.name, tuple(Action).index(self.action), self.subscription_id or "")


class Watcher(Protocol):
    """Whoever wants to hear how a pass gets on."""

    def planned(self, plan: Plan) -> None:
        """One tenant has been read and planned."""

    def told(self, outcome: Outcome) -> None:
        """One change has come to its end."""


def done(change: Change, message: str, subscription_id: str | None) -> Outcome:
    return Outcome(
        change.name, change.tenant, change.action, Result.DONE, message, None, subscription_id, change.reason
    )


def failed(change: Change, error: ReconcilerError) -> Outcome:
    request_id = error.request_id if isinstance(error, GraphError) else None
    message = error.message if isinstance(error, GraphError) else str(error)
    identifier = change.live.id if change.live else None
    return Outcome(
        change.name,
        change.tenant,
        change.action,
        Result.FAILED,
        message,
        request_id,
        identifier,
        change.reason,
        error,
    )


def withheld(change: Change) -> Outcome:
    message = f"{change.withheld}: {change.why_withheld}"
    identifier = change.live.id if change.live else None
    return Outcome(change.name, change.tenant, change.action, Result.WITHHELD, message, None, identifier, change.reason)
