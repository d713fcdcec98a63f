"""Whatever comes over the wire gets its own answer, at once, and never a 500."""

import asyncio
import concurrent.futures
import json
import socket
import ssl
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.errors import StoreError
from reconciler.core.mark import Mark
from reconciler.receiver import Delivery, Routes, application
from reconciler.receiver.application import BODY_LIMIT
from reconciler.receiver.parsing import parse_body
from reconciler.receiver.room import Room
from tests.receiver.support import served

module = sys.modules["reconciler.receiver.application"]
"""The function of that name hides it."""

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
        ("POST", "/hook", JSON, b'{"value": [' + b"1," * 20_000 + b"1]}", 400),
        ("POST", "/hook", JSON, b'{"value": []}', 202),
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


async def test_the_answer_waits_for_the_store_and_a_validation_for_nothing(tmp_path):
    """Nor is a delivery answered before it is safe."""
    release = threading.Event()

    async def slow(delivery: Delivery) -> None:
        await asyncio.to_thread(release.wait, 10)

    with served(application(Routes({"/hook"}), on_delivery=slow), tmp_path) as client:
        posting = asyncio.create_task(asyncio.to_thread(client.post, "/hook", content=BODY, headers=JSON))
        for _ in range(20):
            started = time.perf_counter()
            answer = await asyncio.to_thread(client.post, "/hook?validationToken=a")
            assert (answer.text, time.perf_counter() - started < 0.25) == ("a", True)
        assert not posting.done()
        release.set()
        assert (await posting).status_code == 202


@pytest.mark.parametrize("answers", ["fails", "never"])
def test_what_is_not_stored_is_503_and_graph_tries_again(tmp_path, monkeypatch, answers):
    monkeypatch.setattr(module, "STORE_SECONDS", 0.1)
    stores = False

    async def take(delivery: Delivery) -> None:
        if stores:
            return
        if answers == "fails":
            raise StoreError("the store cannot be written: the disk is full")
        await asyncio.Event().wait()

    with served(application(Routes({"/hook"}), on_delivery=take), tmp_path) as client:
        answer = client.post("/hook", content=BODY, headers=JSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "disk" not in answer.text
        stores = True
        assert client.post("/hook", content=BODY, headers=JSON).status_code == 202


def test_too_many_bytes_at_a_time_are_503(tmp_path):
    hold, entered = threading.Event(), threading.Event()

    async def take(delivery: Delivery) -> None:
        entered.set()
        await asyncio.to_thread(hold.wait, 2)

    receiver = application(Routes({"/hook"}), on_delivery=take, room=Room(len(BODY) + 10))
    with served(receiver, tmp_path) as client, concurrent.futures.ThreadPoolExecutor() as threads:
        first = threads.submit(client.post, "/hook", content=BODY, headers=JSON)
        assert entered.wait(5)
        assert client.post("/hook", content=BODY, headers=JSON).status_code == 503
        hold.set()
        assert first.result().status_code == 202
        assert client.post("/hook", content=BODY, headers=JSON).status_code == 202, "the room is given back"


class Counted:
    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.seconds: list[float] = []
        self.validations = 0

    def answered(self, status: int, seconds: float) -> None:
        self.statuses.append(status)
        self.seconds.append(seconds)

    def validated(self) -> None:
        self.validations += 1


def test_each_answer_is_counted_with_its_time(tmp_path):
    counted = Counted()

    async def take(delivery: Delivery) -> None:
        await asyncio.sleep(0.05)

    with served(application(Routes({"/hook"}), on_delivery=take, answers=counted), tmp_path) as client:
        client.post("/hook", content=BODY, headers=JSON)
        client.get("/hook?validationToken=a")
        client.post("/nowhere")
        client.post("/hook", content="{", headers=JSON)
    assert (counted.statuses, counted.validations) == ([202, 200, 404, 400], 1)
    assert [seconds >= 0.05 for seconds in counted.seconds] == [True, False, False, False]


def test_what_is_refused_is_logged_without_its_body(tmp_path, caplog):
    caplog.set_level("INFO", "reconciler")

    async def take(delivery: Delivery) -> None: ...

    with served(application(Routes({"/hook"}), on_delivery=take), tmp_path) as client:
        client.post("/hook?hidden=hidden", content=b"{hidden", headers=JSON)
        client.post("/nowhere%1b", content=b"hidden")
    assert [record.getMessage() for record in caplog.records if record.name.startswith("reconciler")] == [
        "A request to '/hook' was answered with 400 the body is not JSON",
        "A request to '/nowhere\\x1b' was answered with 404 ",
    ]


async def test_a_large_delivery_leaves_time_for_others():
    """4 MiB hold thousands of items."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    items = await module.parsed(parse_body(json.dumps({"value": [{"subscriptionId": "s"}] * 2000}).encode()))
    task.cancel()
    assert len(items) == 2000
    assert turns >= 19


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
