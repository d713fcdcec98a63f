"""``listen`` prints what Graph sends, opened, and what anybody else sends, set aside."""

import contextlib
import datetime as dt
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.arrivals import Printer
from reconciler.core.client_state import client_state
from reconciler.engine.inbox import Entry, State
from reconciler.receiver.observing import Told
from reconciler.receiver.opening import NotOpened, WhyNotOpened
from tests.cli.conftest import CLIENT_STATE_KEY, Reconcile
from tests.cli.support import endpoint, local_tenant, manifest, settings, subscription, write
from tests.cli.test_processes import ran, started
from tests.support.emulator import RunningEmulator
from tests.support.key_pairs import pair, pem_of, write_pair

SLY = "teams\x1b[2K\x7f\x9b2K\u202egnp.exe\u2066\u2028ü"
NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
DATA = {"displayName": "Sales"}
TEAM = "0a1b2c3d-0000-4000-8000-000000000001"


def entry(**changes: Any) -> Entry:
    item = changes.pop("item", {"subscriptionId": "s1"})
    known: dict[str, Any] = {
        "event_id": "e1",
        "received_at": NOW,
        "since": NOW,
        "path": "/n",
        "query": "",
        "subscription_id": "s1",
        "change": "updated",
        "resource": "teams('1')",
        "tenant_id": "t1",
        "name": "all-teams",
        "body": json.dumps(item).encode(),
    }
    return Entry(**(known | changes))


async def printed(capfd: pytest.CaptureFixture[str], *told: Any) -> list[Any]:
    printer = Printer()
    for what, each, *content in told:
        printer.told(what, each, *content)
    await printer.ready()
    lines = capfd.readouterr().out.splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def set_aside(reason: str, message: str, **changes: Any) -> Entry:
    return entry(tenant_id=None, name=None, state=State.SET_ASIDE, reason=reason, message=message, **changes)


class TestLines:
    async def test_no_control_or_bidirectional_character_reaches_the_terminal(self, capfd):
        (line,) = await printed(capfd, (Told.SET_ASIDE, set_aside("client-state", "no", resource=SLY, path=f"/{SLY}")))
        assert (line["resource"], line["path"]) == (SLY, f"/{SLY}")

    async def test_the_data_of_a_verified_one(self, capfd):
        (line,) = await printed(capfd, (Told.OPENED, entry(item={"subscriptionId": "s1", "ResourceData": DATA})))
        assert line == {
            "receivedAt": "2026-11-21T00:00:00Z",
            "path": "/n",
            "name": "all-teams",
            "subscriptionId": "s1",
            "changeType": "updated",
            "resource": "teams('1')",
            "tenantId": "t1",
            "encrypted": False,
            "verified": True,
            "data": DATA,
        }

    async def test_each_has_its_own_content(self, capfd):
        closed = NotOpened(WhyNotOpened.NO_KEY, "no key")
        lines = await printed(
            capfd,
            (Told.OPENED, entry(), {"n": 0}),
            (Told.SET_ASIDE, set_aside("malformed", "the item is not an object", subscription_id="", item="text")),
            (Told.DEAD_LETTER, entry(item={"subscriptionId": "s1", "resourceData": DATA}), closed),
            (Told.OPENED, entry(), {}),
        )
        assert [line.get("data") for line in lines] == [{"n": 0}, None, DATA, {}]
        assert [line["verified"] for line in lines] == [True, False, True, True]
        assert (lines[1]["malformed"], lines[1]["reason"]) == (True, "malformed")
        assert (lines[2]["notOpened"], lines[2]["message"]) == ("no-key", "no key")

    async def test_nothing_of_what_one_that_is_set_aside_carries(self, capfd):
        secret = {
            "subscriptionId": "s1",
            "clientState": "hidden",
            "resourceData": {"hidden": "hidden"},
            "encryptedContent": {"data": "hidden"},
            "hidden": "hidden",
        }
        (line,) = await printed(capfd, (Told.SET_ASIDE, set_aside("token", "a validation token is bad", item=secret)))
        assert "hidden" not in json.dumps(line)
        assert (line["verified"], line["reason"], line["message"]) == (False, "token", "a validation token is bad")

    async def test_the_name_that_its_mark_claims_helps_to_find_what_is_wrong(self, capfd):
        query = "reconciler=1.contoso.all-teams.0123456789.k1.abcdef0123"
        (line,) = await printed(capfd, (Told.SET_ASIDE, set_aside("client-state", "no", query=query)))
        assert line["name"] == "all-teams"

    async def test_a_lifecycle_event_has_no_change(self, capfd):
        (line,) = await printed(capfd, (Told.LIFECYCLE, entry(change="missed", lifecycle=True, name=None)))
        assert (line["lifecycleEvent"], line["data"], line["name"]) == ("missed", None, None)
        assert "changeType" not in line

    async def test_each_is_printed_once(self, capfd):
        """Whatever comes of it later."""
        told = [Told.ACCEPTED, Told.POSSIBLE_DUPLICATE, Told.OPENED, Told.RETRIED, Told.FORWARDED, Told.DEAD_LETTER]
        assert len(await printed(capfd, *((what, entry()) for what in told))) == 1

    async def test_a_terminal_that_is_held_fills_no_memory(self, capfd, monkeypatch):
        monkeypatch.setattr("reconciler.cli.arrivals.MOST_WAITING", 10)
        assert len(await printed(capfd, *[(Told.OPENED, entry())] * 50)) == 10


