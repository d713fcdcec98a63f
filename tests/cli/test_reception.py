"""The receiver as a process, with sinks: what Graph tells comes out at the other end, whatever store is in between."""

import contextlib
import json
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import Reconcile
from tests.cli.support import endpoint, local_tenant, manifest, settings, subscription, write
from tests.cli.test_processes import ran, started
from tests.support.emulator import RunningEmulator
from tests.support.key_pairs import write_pair
from tests.support.postgresql import PostgreSQL

TEAM = "0a1b2c3d-0000-4000-8000-000000000001"


def sink(name: str = "events", **spec: Any) -> dict[str, Any]:
    return manifest("Sink", name, spec)


@pytest.fixture
def manifests(environment: Path, emulator: RunningEmulator) -> Path:
    """For the local Graph, with a certificate, and one team to change there; without a sink."""
    folder = environment / "manifests"
    urls = {
        "notificationUrl": "https://localhost:${RECEIVER_PORT}/notifications",
        "lifecycleNotificationUrl": "https://localhost:${RECEIVER_PORT}/lifecycle",
    }
    everything = subscription("all-teams", resource="/teams", certificate="rich", silentAfter="1d")
    rich = manifest("Certificate", "rich", write_pair(folder, "first"))
    write(folder / "all.yaml", settings(), local_tenant(), endpoint(**urls), everything, rich)
    emulator.control("POST", "world", {"teams": [{"id": TEAM, "displayName": "Sales"}]})
    return folder


class Receiver:
    """A ``reconcile listen --quiet`` that runs."""

    def __init__(self, process: "subprocess.Popen[str]", private: int, port: int) -> None:
        self.process, self.port = process, port
        self.private = httpx.Client(base_url=f"http://127.0.0.1:{private}", trust_env=False)

    def samples(self) -> dict[tuple[str, ...], float]:
        """By name and the values of its labels."""
        families = text_string_to_metric_families(self.private.get("/metrics").text)
        return {
            (each.name, *(each.labels[label] for label in sorted(each.labels))): each.value
            for family in families
            for each in family.samples
        }


@contextlib.contextmanager
def receiving(running: RunningEmulator, *options: object, port: int = 0) -> Iterator[Receiver]:
    tls = ["--tls-cert", running.info["receiverCertificate"], "--tls-key", running.info["receiverKey"]]
    addresses = ["--listen", f"127.0.0.1:{port}", "--private", "127.0.0.1:0"]
    with started("listen", *addresses, *tls, "--quiet", *options) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        (private,) = (
            int(line.split()[2].rpartition(":")[2]) for line in lines if line.endswith("metrics and health\n")
        )
        (public,) = (int(line.split()[2].rpartition(":")[2]) for line in lines if "/notifications" in line)
        receiver = Receiver(process, private, public)
        try:
            yield receiver
        finally:
            receiver.private.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            assert (out, err, process.returncode) == ("", "", 0)


def port_in(line: str) -> int:
    return int(line.split()[2].rpartition(":")[2])


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def rename(emulator: RunningEmulator, name: str) -> None:
    emulator.write("PATCH", f"/v1.0/teams/{TEAM}", {"displayName": name})


