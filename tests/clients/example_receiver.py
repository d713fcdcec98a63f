"""Tests of an application, with the emulator as a fixture: the standard library and pytest only.

Run as ``pytest -p reconciler.emulator.pytest example_receiver.py`` (test_pytest_plugin.py does).
"""

import datetime as dt
import http.server
import json
import queue
import ssl
import threading
import urllib.parse

import pytest


class Application(http.server.ThreadingHTTPServer):
    """What is tested: it keeps what Graph tells it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: queue.Queue[dict] = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers validation requests, takes notifications."""

    server: Application

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("validationToken", [""])[0]
        self.send_response(200 if token else 202)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(token.encode())
        if not token:
            self.server.received.put(json.loads(body))

    def log_message(self, *_):
        """Standard error is for failures."""


@pytest.fixture
def receiver(graph_emulator):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(graph_emulator.info["receiverCertificate"], graph_emulator.info["receiverKey"])
    with Application() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_changed_team_is_told(graph_emulator, receiver):
    team = graph_emulator.write("GET", "/v1.0/teams")["value"][0]["id"]
    subscription = {
        "changeType": "updated",
        "resource": f"/teams/{team}",
        "notificationUrl": f"https://localhost:{receiver.server_port}/",
        "expirationDateTime": (graph_emulator.now() + dt.timedelta(minutes=50)).isoformat(),
        "clientState": "only-graph-knows",
    }
    graph_emulator.write("POST", "/v1.0/subscriptions", subscription)
    graph_emulator.write("PATCH", f"/v1.0/teams/{team}", {"displayName": "Renamed"})
    (notification,) = receiver.received.get(timeout=10)["value"]
    assert notification["clientState"] == "only-graph-knows"
    assert notification["resource"] == f"teams('{team}')"


def test_the_next_test_starts_afresh(graph_emulator):
    assert graph_emulator.subscriptions() == []
    assert graph_emulator.requests()
