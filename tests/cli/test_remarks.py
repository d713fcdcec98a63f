"""What a pass has to say about tenants: not read, removed, or another one than its snapshot is of."""

import json

from tests.cli.support import endpoint, live, local_tenant, settings, snapshot, subscription, taken, tenant, write

OTHER = "11111111-1111-4111-8111-111111111111"


def second_tenant(emulator):
    """A second tenant on the local Graph."""
    app = emulator.register(tenantId=OTHER)
    return tenant(
        "fabrikam",
        tenantId=app["tenantId"],
        clientId=app["clientId"],
        cloud="emulator",
        credential={"secret": {"env": "OTHER_SECRET"}},
    ), app["clientSecret"]


def test_a_removed_tenant_is_told_of(reconcile, emulator, receiver, environment, monkeypatch):
    """Nothing is done there (decision 19), and whoever removed it should know."""
    urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}
    folder = environment / "manifests"
    other, secret = second_tenant(emulator)
    monkeypatch.setenv("OTHER_SECRET", secret)
    own = subscription("hr", tenant="contoso")
    write(folder / "all.yaml", settings(), local_tenant(), other, endpoint(**urls), own,
          subscription("it", 2, tenant="fabrikam"))  # fmt: skip
    assert reconcile().code == 0

    write(folder / "all.yaml", settings(), local_tenant(), endpoint(**urls), own)
    for command in (["--dry-run", "--detailed-exitcode"], []):
        ran = reconcile(*command, "--format", "json")
        assert (ran.code, ran.actions, ran.rules) == (0, [], ["tenant-removed"])
        assert ran.json["problems"][0]["severity"] == "warning"
        assert f"no Tenant has the tenantId {OTHER} any more, where 1 of our" in ran.json["problems"][0]["message"]
    assert len(emulator.subscriptions()) == 2
    assert reconcile("--dry-run", "--only", "hr", "--format", "json").rules == []


def test_a_tenant_that_was_not_read_is_not_called_in_order(reconcile, emulator, local, monkeypatch):
    local(subscription("hr"))
    monkeypatch.delenv("RECONCILER_EMULATOR_HOME")
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert ran.out.startswith("Not read, and nothing done there: contoso.\n")
    assert "Nothing to do" not in ran.out


def test_a_snapshot_of_another_tenant(reconcile, environment):
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription("hr"))
    (environment / "live.json").write_text(snapshot(taken(live("hr"), tenantId=OTHER)))
    ran = reconcile("--dry-run", "--live", "live.json", "--format", "json")
    assert (ran.code, ran.actions, ran.rules) == (1, [], ["tenant-unread"])
    assert f"the snapshot is of another tenant, {OTHER}, under this name" in ran.json["problems"][0]["message"]


def test_a_tenant_that_could_not_be_read_is_incomplete_in_a_snapshot(
    reconcile, emulator, local, environment, monkeypatch
):
    """Who plans from the file must not take it for a tenant without subscriptions."""
    local(subscription("hr"))
    monkeypatch.delenv("RECONCILER_EMULATOR_HOME")
    assert reconcile("status", "--live-out", "live.json").code == 1
    (found,) = json.loads((environment / "live.json").read_text())["tenants"]
    assert (found["name"], found["complete"], found["subscriptions"]) == ("contoso", False, [])
    ran = reconcile("--dry-run", "--live", "live.json", "--format", "json")
    assert (ran.code, [each["withheld"] for each in ran.json["changes"]]) == (3, ["Unsafe"])


def test_the_pacing_of_the_settings_is_the_clients(environment, monkeypatch):
    from reconciler.cli.arguments import parse
    from reconciler.cli.loading import load
    from reconciler.cli.wiring import figures
    from reconciler.core.times import parse_time
    from reconciler.graph.pacing import Kind
    from tests.cli.support import NOW

    pacing = {"writes": 5000, "perApp": {"lists": 7}}
    write(environment / "manifests" / "all.yaml", settings(pacing=pacing))
    loaded = load(parse([]), confined=True, now=parse_time(NOW))
    found = loaded.wanted.settings.pacing
    assert figures(found) == {Kind.WRITE: 5000, Kind.GET: 500, Kind.LIST: 25}
    assert figures(found.per_app) == {Kind.WRITE: 2000, Kind.GET: 2000, Kind.LIST: 7}