def events(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def subscribed(reconcile: Reconcile, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_VAR_RECEIVER_PORT", str(receiver.port))
    assert reconcile().code == 0, "it answers the validation requests"


def test_to_a_file_and_what_is_counted_on_the_way(
    manifests: Path, emulator: RunningEmulator, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(manifests / "sink.yaml", sink(file={"path": "../events.jsonl"}))
    file = manifests.parent / "events.jsonl"
    with receiving(emulator) as receiver:
        subscribed(reconcile, receiver, monkeypatch)
        for number in range(5):
            rename(emulator, f"Renamed {number}")
        wait_for(lambda: len(events(file)) == 5)
        found = events(file)
        assert [each["data"]["content"]["displayName"] for each in found] == [f"Renamed {n}" for n in range(5)]
        assert {(each["type"], each["subject"]) for each in found} == {
            ("com.microsoft.graph.team.updated", f"teams/{TEAM}")
        }
        assert {each["source"] for each in found} == {f"{emulator.info['graph']}/tenants/{emulator.info['tenantId']}"}
        assert len({each["id"] for each in found}) == 5

        wait_for(lambda: receiver.samples().get(("reconciler_forwarded_total", "events")) == 5)
        samples = receiver.samples()
        assert 1 <= samples["reconciler_requests_total", "202"] <= 5, "several may ride in one"
        assert samples["reconciler_validations_total",] == 2
        assert samples["reconciler_notifications_total", "", "accepted"] == 5
        assert receiver.private.get("/readyz").json() == {"ready": True, "problems": {}}
        assert receiver.private.get("/healthz").status_code == 200
    assert reconcile("inbox", "list", "--format", "json").json == []
    done = reconcile("inbox", "list", "--status", "done", "--format", "json").json
    assert [(each["reason"], each["sink"]) for each in done] == [("forwarded", "events")] * 5


def test_after_a_kill_the_next_process_goes_on(
    manifests: Path, emulator: RunningEmulator, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the consumer was away, too."""
    away = {"url": "http://127.0.0.1:9/", "timeout": "1s"}
    write(manifests / "sink.yaml", sink(http=away))
    file = manifests.parent / "events.jsonl"
    with receiving(emulator) as receiver:
        subscribed(reconcile, receiver, monkeypatch)
        rename(emulator, "Renamed")
        emulator.settle()
        assert reconcile("inbox", "list", "--status", "waiting").out.count("all-teams") == 1
        receiver.process.kill()
        receiver.process.wait(20)
    write(manifests / "sink.yaml", sink(file={"path": "../events.jsonl"}))
    with receiving(emulator, port=receiver.port):
        wait_for(lambda: events(file))
    (event,) = events(file)
    assert event["data"]["content"]["displayName"] == "Renamed"


def test_on_postgresql(
    manifests: Path,
    emulator: RunningEmulator,
    reconcile: Reconcile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(manifests / "sink.yaml", sink(file={"path": "../events.jsonl"}))
    file = manifests.parent / "events.jsonl"
    with PostgreSQL() as server, server.database() as url:
        monkeypatch.setenv("RECONCILER_STATE", url)
        with receiving(emulator) as receiver:
            subscribed(reconcile, receiver, monkeypatch)
            rename(emulator, "Renamed")
            wait_for(lambda: events(file))
        done = reconcile("inbox", "list", "--status", "done", "--format", "json").json
        assert [each["reason"] for each in done] == ["forwarded"]


def test_each_subscription_has_its_own_sink(
    manifests: Path, emulator: RunningEmulator, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        manifests / "sinks.yaml",
        sink("teams", file={"path": "../teams.jsonl"}),
        sink("others", file={"path": "../others.jsonl"}, default=True),
        subscription("all-channels", resource="/teams/getAllChannels", changeTypes=["created"]),
    )
    text = (manifests / "all.yaml").read_text()
    (manifests / "all.yaml").write_text(text.replace('"silentAfter": "1d"', '"sink": "teams"'))
    teams, others = manifests.parent / "teams.jsonl", manifests.parent / "others.jsonl"
    with receiving(emulator) as receiver:
        subscribed(reconcile, receiver, monkeypatch)
        rename(emulator, "Renamed")
        emulator.write("POST", f"/v1.0/teams/{TEAM}/channels", {"displayName": "Deals"})
        wait_for(lambda: events(teams) and events(others))
    assert [each["type"] for each in events(teams)] == ["com.microsoft.graph.team.updated"]
    assert [each["type"] for each in events(others)] == ["com.microsoft.graph.channel.created"]


def test_without_a_sink_it_must_not_be_quiet(manifests: Path) -> None:
    found = ran("listen", "--listen", "127.0.0.1:0", "--quiet")
    assert (found.returncode, found.stdout) == (64, "")
    assert found.stderr == (
        "reconcile: --quiet leaves nothing to do with notifications: declare a Sink, or leave it out\n"
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"http": {"url": "https://a.example", "signingKey": {"env": "NOT_SET"}}},
            "signingKey of Sink 'events': the environment variable NOT_SET is not set",
        ),
        ({"python": "no_such_package:take"}, "no_such_package"),
    ],
)
def test_what_a_sink_lacks_is_said_at_the_start(manifests: Path, spec: dict[str, Any], message: str) -> None:
    write(manifests / "sink.yaml", sink(**spec))
    found = ran("listen", "--listen", "127.0.0.1:0")
    assert (found.returncode, found.stdout) == (1, "")
    assert message in found.stderr


def test_a_second_one_on_the_same_store_stands_by(manifests: Path, emulator: RunningEmulator) -> None:
    write(manifests / "sink.yaml", sink(stdout={}))
    with receiving(emulator):
        tls = ["--tls-cert", emulator.info["receiverCertificate"], "--tls-key", emulator.info["receiverKey"]]
        with started("listen", "--listen", "127.0.0.1:0", *tls, "--quiet") as second:
            assert second.stderr
            assert "Another process forwards what is in the inbox; this one stands by" in second.stderr.readline()
            second.send_signal(signal.SIGTERM)
            second.communicate(timeout=20)
        assert second.returncode == 0


def test_a_reader_that_is_gone_ends_it(manifests: Path, emulator: RunningEmulator) -> None:
    """What is not printed is not done: it stays in the inbox."""
    tls = ["--tls-cert", emulator.info["receiverCertificate"], "--tls-key", emulator.info["receiverKey"]]
    with started("listen", "--listen", "127.0.0.1:0", *tls) as process:
        assert process.stdout
        port = int(process.stdout.readline().split()[2].rpartition(":")[2])
        process.stdout.close()
        trust = ssl.create_default_context(cafile=emulator.info["caFile"])
        with httpx.Client(base_url=f"https://localhost:{port}", verify=trust, trust_env=False) as client:
            client.post("/notifications", json={"value": [{"subscriptionId": "s"}]})
        assert process.wait(20) == 1
        assert process.stderr
        assert "Traceback" not in process.stderr.read()
