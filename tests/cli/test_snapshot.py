"""A snapshot is written where there is a credential, and planned from where there is none."""

import json

import pytest

from tests.cli.support import OWNER, endpoint, local_tenant, settings, snapshot, subscription, taken, tenant, write


@pytest.fixture
def applied(reconcile, emulator, local, receiver):
    """Six subscriptions of ours and a foreign one with a secret in its URL."""
    local(*(subscription(f"team-{number}", number) for number in range(1, 7)))
    assert reconcile().code == 0
    foreign = {
        "changeType": "updated",
        "resource": "/teams/0a1b2c3d-0000-4000-8000-000000000042",
        "notificationUrl": receiver.url("/theirs?code=their-function-key&x=2"),
        "lifecycleNotificationUrl": receiver.url("/theirs?code=their-function-key"),
        "clientState": "their-client-state",
        "expirationDateTime": emulator.subscriptions()[0]["expirationDateTime"],
    }
    with emulator.client(headers={"Authorization": f"Bearer {emulator.token()}"}) as client:
        client.post("/v1.0/subscriptions", json=foreign).raise_for_status()
    return local


def test_from_a_snapshot_the_plan_is_the_same_as_online(reconcile, applied, environment):
    applied(subscription("team-1", 1, changeTypes=["deleted"]), subscription("new", 9), limits={"removals": "100%"})
    written = reconcile("status", "--live-out", "live.json")
    assert (written.code, written.out) == (0, "")
    online = reconcile("--dry-run", "--format", "json", "--now", json.loads(read(environment))["takenAt"])
    offline = reconcile("--dry-run", "--format", "json", "--live", "live.json")
    assert online.actions
    assert offline.json == online.json


def read(environment):
    return (environment / "live.json").read_text(encoding="utf-8")


def test_it_has_no_secret(reconcile, applied, emulator, environment):
    assert reconcile("status", "--live-out", "live.json").code == 0
    text = read(environment)
    document = json.loads(text)
    (found,) = document["tenants"]
    assert (found["name"], found["tenantId"], found["complete"]) == ("contoso", emulator.info["tenantId"], True)
    assert {(each["clientState"], each["encryptionCertificate"]) for each in found["subscriptions"]} == {(None, None)}
    assert len(found["subscriptions"]) == 7
    assert len(found["remembered"]) == 6
    states = [each["clientState"] for each in emulator.subscriptions()]
    for secret in ("their-function-key", "their-client-state", emulator.info["clientSecret"], *states):
        assert secret not in text
    assert text.count("code=redacted-") == 2
    assert text.count(f"reconciler=1.{OWNER}.team-") == 12
    assert not [each for each in environment.iterdir() if each.name.startswith(".")]


def test_a_tenant_that_it_lacks_is_planned_as_empty(reconcile, environment):
    write(environment / "manifests" / "a.yaml", settings(), tenant(), endpoint(), subscription())
    (environment / "live.json").write_text(snapshot(taken(name="fabrikam")))
    ran = reconcile("--dry-run", "--live", "live.json", "--format", "json", "--detailed-exitcode")
    assert (ran.code, ran.actions, ran.rules) == (2, [("create", "hr", None)], ["tenant-not-in-snapshot"])
    assert ran.json["problems"][0]["severity"] == "warning"
    assert ran.json["problems"][0]["tenant"] == "contoso"


def test_an_incomplete_list_is_told_as_such(reconcile, applied, emulator, environment):
    applied(subscription("team-1", 1))
    emulator.faults({"list": "foreign-next-link"})
    ran = reconcile("status", "--live-out", "live.json")
    emulator.faults({})
    assert ran.code == 0
    assert "contoso: the list is not whole: " in ran.err
    assert json.loads(read(environment))["tenants"][0]["complete"] is False
    planned = reconcile("--dry-run", "--live", "live.json", "--format", "json")
    assert planned.code == 3
    assert {withheld for _, _, withheld in planned.actions} == {"Unsafe"}


def test_status_tells_whose_each_subscription_is(reconcile, applied):
    text, document = reconcile("status"), reconcile("status", "--format", "json").json
    assert text.code == 0
    assert text.out.startswith("contoso: 7 live, 6 wanted (6 ready, 0 pending, 0 stalled), 1 foreign\n")
    assert "\n  team-1 " in text.out
    (found,) = document["tenants"]
    assert [each["name"] for each in found["subscriptions"]] == [*(f"team-{number}" for number in range(1, 7)), None]
    assert [each["owned"] for each in found["subscriptions"]] == [True] * 6 + [False]
    assert "their-function-key" not in text.out + json.dumps(document)


def test_status_goes_on_with_the_tenants_that_it_can_read(reconcile, applied, environment, emulator):
    away = local_tenant("away", tenantId="0f2e8f59-862a-483b-9ca8-82a10665e17d", clientId=emulator.info["clientId"])
    write(environment / "manifests" / "away.yaml", away)
    applied(subscription("team-1", 1, tenant="contoso"))
    ran = reconcile("status")
    assert ran.code == 1
    assert ran.out.startswith("contoso: 7 live, 1 wanted ")
    assert ran.err.startswith("away could not be read: ")


def test_a_place_that_cannot_be_written(reconcile, applied, environment):
    ran = reconcile("status", "--live-out", "nowhere/live.json")
    assert (ran.code, ran.err) == (
        1,
        "reconcile: --live-out nowhere/live.json cannot be written: No such file or directory\n",
    )
    assert reconcile("status", "--live-out", ".").code == 64
    assert [each.name for each in environment.iterdir()] == ["manifests"]
