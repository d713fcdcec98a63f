"""How far a plan may go, and what it looks at."""

import dataclasses
import datetime as dt
from collections.abc import Callable

from reconciler.core.policy import Policy
from reconciler.core.rest import Waiting
from reconciler.core.safety import Limits

__all__ = ["Options"]


def nobody(_: str) -> bool:
    return False


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """How far a run may go, and what it looks at."""

    owner: str
    policy: Policy = Policy.FULL
    prune: bool = True
    selected: frozenset[tuple[str, str]] | None = None
    """Tenant and name of those that a partial run is about; None: all."""

    renew_within: dt.timedelta | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    allow: frozenset[str] = frozenset()
    """Codes of violations that are let through."""

    waiting: Waiting = dataclasses.field(default_factory=Waiting)
    rotate_keys: bool = False
    one_wave: bool = False
    """Replace no more than ``limits.replacements`` at a time, and leave the rest to another run."""

    renewed: Callable[[str], bool] = nobody
    """Whether somebody else renews the subscription with that id in time: then a plan leaves that out."""

    thumbprints: frozenset[str] | None = None
    """Of all certificates whose private key somebody has; None where that is not known."""

    replace: frozenset[str] = frozenset()
    """Names of those that this run is asked to replace although nothing differs."""

    previous_owners: frozenset[str] = frozenset()
    """Owners whose subscriptions may be adopted."""

    adoptions: int | None = None
    """At most so many in one run; None: all."""

    deaf: frozenset[str] = frozenset()
    """Endpoints of our own receiver that do not answer as Graph wants it."""
