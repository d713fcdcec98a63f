"""Endpoints for Event Hubs and Event Grid as a user has them: our receiver serves the lifecycle URL alone."""

import json
import signal

import httpx
import pytest

from tests.cli.support import endpoint, local_tenant, settings, subscription, write
from tests.cli.test_processes import started

HUB = "EventHub:https://contoso.servicebus.windows.net/eventhubname/graph?tenantId=hidden.example"
GRID = "EventGrid:?azuresubscriptionid=8A8A8A8A&resourcegroup=Hidden&partnertopic=Users&location=westeurope"
BOTH = pytest.mark.parametrize("url", [HUB, GRID], ids=["hub", "grid"])


@pytest.fixture
def wanted(environment, emulator, receiver):
    """One team, delivered to ``url``."""

    def write_all(url, lifecycle=None, **spec):
        urls = {"notificationUrl": url, "lifecycleNotificationUrl": lifecycle or receiver.url("/lifecycle")}
        documents = [settings(), local_tenant(), endpoint(**urls), subscription(**spec)]
        write(environment / "manifests" / "all.yaml", *documents)

    return write_all


@BOTH
def test_from_nothing_to_in_sync(wanted, reconcile, url):
    wanted(url)
    assert reconcile("validate").code == 0
    assert reconcile("--dry-run", "--detailed-exitcode").code == 2
    assert reconcile().code == 0
    assert reconcile("--dry-run", "--detailed-exitcode").code == 0
    assert reconcile("--dry-run", "--detailed-exitcode", "--state", "another").code == 0


@BOTH
def test_from_a_snapshot(wanted, reconcile, environment, url):
    wanted(url)
    reconcile()
    file = environment / "live.json"
    assert reconcile("status", "--live-out", file).code == 0
    assert "hidden" not in file.read_text().lower()
    ran = reconcile("--dry-run", "--detailed-exitcode", "--live", file)
    assert ran.code == 0, ran.out


@BOTH
def test_nothing_of_the_query_is_shown(wanted, reconcile, receiver, url):
    wanted(url)
    reconcile()
    for command in (("explain", "hr"), ("status",), ("render",), ("doctor",)):
        ran = reconcile(*command)
        assert ran.code == 0, ran.out
        assert "hidden" not in (ran.out + ran.err).lower()
    wanted(receiver.url("/n"))
    ran = reconcile("--dry-run")
    assert "hidden" not in (ran.out + ran.err).lower()
    assert "its mark moves to the other URL" in ran.out


@BOTH
def test_the_story_of_one(wanted, reconcile, url):
    wanted(url)
    reconcile()
    told = reconcile("explain", "hr").out
    assert "the lifecycle URL" in told
    assert "leaves no room for a mark" in told
    assert "overwrote" not in told


@BOTH
def test_the_doctor_asks_the_lifecycle_url_alone(wanted, reconcile, receiver, url):
    wanted(url)
    reconcile()
    receiver.reset()
    ran = reconcile("doctor", "--format", "json")
    assert ran.code == 0, ran.out
    assert {each.path.partition("?")[0] for each in receiver.received} == {"/lifecycle"}
    found = {each["check"]: (each["level"], each["subject"]) for each in ran.json["findings"]}
    assert found["endpoint-validation"][0] == "ok"
    assert "lifecycleNotificationUrl" in found["endpoint-validation"][1]
    assert found["marks-readable"][0] == "ok"


def test_a_receiver_that_does_not_answer_withholds_its_replacements(wanted, reconcile, receiver):
    wanted(HUB)
    reconcile()
    wanted(HUB, changeTypes=["updated", "deleted"])
    receiver.modes = {"/lifecycle": "refuse"}
    ran = reconcile("--format", "json")
    assert ran.code == 3
    assert [each["code"] for each in ran.json["violations"]] == ["own-receiver"]


@BOTH
def test_our_receiver_serves_the_lifecycle_url_alone(wanted, emulator, reconcile, monkeypatch, url):
    tls = ["--tls-cert", emulator.info["receiverCertificate"], "--tls-key", emulator.info["receiverKey"]]
    wanted(url, "https://localhost:9/lifecycle")
    with started("listen", "--listen", "127.0.0.1:0", *tls) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.endswith(" for /lifecycle\n"), ready
        origin = f"https://localhost:{ready.split()[2].rpartition(':')[2]}"
        wanted(url, f"{origin}/lifecycle")
        assert reconcile().code == 0
        (made,) = emulator.subscriptions()
        emulator.tell(made["id"], "reauthorizationRequired")
        line = json.loads(process.stdout.readline())
        assert (line["verified"], line["lifecycleEvent"], line["name"]) == (True, "reauthorizationRequired", "hr")
        with httpx.Client(base_url=origin, verify=emulator.context, trust_env=False) as client:
            assert client.post("/eventhubname/graph", json={"value": []}).status_code == 404
            assert client.post("/", json={"value": []}).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
