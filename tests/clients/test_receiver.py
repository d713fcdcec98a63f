"""A receiver in another language: the one that the documentation shows, run by Node."""

import datetime as dt
import json
import os
import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.running import RunningEmulator
from tests.emulator.notifications.opening import reader

RECEIVER = Path(__file__).with_name("receiver.mjs")
NODE = shutil.which("node")
CLIENT_STATE = "only-graph-knows"

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not on this machine")


class NodeReceiver:
    """The process, and what it prints."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        assert process.stderr
        self.origin = process.stderr.readline().split()[-1]
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(process.stdout,))
        self._reader.start()

    def next(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self._lines.get(timeout=10))
        return line

    def join(self) -> None:
        self._reader.join(10)

    def _read(self, stream: Any) -> None:
        for line in stream:
            self._lines.put(line)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "rich.key"
    file.write_text(reader().key_pem)
    return file


@pytest.fixture
def receiver(graph_emulator: RunningEmulator, key_file: Path) -> Iterator[NodeReceiver]:
    given = {"CLIENT_STATE": CLIENT_STATE, "PORT": "0", "PRIVATE_KEY": str(key_file), "PATH": os.environ["PATH"]}
    command = [str(NODE), str(RECEIVER)]
    with subprocess.Popen(
        command, env=graph_emulator.environment | given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        started = NodeReceiver(process)
        try:
            yield started
        finally:
            process.terminate()
            started.join()


@pytest.fixture
def subscribe(graph_emulator: RunningEmulator, receiver: NodeReceiver) -> Callable[..., dict[str, Any]]:
    def create(resource: str, **more: Any) -> dict[str, Any]:
        body = {
            "changeType": "updated",
            "resource": resource,
            "notificationUrl": f"{receiver.origin}/notifications?who=me",
            "lifecycleNotificationUrl": f"{receiver.origin}/lifecycle",
            "expirationDateTime": (graph_emulator.now() + dt.timedelta(hours=20)).isoformat(),
            "clientState": CLIENT_STATE,
        }
        created: dict[str, Any] = graph_emulator.write("POST", "/v1.0/subscriptions", body | more)
        return created

    return create


RICH = {
    "includeResourceData": True,
    "encryptionCertificate": reader().sent,
    "encryptionCertificateId": "rich-1",
}


@pytest.fixture
def team(graph_emulator: RunningEmulator) -> str:
    return str(graph_emulator.write("GET", "/v1.0/teams")["value"][0]["id"])


@pytest.mark.facts("4", "5.4")
def test_it_takes_basic_notifications(graph_emulator, receiver, subscribe, team):
    subscription = subscribe(f"/teams/{team}")
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    assert receiver.next() == {
        "subscriptionId": subscription["id"],
        "changeType": "updated",
        "resource": f"teams('{team}')",
    }


@pytest.mark.facts("7.1", "7.2", "7.3")
def test_it_verifies_and_decrypts_rich_ones(graph_emulator, receiver, subscribe, team):
    subscription = subscribe("/teams", **RICH)
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    line = receiver.next()
    assert line["subscriptionId"] == subscription["id"]
    assert line["data"]["displayName"] == "Renamed"


@pytest.mark.facts("7.3")
def test_it_goes_on_after_the_keys_were_turned(graph_emulator, receiver, subscribe, team):
    subscribe("/teams", **RICH)
    graph_emulator.control("POST", "keys/rotate", {"keep": False})
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    assert receiver.next()["data"]["displayName"] == "Renamed"


@pytest.mark.facts("6")
def test_it_takes_lifecycle_notifications(graph_emulator, receiver, subscribe, team):
    subscription = subscribe(f"/teams/{team}")
    graph_emulator.tell(subscription["id"], "reauthorizationRequired")
    assert receiver.next() == {"subscriptionId": subscription["id"], "lifecycleEvent": "reauthorizationRequired"}


@pytest.mark.facts("5.4")
def test_it_refuses_another_client_state(graph_emulator, receiver, subscribe, team):
    subscription = subscribe(f"/teams/{team}", clientState="somebody-elses")
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    assert receiver.next() == {"subscriptionId": subscription["id"], "refused": "the clientState is not ours"}


ITEM = {"subscriptionId": "s", "clientState": CLIENT_STATE, "tenantId": "t", "encryptedContent": {}}
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0In0."


def test_it_goes_on_after_what_is_no_request(graph_emulator, receiver, subscribe, team):
    """A path that is none, and a body that breaks off."""
    address = ("localhost", int(receiver.origin.rpartition(":")[2]))
    for sent in (b"GET // HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"):
        with graph_emulator.context.wrap_socket(
            socket.create_connection(address), server_hostname="localhost"
        ) as stranger:
            stranger.sendall(sent)
        assert "refused" in receiver.next()
    subscription = subscribe(f"/teams/{team}")
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    assert receiver.next()["subscriptionId"] == subscription["id"]


@pytest.mark.facts("5.4", "7.3")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "JSON"),
        ("{}", "not iterable"),
        (json.dumps({"value": [ITEM], "validationTokens": None}), "no validation token is from this tenant"),
        (json.dumps({"value": [ITEM], "validationTokens": [UNSIGNED]}), "signed with an unknown key"),
    ],
    ids=["broken", "empty", "no-token", "unsigned-token"],
)
def test_it_answers_and_refuses_what_graph_did_not_send(graph_emulator, receiver, body, said):
    """Answered like all others, so that whoever sent it learns nothing."""
    with httpx.Client(verify=graph_emulator.context, trust_env=False) as stranger:
        assert stranger.post(f"{receiver.origin}/notifications", content=body).status_code == 202
    assert said in receiver.next()["refused"]
