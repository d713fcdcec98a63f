"""What a steward is given: the manifests of the moment as an ``Order``, and what all of them share as ``Means``."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from reconciler.core.desired import Desired
from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Kind
from reconciler.core.options import Options
from reconciler.core.trigger import Due, Pace
from reconciler.daemon.tracing import Tracing
from reconciler.engine.chronicle import Chronicle
from reconciler.engine.hands import ClientStates, Party, never
from reconciler.engine.outcome import Outcome
from reconciler.engine.ports import Clock
from reconciler.engine.report import Report
from reconciler.engine.run import Deaf

__all__ = ["Listener", "Means", "Order"]


class Listener:
    """Whoever counts; each method may be left as it is."""

    def told(self, outcome: Outcome) -> None: ...

    def passed(self, tenant: str, due: Due, report: Report, seconds: float) -> None: ...

    def wished(self, kind: Kind) -> None: ...

    def noted(self, gap: Gap) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all stewards share."""

    clock: Clock
    chronicle: Chronicle
    leads: Callable[[], bool] = never
    """Whether this process may write, as far as is known. The house says so, as the following."""

    certain: Callable[[], bool] = never
    """Whether that is known just now: else nothing but renewals is begun."""

    stopping: Callable[[], bool] = never
    listener: Listener = dataclasses.field(default_factory=Listener)
    pace: Pace = dataclasses.field(default_factory=Pace)
    tracing: Tracing = dataclasses.field(default_factory=Tracing)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one tenant's part of the manifests wants, and the way in."""

    tenant_id: str
    application: object
    """Whose subscriptions these are: where that changes, what is known is of another one."""

    open_party: Callable[[], Party]
    """Reads the credential anew each time. Raises ReconcilerError where there is no way in."""

    probe: Callable[[Party], Coroutine[Any, Any, object]]
    """Asks for a token. Raises CredentialRefused."""

    desired: Mapping[str, Desired]
    """By name."""

    options: Callable[[], Options]
    """Asked before each pass: what others have loaded and what people have ordered changes by itself."""

    client_states: ClientStates
    interval: dt.timedelta
    renews: bool = True
    """Whether the policy lets anything be renewed."""

    deaf: Deaf | None = None
