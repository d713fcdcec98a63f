"""How all stands: the house in, levels for metrics and the document of /status.json out."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.change import Plan
from reconciler.core.times import spell_time
from reconciler.daemon.house import House
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.steward import Steward
from reconciler.engine.ports import Clock
from reconciler.engine.standing import Condition, Standing, document, standings

__all__ = ["Manifests", "Reporting"]

LOOK_ANEW = dt.timedelta(minutes=5)
"""For what changes by time alone: that one has ended."""

Heard = Mapping[tuple[str, str], dt.datetime]


@dataclasses.dataclass(slots=True)
class Manifests:
    """Which manifests are in force, and what was wrong with later ones."""

    loaded_at: dt.datetime
    problems: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.problems


@dataclasses.dataclass(slots=True, kw_only=True)
class Reporting:
    house: House
    owner: str
    clock: Clock
    metrics: DaemonMetrics
    manifests: Manifests
    heard: Heard = dataclasses.field(default_factory=dict)
    """As the store had it a while ago, by tenant id and name."""

    findings: Sequence[Mapping[str, Any]] = ()
    """What was not well when the process last examined itself."""

    shown: dict[str, tuple[dt.datetime, object]] = dataclasses.field(default_factory=dict)
    """By the tenant's name: since when, and what for, the metrics show how its subscriptions stand."""

    def levels(self) -> None:
        """Show in the metrics how all stands. Ten thousand take a while: those only where it may have changed."""
        self.metrics.leading(self.house.leading.leads)
        for tenant, steward in dict(self.house.stewards).items():
            now, grounds = self.clock.now(), grounds_of(steward)
            at, before = self.shown.get(tenant, (now, None))
            if grounds != before or now - at >= LOOK_ANEW:
                self.metrics.standings(tenant, self.standings(steward))
                self.shown[tenant] = (now, grounds)
            self.metrics.credential_refused(tenant, refused=steward.breaker.is_open)
            overdue = steward.holdings.renewals.overdue(self.clock.now()) if steward.holdings else 0
            self.metrics.overdue(tenant, overdue)

    def standings(self, steward: Steward) -> list[Standing]:
        """Nothing before the first pass: what Graph has is not known then."""
        holdings, order = steward.holdings, steward.order
        if holdings is None or order is None or steward.passing.report is None:
            return []
        tenant_id = order.tenant_id.lower()
        return standings(
            holdings.desired.values(),
            holdings.world(),
            Plan(tuple(steward.passing.undone.values())),
            owner=self.owner,
            now=self.clock.now(),
            troubles={(steward.tenant, name): trouble for name, trouble in dict(steward.troubles.by_name).items()},
            heard={name: at for (tenant, name), at in self.heard.items() if tenant == tenant_id},
        )

    def document(self) -> Mapping[str, Any]:
        """Called on a thread."""
        return {
            "schemaVersion": 1,
            "owner": self.owner,
            "at": spell_time(self.clock.now()),
            "leading": self.house.leading.leads,
            "manifests": {
                "valid": self.manifests.valid,
                "loadedAt": spell_time(self.manifests.loaded_at),
                "problems": list(self.manifests.problems),
            },
            "findings": list(self.findings),
            "tenants": [self.tenant(steward) for _, steward in sorted(dict(self.house.stewards).items())],
        }

    def tenant(self, steward: Steward) -> Mapping[str, Any]:
        found = self.standings(steward)
        report, breaker = steward.passing.report, steward.breaker
        return {
            "name": steward.tenant,
            "tenantId": steward.order.tenant_id if steward.order else None,
            "lastFullPass": spelled(steward.passing.read_at),
            "nextFullPass": spelled(steward.trigger.next_full),
            "failing": steward.failing,
            "listInDoubt": steward.passing.doubt,
            "credentialRefused": breaker.why,
            "violations": [{"code": each.code, "message": each.message} for each in report.plan.violations]
            if report
            else [],
            "conditions": {each.value: sum(one.condition is each for one in found) for each in Condition},
            "subscriptions": [document(each) for each in found],
        }


def grounds_of(steward: Steward) -> object:
    """Equal where everything stands as it stood, but for the time."""
    holdings, passing = steward.holdings, steward.passing
    changes = holdings.changes if holdings else None
    return steward, id(holdings), changes, passing.read_at, dict(passing.undone), dict(steward.troubles.by_name)


def spelled(moment: dt.datetime | None) -> str | None:
    return spell_time(moment) if moment else None
