"""What the daemon counts: calls in, series for Prometheus out, in a registry that the receiver's are in, too.

Tenants, subscriptions and certificates are named only as manifests name them, the other labels are words of ours: no
label is anything that a stranger can choose. Call it from one thread; any may collect.
"""

import datetime as dt
import enum
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from reconciler.core.change import Violation
from reconciler.core.gap import Cause
from reconciler.core.lifecycle import Kind
from reconciler.core.reasons import Action
from reconciler.engine.outcome import Result
from reconciler.engine.standing import Condition, Standing
from reconciler.receiver.level import Level

__all__ = ["DaemonMetrics", "PassKind", "PassResult"]

PASS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


class PassKind(enum.StrEnum):
    FULL = "full"
    NARROW = "narrow"


class PassResult(enum.StrEnum):
    DONE = "done"
    """Carried to its end, whatever became of each change."""

    FAILED = "failed"
    """The tenant could not be read, or the pass broke off."""


class DaemonMetrics:
    """For one process; everything is registered in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._tenants: frozenset[str] = frozenset()
        self._passed: dict[tuple[str, str], float] = {}
        self._levels: list[Level] = []
        self._subscription_levels()
        self._tenant_levels()
        self._pass_metrics()
        self._event_counters()
        self._gauges()

    def tenants(self, names: Collection[str]) -> None:
        """The manifests name these tenants from now on, and nothing is shown of others any more."""
        for level in self._levels:
            level.keep(names)
        for name in self._tenants.difference(names):
            self._throttled.remove(name)
            for labels in pass_labels(name):
                self._passes.remove(*labels)
        for name in names:  # a rate needs the zero from which it grows
            self._throttled.labels(name)
            for labels in pass_labels(name):
                self._passes.labels(*labels)
        self._tenants = frozenset(names)
        self._passed = {labels: at for labels, at in self._passed.items() if labels[0] in names}

    def standings(self, tenant: str, standings: Sequence[Standing]) -> None:
        """How all that is wanted in a tenant stands."""
        expiry, renewal, ready = {}, {}, {}
        counts = dict.fromkeys(Condition, 0)
        for each in standings:
            labels = (tenant, each.name)
            counts[each.condition] += 1
            ready[labels] = float(each.condition is Condition.READY)
            if each.expires_at:
                expiry[labels] = each.expires_at.timestamp()
            if each.renews_at:
                renewal[labels] = each.renews_at.timestamp()
        self._expiry.show(expiry, part=tenant)
        self._renewal.show(renewal, part=tenant)
        self._ready.show(ready, part=tenant)
        self._conditions.show({(tenant, each.value): count for each, count in counts.items()}, part=tenant)

    def foreign(self, tenant: str, count: int) -> None:
        """So many subscriptions in a tenant are not ours."""
        self._foreign.show({(tenant,): count}, part=tenant)

    def overdue(self, tenant: str, count: int) -> None:
        """So many renewals should have been made already."""
        self._overdue.show({(tenant,): count}, part=tenant)

    def violations(self, tenant: str, violations: Iterable[Violation]) -> None:
        """All that its last plan oversteps; each counts the names that it concerns, at least one."""
        counts = {(tenant, each.code): float(max(len(each.names), 1)) for each in violations}
        self._violations.show(counts, part=tenant)

    def credential_left(self, tenant: str, days: float | None) -> None:
        """So many days until the credential in use ends; None where that is not known."""
        self._credential_days.show({} if days is None else {(tenant,): days}, part=tenant)

    def credential_refused(self, tenant: str, *, refused: bool) -> None:
        self._refused.show({(tenant,): float(refused)}, part=tenant)

    def passed(self, tenant: str, kind: PassKind, result: PassResult, *, seconds: float, at: dt.datetime) -> None:
        """A pass over a tenant has ended ``at`` that time; as the last one counts the last that was done."""
        self._passes.labels(tenant, kind.value, result.value).inc()
        self._pass_seconds.labels(kind.value).observe(max(seconds, 0.0))
        if result is PassResult.DONE:
            self._passed[tenant, kind.value] = at.timestamp()
            mine = {labels: at for labels, at in self._passed.items() if labels[0] == tenant}
            self._last_pass.show(mine, part=tenant)

    def changed(self, action: Action, result: Result) -> None:
        """A change has come to its end."""
        self._changes.labels(action.value, result.value).inc()

    def wished(self, kind: Kind) -> None:
        """A reason for a pass has come."""
        self._wishes.labels(kind.value).inc()

    def gap(self, cause: Cause) -> None:
        """A gap was written into the ledger."""
        self._gaps.labels(cause.value).inc()

    def throttled(self, tenant: str) -> None:
        """Graph has answered 429."""
        self._throttled.labels(tenant).inc()

    def skewed(self, seconds: float) -> None:
        """Our clock is so far ahead of Graph's, or behind it where it is less than zero."""
        self._skew.set(seconds)

    def certificates(self, days: Mapping[str, float]) -> None:
        """By name, how many days each certificate that manifests declare is still valid."""
        self._certificate_days.show({(name,): left for name, left in days.items()})

    def manifests(self, *, valid: bool, at: dt.datetime) -> None:
        """They were read; those that are valid are in force since then."""
        self._valid.set(valid)
        if valid:
            self._loaded.set(at.timestamp())

    def leading(self, leads: bool) -> None:
        """Whether this process is the one that writes."""
        self._leading.set(leads)

    def _subscription_levels(self) -> None:
        labels = ("tenant", "subscription")
        name = "subscription_expiry_timestamp_seconds"
        self._expiry = self._level(name, "When it ends; nothing where there is none", *labels)
        name = "subscription_renewal_timestamp_seconds"
        self._renewal = self._level(name, "When its renewal is due", *labels)
        self._ready = self._level("subscription_ready", "1 if it is live and as the manifest says, else 0", *labels)

    def _tenant_levels(self) -> None:
        self._conditions = self._level("subscriptions", "Subscriptions that are wanted", "tenant", "condition")
        self._foreign = self._level("foreign_subscriptions", "Subscriptions that are not ours", "tenant")
        self._overdue = self._level("renewals_overdue", "Renewals that should have been made already", "tenant")
        self._violations = self._level("violations", "What the last plan oversteps, by names", "tenant", "code")
        self._credential_days = self._level("credential_days_left", "Days until the credential ends", "tenant")
        self._refused = self._level("credential_refused", "1 if no token is given for it, else 0", "tenant")

    def _pass_metrics(self) -> None:
        name = "last_pass_timestamp_seconds"
        self._last_pass = self._level(name, "When the last pass that was done ended", "tenant", "kind")
        self._passes = self._counter("passes", "Passes by what became of them", "tenant", "kind", "result")
        self._pass_seconds = Histogram(
            "reconciler_pass_seconds",
            "Seconds that a pass over a tenant took",
            ("kind",),
            buckets=PASS_SECONDS,
            registry=self._registry,
        )
        for kind in PassKind:
            self._pass_seconds.labels(kind.value)

    def _event_counters(self) -> None:
        self._throttled = self._counter("throttled", "Answers of Graph that said 429", "tenant")
        self._changes = self._counter("changes", "Changes by what became of them", "action", "result")
        for action, result in itertools.product(Action, Result):
            self._changes.labels(action.value, result.value)
        self._wishes = self._counter("wishes", "Reasons for a pass", "kind")
        for kind in Kind:
            self._wishes.labels(kind.value)
        self._gaps = self._counter("gaps", "Gaps written into the ledger", "cause")
        for cause in Cause:
            self._gaps.labels(cause.value)

    def _gauges(self) -> None:
        meaning = "Days that a certificate is still valid"
        self._certificate_days = Level("reconciler_certificate_days_left", meaning, ("certificate",))
        self._registry.register(self._certificate_days)
        self._skew = self._gauge("clock_skew_seconds", "How far our clock is ahead of Graph's")
        self._valid = self._gauge("manifests_valid", "1 if the manifests are valid as they were last read, else 0")
        self._loaded = self._gauge("manifests_loaded_timestamp_seconds", "When those in force were read")
        self._leading = self._gauge("leading", "1 if this process is the one that writes, else 0")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"reconciler_{name}_total", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(f"reconciler_{name}", meaning, registry=self._registry)

    def _level(self, name: str, meaning: str, *labels: str) -> Level:
        """One whose parts are tenants."""
        level = Level(f"reconciler_{name}", meaning, labels)
        self._registry.register(level)
        self._levels.append(level)
        return level


def pass_labels(tenant: str) -> Iterator[tuple[str, str, str]]:
    return ((tenant, kind.value, result.value) for kind, result in itertools.product(PassKind, PassResult))