def certificate(folder: Path, name: str, *previous: str) -> dict[str, Any]:
    pairs = [write_pair(folder, each) for each in previous]
    return manifest("Certificate", "rich", write_pair(folder, name) | {"previous": pairs})


@pytest.fixture
def manifests(environment: Path, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """For the local Graph, with a certificate, and one team to change there."""
    folder = environment / "manifests"
    urls = {
        "notificationUrl": "https://localhost:${RECEIVER_PORT}/notifications",
        "lifecycleNotificationUrl": "https://localhost:${RECEIVER_PORT}/lifecycle",
    }
    everything = subscription("all-teams", resource="/teams", certificate="rich")
    write(folder / "all.yaml", settings(), local_tenant(), endpoint(**urls), everything)
    write(folder / "certificate.yaml", certificate(folder, "first"))
    emulator.control("POST", "world", {"teams": [{"id": TEAM, "displayName": "Sales"}]})
    return folder


class Listening:
    """A ``reconcile listen`` that runs, and what it prints."""

    def __init__(self, process: Any, running: RunningEmulator) -> None:
        self.process, self.running = process, running
        ready = self.read()
        assert ready.endswith(" for /lifecycle, /notifications\n"), ready + process.stderr.read()
        self.port = int(ready.split()[2].rpartition(":")[2])

    def read(self) -> str:
        return str(self.process.stdout.readline())

    @property
    def line(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.read())
        return found

    def post(self, path: str, body: object) -> None:
        origin = f"https://localhost:{self.port}"
        with httpx.Client(base_url=origin, verify=self.running.context, trust_env=False) as client:
            assert client.post(path, json=body).status_code == 202


@contextlib.contextmanager
def listening(running: RunningEmulator, port: int = 0) -> Iterator[Listening]:
    tls = ["--tls-cert", running.info["receiverCertificate"], "--tls-key", running.info["receiverKey"]]
    with started("listen", "--listen", f"127.0.0.1:{port}", *tls) as process:
        yield Listening(process, running)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


def rename(emulator: RunningEmulator, name: str) -> None:
    emulator.write("PATCH", f"/v1.0/teams/{TEAM}", {"displayName": name})


def test_what_graph_sends_is_verified_and_opened_and_what_others_send_is_not(
    manifests: Path, emulator: RunningEmulator, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(emulator) as first:
        monkeypatch.setenv("RECONCILER_VAR_RECEIVER_PORT", str(first.port))
        assert reconcile().code == 0, "it answers the validation requests"
        rename(emulator, "Renamed")
        line = first.line
        assert (line["verified"], line["encrypted"], line["name"]) == (True, True, "all-teams"), line
        assert (line["data"]["displayName"], line["tenantId"]) == ("Renamed", emulator.info["tenantId"])

        (made,) = emulator.subscriptions()
        query = f"/notifications?{made['notificationUrl'].partition('?')[2]}"
        forged = {
            "subscriptionId": made["id"],
            "tenantId": emulator.info["tenantId"],
            "clientState": client_state(b"guessed", key="k1", tenant_id=emulator.info["tenantId"], birth="0" * 10),
            "changeType": "updated",
            "resource": f"teams('{TEAM}')",
            "resourceData": {"hidden": "hidden"},
        }
        first.post(query, {"value": [forged]})
        line = first.line
        assert (line["verified"], line["reason"], line["subscriptionId"]) == (False, "client-state", made["id"])
        assert "hidden" not in json.dumps(line)

        # Who has seen a clientState still has no token of Graph's for what he encrypts himself.
        stolen = forged | {"clientState": made["clientState"], "encryptedContent": {"data": "hidden"}}
        first.post(query, {"value": [stolen], "validationTokens": None})
        line = first.line
        assert (line["verified"], line["reason"]) == (False, "no-token")
        assert "hidden" not in json.dumps(line)

        emulator.tell(made["id"], "reauthorizationRequired")
        line = first.line
        assert (line["verified"], line["lifecycleEvent"], line["path"]) == (
            True,
            "reauthorizationRequired",
            "/lifecycle",
        )

    # The certificate is replaced, and what is still encrypted for the old one opens with the key that was kept.
    write(manifests / "certificate.yaml", certificate(manifests, "second", "first"))
    with listening(emulator, first.port) as second:
        rename(emulator, "Renamed again")
        line = second.line
        assert (line["verified"], line["data"]["displayName"]) == (True, "Renamed again")

    write(manifests / "certificate.yaml", certificate(manifests, "second"))
    with listening(emulator, first.port) as third:
        rename(emulator, "Not to be read")
        line = third.line
        assert (line["verified"], line["notOpened"]) == (True, "no-key")
        assert pair("first").thumbprint in line["message"]
        assert "Not to be read" not in json.dumps(line)


def test_a_private_key_that_cannot_be_used_ends_it(manifests: Path) -> None:
    write(manifests / "certificate.yaml", certificate(manifests, "first", "second"))
    (manifests / "first.key").unlink()
    (manifests / "second.key").write_bytes(pem_of(pair("second").key, b"password"))
    found = ran("listen", "--listen", "127.0.0.1:0")
    assert (found.returncode, found.stderr) == (4, "")
    first, second, *_ = found.stdout.splitlines()
    place = "manifests/certificate.yaml"
    assert first.startswith(f"{place}:11:19: the file first.key cannot be read: No such file or directory: without")
    assert second.startswith(f"{place}:19:23: warning: the private key is encrypted: ")
    assert first.endswith("[private-key-unusable]")


def test_of_a_previous_one_it_only_warns(manifests: Path, emulator: RunningEmulator) -> None:
    write(manifests / "certificate.yaml", certificate(manifests, "first", "second"))
    (manifests / "second.key").write_bytes(pair("first").key_pem)
    with started("listen", "--listen", "127.0.0.1:0") as process:
        assert Listening(process, emulator).port
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    (line,) = err.splitlines()
    assert "warning: the private key does not belong to the certificate beside it" in line


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("RECONCILER_CLIENT_STATE_KEY", "clientState of Endpoint 'public', key 'k1': the environment variable"),
        ("RECONCILER_EMULATOR_HOME", "cloud: emulator needs RECONCILER_EMULATOR_HOME"),
    ],
)
def test_what_it_cannot_verify_with_it_says_at_the_start(
    manifests: Path, monkeypatch: pytest.MonkeyPatch, absent: str, message: str
) -> None:
    monkeypatch.delenv(absent)
    found = ran("listen", "--listen", "127.0.0.1:0")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith(f"reconcile: {message}")
    assert CLIENT_STATE_KEY not in found.stderr


