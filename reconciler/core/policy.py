"""How far a run may go, as a filter over the changes of a plan."""

import enum

from reconciler.core.reasons import Action

__all__ = ["Policy"]


class Policy(enum.StrEnum):
    """Each allows what the one before it allows, and more."""

    OBSERVE = "observe"
    CREATE_ONLY = "create-only"
    UPSERT_ONLY = "upsert-only"
    FULL = "full"

    def allows(self, action: Action) -> bool:
        return action in ALLOWED[self]


CREATING = frozenset({Action.CREATE, Action.RENEW})
UPSERTING = CREATING | {Action.UPDATE, Action.ADOPT}
ALLOWED = {
    Policy.OBSERVE: frozenset[Action](),
    Policy.CREATE_ONLY: CREATING,
    Policy.UPSERT_ONLY: UPSERTING,
    Policy.FULL: frozenset(Action),
}
