"""Whatever comes over the wire gets its own answer, at once, and never a 500."""

import asyncio
import json
import socket
import ssl
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.mark import Mark
from reconciler.receiver import Delivery, Routes, application
from reconciler.receiver.application import BODY_LIMIT
from tests.receiver.support import served

JSON = {"Content-Type": "Application/JSON; odata.metadata=minimal"}
BODY = json.dumps({"value": [{"subscriptionId": "s1", "clientState": "hidden"}, 1], "validationTokens": ["hidden"]})

fuzzing = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


@pytest.mark.parametrize(("path", "lifecycle"), [("/hook", False), ("/life", True), ("/both", False)])
def test_a_delivery_is_accepted_and_handed_on(client, deliveries, path, lifecycle):
    deliveries.clear()
    answer = client.post(f"{path}?reconciler=1.me.mail.0123456789.k1", content=BODY, headers=JSON)
    assert (answer.status_code, answer.content) == (202, b"")
    wait_for(lambda: deliveries)
    (found,) = deliveries
    assert (found.path, found.lifecycle, found.verified) == (path, lifecycle, False)
    assert found.mark == Mark("me", "mail", "0123456789", "k1")
    assert [n.subscription_id for n in found.notifications] == ["s1"]
    assert [m.position for m in found.malformed] == [1]
    assert found.received_at.utcoffset() is not None
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status"),
    [
        ("POST", "/", JSON, BODY, 404),
        ("GET", "/unknown", {}, None, 404),
        ("POST", "/hook%0A", JSON, BODY, 404),
        ("POST", "/h%C3%B6%C3%B6k%20x", JSON, BODY, 202),
        ("GET", "/hook", {}, None, 405),
        ("DELETE", "/hook", {}, None, 405),
        ("POST", "/hook", {"Content-Type": "text/plain"}, BODY, 415),
        ("POST", "/hook", {}, BODY, 415),
        ("POST", "/hook", JSON, "{", 400),
        ("POST", "/hook", JSON, "{}", 400),
        ("POST", "/hook", JSON, "[" * 100_000, 400),
        ("POST", "/hook", JSON, b" " * (BODY_LIMIT + 1), 413),
    ],
)
def test_answers(client, method, path, headers, content, status):
    answer = client.request(method, path, headers=headers, content=content)
    assert answer.status_code == status
    if status == 405:
        assert answer.headers["allow"] == "POST"


def test_a_body_without_a_length_is_cut_off(client):
    chunks = (b" " * 65536 for _ in range(BODY_LIMIT // 65536 + 1))
    assert client.post("/hook", headers=JSON, content=chunks).status_code == 413
    assert client.post("/hook", headers=JSON, content=BODY).status_code == 202


visible = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@fuzzing
@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    st.sampled_from(["/hook", "/life", "/nowhere", "//hook", "/hook/.."]),
    st.binary(max_size=30).map(
        lambda raw: "".join(f"%{byte:02x}" if byte % 3 else chr(33 + byte % 90) for byte in raw)
    ),
    st.dictionaries(st.sampled_from(["Content-Type", "X-A", "Accept", "Upgrade", "Connection"]), visible, max_size=3),
    st.sampled_from([BODY.encode(), b""]) | st.binary(max_size=200),
)
def test_never_a_500(client, method, path, query, headers, body):
    query = query.replace("#", "")
    raw = {name: value.strip() for name, value in headers.items()}
    answer = client.request(method, f"{path}?{query}", headers=raw, content=body)
    assert answer.status_code in {200, 202, 400, 404, 405, 415}


@fuzzing
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps({"value": [text]}).encode()))
def test_never_a_500_for_a_body(client, body):
    assert client.post("/hook", headers=JSON, content=body).status_code in {202, 400}


@pytest.mark.parametrize("plain", [True, False])
def test_a_slow_callback_delays_no_answer_and_a_full_queue_is_503(tmp_path, plain):
    release = threading.Event()
    taken = []

    def slow(delivery: Delivery) -> None:
        release.wait(10)
        taken.append(delivery)

    async def slow_too(delivery: Delivery) -> None:
        await asyncio.to_thread(release.wait, 10)
        taken.append(delivery)

    callback = slow if plain else slow_too
    receiver = application(Routes({"/hook"}), on_delivery=callback, deliveries=3)
    with served(receiver, tmp_path) as client:
        assert [client.post("/hook", content=BODY, headers=JSON).status_code for _ in range(4)] == [202, 202, 202, 503]
        started = time.perf_counter()
        assert client.post("/hook?validationToken=a").text == "a"
        assert time.perf_counter() - started < 0.25
        release.set()
        wait_for(lambda: len(taken) == 3)
        assert client.post("/hook", content=BODY, headers=JSON).status_code == 202
    assert len(taken) == 4, "what was accepted is handed on before the receiver stops"


def test_too_many_bytes_are_503(tmp_path):
    receiver = application(Routes({"/hook"}), on_delivery=print, size=10)
    with served(receiver, tmp_path) as client:
        assert client.post("/hook", content=BODY, headers=JSON).status_code == 503


def test_a_callback_that_fails_ends_nothing(tmp_path, caplog):
    taken = []

    def failing(delivery: Delivery) -> None:
        taken.append(delivery)
        raise RuntimeError("the callback's own fault")

    with served(application(Routes({"/hook"}), on_delivery=failing), tmp_path) as client:
        for _ in range(2):
            client.post("/hook", content=BODY, headers=JSON)
        wait_for(lambda: len(taken) == 2)
    assert [record.getMessage() for record in caplog.records if "handed on" in record.getMessage()] == [
        "A delivery to /hook could not be handed on"
    ] * 2


@pytest.mark.parametrize(
    "start",
    [
        b"POST /h\xc3\xb6\xc3\xb6k HTTP/1.1",
        b"POST /hook?validationToken=\xff HTTP/1.1",
        b"POST /hook?validationToken=a#b HTTP/1.1",
        b"POST hook HTTP/1.1",
        b"POST /%ff HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT hook:443 HTTP/1.1",
        b"NONSENSE",
        b"GET /hook HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade",
        b"POST /hook HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999",
        b"POST /hook HTTP/1.1\r\nContent-Type: \xff\r\nContent-Length: 0",
    ],
)
def test_never_a_500_for_what_no_client_sends(client, start):
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((client.base_url.host, client.base_url.port), timeout=5) as plain,
        trust.wrap_socket(plain) as connection,
    ):
        connection.sendall(start + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = connection.recv(1000)
    assert answer[9:12] in {b"", b"200", b"400", b"404", b"405", b"413", b"415"}, answer