def test_a_cloud_of_ones_own_must_be_allowed(manifests: Path) -> None:
    """Its keys would decide whose tokens count."""
    cloud = {"graph": "https://graph.contoso.com", "authority": "https://login.contoso.com"}
    tenant = local_tenant(tenantId=TEAM, clientId=TEAM, cloud=cloud, credential={"secret": {"env": "NOT_SET"}})
    text = (manifests / "all.yaml").read_text().split("\n---\n")
    (manifests / "all.yaml").write_text("\n---\n".join([text[0], json.dumps(tenant), *text[2:]]))
    found = ran("listen", "--listen", "127.0.0.1:0")
    assert found.returncode == 1
    assert "allow that with --allow-cloud graph.contoso.com" in found.stderr


def test_needs_no_credential(manifests: Path, emulator: RunningEmulator) -> None:
    ids: dict[str, Any] = {
        "tenantId": TEAM,
        "clientId": TEAM,
        "cloud": "global",
        "credential": {"secret": {"env": "NOT_SET"}},
    }
    text = (manifests / "all.yaml").read_text().split("\n---\n")
    (manifests / "all.yaml").write_text("\n---\n".join([text[0], json.dumps(local_tenant(**ids)), *text[2:]]))
    with listening(emulator):
        pass


def test_the_example_has_no_private_key_and_is_listened_for_all_the_same(
    example: Path, emulator: RunningEmulator
) -> None:
    with listening(emulator):
        pass
