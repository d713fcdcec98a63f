"""What stewards tell in, counted for whoever watches."""

import gc
import logging
from collections.abc import Callable

from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Kind
from reconciler.core.times import spell_time
from reconciler.core.trigger import Due
from reconciler.daemon.metrics import DaemonMetrics, PassKind, PassResult
from reconciler.daemon.orders import Listener
from reconciler.engine.outcome import Outcome
from reconciler.engine.ports import Clock
from reconciler.engine.report import Report

__all__ = ["Telling"]

logger = logging.getLogger(__name__)


class Telling(Listener):
    """Satisfies ``Listener``; ``on_pass`` hears of each full pass that could read its tenant."""

    def __init__(self, metrics: DaemonMetrics, clock: Clock, *, on_pass: Callable[[], None]) -> None:
        self.metrics, self.clock, self.on_pass = metrics, clock, on_pass
        self.known: set[str] = set()
        """Tenants of which a full pass was made."""

    def told(self, outcome: Outcome) -> None:
        self.metrics.changed(outcome.action, outcome.result)

    def passed(self, tenant: str, due: Due, report: Report, seconds: float) -> None:
        failed = tenant in report.unread
        kind = PassKind.FULL if due.full else PassKind.NARROW
        result = PassResult.FAILED if failed else PassResult.DONE
        self.metrics.passed(tenant, kind, result, seconds=seconds, at=self.clock.now())
        if due.full and not failed:
            self.metrics.foreign(tenant, report.plan.summary.foreign)
            self.metrics.violations(tenant, report.plan.violations)
            self.keep(tenant)
            self.on_pass()

    def keep(self, tenant: str) -> None:
        """What is known of a tenant stays: looking through it for garbage again and again would hold up answers."""
        if tenant not in self.known:
            self.known.add(tenant)
            gc.freeze()

    def wished(self, kind: Kind) -> None:
        self.metrics.wished(kind)

    def noted(self, gap: Gap) -> None:
        logger.warning(
            "%s of %s may have missed notifications from %s to %s (%s)",
            gap.name,
            gap.tenant,
            spell_time(gap.since),
            spell_time(gap.until) if gap.until else "now",
            gap.cause,
            extra={"cause": gap.cause.value, "subscription": gap.name, "tenant": gap.tenant},
        )
        self.metrics.gap(gap.cause)
