"""Calls in, series out: what a scrape shows is read with Prometheus' own parsers."""

import dataclasses
import datetime as dt

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from reconciler.core.change import Violation
from reconciler.core.gap import Cause
from reconciler.core.lifecycle import Kind
from reconciler.core.reasons import Action
from reconciler.daemon.metrics import DaemonMetrics, PassKind, PassResult
from reconciler.engine.outcome import Result
from reconciler.engine.standing import Condition, Standing
from reconciler.receiver.metrics import Metrics

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry) -> DaemonMetrics:
    return DaemonMetrics(registry)


def families(registry):
    return text_string_to_metric_families(generate_latest(registry).decode())


def shown(registry, name):
    """The samples of one name, by their labels' values in the order of the labels' names."""
    return {
        " ".join(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in families(registry)
        for sample in family.samples
        if sample.name == f"reconciler_{name}"
    }


def counted(registry, name):
    """Those that are not 0."""
    return {labels: value for labels, value in shown(registry, name).items() if value}


def stands(name, condition=Condition.READY, *, tenant="contoso", live=True):
    made = Standing(tenant=tenant, name=name, condition=condition, resource="teams")
    return dataclasses.replace(made, expires_at=NOW + 3 * DAY, renews_at=NOW + 2 * DAY) if live else made


MANY = [
    stands("all-teams"),
    stands("mail", Condition.STALLED),
    stands("new", Condition.PENDING, live=False),
    stands("old"),
]


def test_how_subscriptions_stand(metrics, registry):
    metrics.standings("contoso", MANY)
    ends, renews = (NOW + 3 * DAY).timestamp(), (NOW + 2 * DAY).timestamp()
    live = ["all-teams", "mail", "old"]
    assert shown(registry, "subscription_expiry_timestamp_seconds") == {f"{name} contoso": ends for name in live}
    assert shown(registry, "subscription_renewal_timestamp_seconds") == {f"{name} contoso": renews for name in live}
    assert shown(registry, "subscription_ready") == {
        "all-teams contoso": 1,
        "mail contoso": 0,
        "new contoso": 0,
        "old contoso": 1,
    }
    assert shown(registry, "subscriptions") == {"ready contoso": 2, "pending contoso": 1, "stalled contoso": 1}


def test_what_stands_no_more_is_gone_and_other_tenants_stay(metrics, registry):
    metrics.standings("contoso", MANY)
    metrics.standings("fabrikam", [stands("mail", tenant="fabrikam")])
    metrics.standings("contoso", [stands("mail")])
    assert shown(registry, "subscription_ready") == {"mail contoso": 1, "mail fabrikam": 1}
    assert shown(registry, "subscriptions")["stalled contoso"] == 0
    metrics.standings("contoso", [])
    assert shown(registry, "subscription_expiry_timestamp_seconds").keys() == {"mail fabrikam"}
    assert shown(registry, "subscriptions")["ready contoso"] == 0


def test_passes(metrics, registry):
    metrics.passed("contoso", PassKind.FULL, PassResult.DONE, seconds=3, at=NOW)
    metrics.passed("contoso", PassKind.NARROW, PassResult.DONE, seconds=0.2, at=NOW + DAY)
    metrics.passed("fabrikam", PassKind.FULL, PassResult.DONE, seconds=3, at=NOW)
    metrics.passed("contoso", PassKind.FULL, PassResult.FAILED, seconds=40, at=NOW + DAY)
    assert shown(registry, "passes_total") == {
        "full done contoso": 1,
        "full failed contoso": 1,
        "narrow done contoso": 1,
        "full done fabrikam": 1,
    }
    assert shown(registry, "last_pass_timestamp_seconds") == {
        "full contoso": NOW.timestamp(),
        "narrow contoso": (NOW + DAY).timestamp(),
        "full fabrikam": NOW.timestamp(),
    }
    assert shown(registry, "pass_seconds_count") == {"full": 3, "narrow": 1}
    assert shown(registry, "pass_seconds_sum") == {"full": 46, "narrow": pytest.approx(0.2)}


def test_a_clock_that_was_set_back_lowers_no_sum(metrics, registry):
    metrics.passed("contoso", PassKind.FULL, PassResult.DONE, seconds=-5, at=NOW)
    assert shown(registry, "pass_seconds_sum")["full"] == 0


def test_events(metrics, registry):
    metrics.changed(Action.RENEW, Result.DONE)
    metrics.changed(Action.RENEW, Result.DONE)
    metrics.changed(Action.CREATE, Result.FAILED)
    metrics.wished(Kind.RESYNC)
    metrics.gap(Cause.MISSED)
    metrics.throttled("contoso")
    assert counted(registry, "changes_total") == {"renew done": 2, "create failed": 1}
    assert counted(registry, "wishes_total") == {"resync": 1}
    assert counted(registry, "gaps_total") == {"missed": 1}
    assert counted(registry, "throttled_total") == {"contoso": 1}


def test_what_has_not_happened_is_zero_and_not_missing(metrics, registry):
    metrics.tenants({"contoso"})
    assert set(shown(registry, "changes_total")) == {f"{action} {result}" for action in Action for result in Result}
    assert set(shown(registry, "wishes_total")) == {*Kind}
    assert set(shown(registry, "gaps_total")) == {*Cause}
    assert shown(registry, "throttled_total") == {"contoso": 0}
    assert set(shown(registry, "passes_total").values()) == {0}
    assert len(shown(registry, "passes_total")) == 4
    assert shown(registry, "pass_seconds_count") == {"full": 0, "narrow": 0}
    assert shown(registry, "leading") == {"": 0}
    assert shown(registry, "last_pass_timestamp_seconds") == {}, "there is none that an age could be of"


def test_levels_of_a_tenant(metrics, registry):
    metrics.foreign("contoso", 7)
    metrics.overdue("contoso", 2)
    metrics.credential_left("contoso", 12.5)
    metrics.credential_refused("contoso", refused=True)
    assert shown(registry, "foreign_subscriptions") == {"contoso": 7}
    assert shown(registry, "renewals_overdue") == {"contoso": 2}
    assert shown(registry, "credential_days_left") == {"contoso": 12.5}
    assert shown(registry, "credential_refused") == {"contoso": 1}
    metrics.credential_left("contoso", None)
    metrics.credential_refused("contoso", refused=False)
    assert shown(registry, "credential_days_left") == {}
    assert shown(registry, "credential_refused") == {"contoso": 0}


def test_violations_are_those_of_the_last_plan(metrics, registry):
    metrics.violations("contoso", [Violation("removals", "m", ("a", "b")), Violation("second-writer", "m")])
    metrics.violations("fabrikam", [Violation("empty", "m", ("a",))])
    assert shown(registry, "violations") == {
        "removals contoso": 2,
        "second-writer contoso": 1,
        "empty fabrikam": 1,
    }
    metrics.violations("contoso", [])
    assert shown(registry, "violations") == {"empty fabrikam": 1}


def test_certificates_that_are_declared_no_more_are_gone(metrics, registry):
    metrics.certificates({"rich-2025": -1.0, "rich-2026": 300.0})
    assert shown(registry, "certificate_days_left") == {"rich-2025": -1, "rich-2026": 300}
    metrics.certificates({"rich-2026": 299.0})
    assert shown(registry, "certificate_days_left") == {"rich-2026": 299}


def test_manifests_that_are_not_valid_leave_the_last_good_ones_in_force(metrics, registry):
    metrics.manifests(valid=True, at=NOW)
    metrics.manifests(valid=False, at=NOW + DAY)
    assert shown(registry, "manifests_valid") == {"": 0}
    assert shown(registry, "manifests_loaded_timestamp_seconds") == {"": NOW.timestamp()}
    metrics.manifests(valid=True, at=NOW + 2 * DAY)
    assert shown(registry, "manifests_valid") == {"": 1}
    assert shown(registry, "manifests_loaded_timestamp_seconds") == {"": (NOW + 2 * DAY).timestamp()}


def test_the_rest(metrics, registry):
    metrics.skewed(-1.5)
    metrics.leading(True)
    assert shown(registry, "clock_skew_seconds") == {"": -1.5}
    assert shown(registry, "leading") == {"": 1}
    metrics.leading(False)
    assert shown(registry, "leading") == {"": 0}


def fill(metrics, tenant):
    metrics.standings(tenant, [stands("mail", tenant=tenant)])
    metrics.foreign(tenant, 1)
    metrics.overdue(tenant, 1)
    metrics.violations(tenant, [Violation("removals", "m")])
    metrics.credential_left(tenant, 1)
    metrics.credential_refused(tenant, refused=True)
    metrics.throttled(tenant)
    for kind in PassKind:
        for result in PassResult:
            metrics.passed(tenant, kind, result, seconds=1, at=NOW)


def test_a_tenant_that_manifests_name_no_more_is_gone_everywhere(metrics, registry):
    metrics.tenants(["contoso", "fabrikam"])
    for tenant in ("contoso", "fabrikam"):
        fill(metrics, tenant)
    metrics.tenants(["fabrikam"])
    labelled = [each.labels for family in families(registry) for each in family.samples if "tenant" in each.labels]
    assert {labels["tenant"] for labels in labelled} == {"fabrikam"}
    metrics.tenants(["contoso", "fabrikam"])
    metrics.passed("contoso", PassKind.FULL, PassResult.DONE, seconds=1, at=NOW)
    assert shown(registry, "passes_total")["full done contoso"] == 1, "from zero again"
    assert "narrow contoso" not in shown(registry, "last_pass_timestamp_seconds")


def test_that_a_tenant_is_still_there_changes_nothing(metrics, registry):
    metrics.tenants(["contoso"])
    fill(metrics, "contoso")
    before = shown(registry, "passes_total"), shown(registry, "subscription_ready"), shown(registry, "throttled_total")
    metrics.tenants(["contoso", "fabrikam"])
    after = shown(registry, "passes_total"), shown(registry, "subscription_ready"), shown(registry, "throttled_total")
    assert all(one.items() <= other.items() for one, other in zip(before, after, strict=True))


def test_every_name_follows_the_conventions(metrics, registry):
    fill(metrics, "contoso")
    metrics.certificates({"rich": 1.0})
    found = list(read_openmetrics(openmetrics.generate_latest(registry).decode()))
    endings = {"histogram": "_seconds", "counter": "", "gauge": ""}
    assert {family.type for family in found} == set(endings)
    for family in found:
        assert family.name.startswith("reconciler_")
        assert family.name.endswith(endings[family.type])
        assert family.documentation
        assert family.samples, f"{family.name} is shown by no test"


def test_they_stand_beside_those_of_the_receiver():
    receiver = Metrics()
    DaemonMetrics(receiver.registry).tenants(["contoso"])
    assert shown(receiver.registry, "validations_total") == {"": 0}
    assert shown(receiver.registry, "throttled_total") == {"contoso": 0}
