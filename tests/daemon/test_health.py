"""The daemon's private routes over HTTP: what is asked and what is answered."""

import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from reconciler.core.safety import CODES
from reconciler.daemon.health import BODY_LIMIT, Pulse, health_routes
from reconciler.receiver.private import private_application
from tests.receiver.support import served


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Daemon:
    """What the routes ask."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.pulse = Pulse({"event-loop": 10, "scheduler": 60}, monotonic=self.clock)
        self.forget()

    def forget(self) -> None:
        self.wishes: list[tuple[str, frozenset[str]]] = []
        self.document: Mapping[str, Any] | Future[Mapping[str, Any]] = {"tenants": []}
        self.asked_on: list[str] = []
        for name in ("event-loop", "scheduler"):
            self.pulse.beat(name)

    def wish(self, reason: str, allow: frozenset[str]) -> None:
        self.wishes.append((reason, allow))

    def say(self) -> Mapping[str, Any]:
        self.asked_on.append(threading.current_thread().name)
        return self.document.result(10) if isinstance(self.document, Future) else self.document

    @property
    def routes(self):
        return health_routes(pulse=self.pulse, document=self.say, wish=self.wish)


@pytest.fixture(scope="module")
def running() -> Daemon:
    return Daemon()


@pytest.fixture(scope="module")
def client(running, tmp_path_factory):
    application = private_application(CollectorRegistry(), checks={}, routes=running.routes)
    with served(application, tmp_path_factory.mktemp("tls")) as opened:
        yield opened


@pytest.fixture
def daemon(running):
    running.forget()
    return running


def test_all_have_beaten_at_the_start():
    assert Pulse({"event-loop": 0}, monotonic=Clock()).problems() == {}


def test_it_lives(client, daemon):
    answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"live": True, "problems": {}})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("seconds", "beats", "problems"),
    [
        (10, [], {}),
        (10.1, [], {"event-loop": "no beat for 10 seconds, over the limit of 10"}),
        (10.1, ["event-loop"], {}),
        (61, ["event-loop"], {"scheduler": "no beat for 61 seconds, over the limit of 60"}),
        (61, ["event-loop", "scheduler"], {}),
        (
            75,
            [],
            {
                "event-loop": "no beat for 75 seconds, over the limit of 10",
                "scheduler": "no beat for 75 seconds, over the limit of 60",
            },
        ),
    ],
)
def test_which_beat_is_old(client, daemon, seconds, beats, problems):
    daemon.clock.seconds += seconds
    for name in beats:
        daemon.pulse.beat(name)
    answer = client.get("/livez")
    assert answer.status_code == (503 if problems else 200)
    assert answer.json() == {"live": not problems, "problems": problems}
    assert client.head("/livez").status_code == answer.status_code


def test_what_beats_again_lives_again(daemon):
    daemon.clock.seconds += 100
    daemon.pulse.beat("scheduler")
    assert set(daemon.pulse.problems()) == {"event-loop"}
    daemon.pulse.beat("event-loop")
    assert daemon.pulse.problems() == {}


def test_a_beat_by_a_wrong_name_is_a_mistake(daemon):
    with pytest.raises(KeyError, match="shceduler"):
        daemon.pulse.beat("shceduler")


def test_how_all_stands(client, daemon):
    daemon.document = {"tenants": [{"name": "contoso", "resource": "ü"}]}
    answer = client.get("/status.json")
    assert (answer.status_code, answer.json()) == (200, daemon.document)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def test_the_document_is_made_on_a_thread_and_keeps_nobody_waiting(client, daemon):
    daemon.document = Future()
    asking: Future[Any] = Future()

    def ask():
        with httpx.Client(base_url=client.base_url, verify=False, trust_env=False, timeout=10) as other:
            asking.set_result(other.get("/status.json").json())

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        assert client.get("/livez").status_code == 200
        assert not asking.done()
    finally:
        daemon.document.set_result({"tenants": ["late"]})
        thread.join(10)
    assert asking.result(0) == {"tenants": ["late"]}
    assert len(daemon.asked_on) == 1
    assert threading.main_thread().name not in daemon.asked_on


@pytest.mark.parametrize(
    ("body", "allow"),
    [
        (b"", set()),
        (b" \n", set()),
        (b"{}", set()),
        (b'{"allow": []}', set()),
        (b'{"allow": ["removals"]}', {"removals"}),
        (b'{"allow": ["removals", "empty", "removals"]}', {"removals", "empty"}),
        (json.dumps({"allow": CODES}).encode(), set(CODES)),
        (b"{}" + b" " * (BODY_LIMIT - 2), set()),
    ],
)
def test_a_pass_is_wished_for(client, daemon, body, allow):
    answer = client.post("/reconcile", content=body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": True, "allow": sorted(allow)})
    assert answer.headers["cache-control"] == "no-store"
    assert daemon.wishes == [("POST /reconcile", frozenset(allow))]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "the body is not JSON"),
        (b"allow=removals", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * BODY_LIMIT, "the body is not JSON"),
        (b"[]", 'the body is no JSON object, such as {"allow": ["removals"]}'),
        (b"null", "the body is no JSON object"),
        (b'{"alow": ["removals"]}', 'the body has unknown keys, only allow is known: "alow"'),
        (b'{"\\u001b[2K\\u202e": 1}', 'only allow is known: "\\u001b[2K\\u202e"'),
        (b'{"allow": "removals"}', "allow is no list of codes"),
        (b'{"allow": null}', "allow is no list of codes"),
        (b'{"allow": [7]}', "allow is no list of codes"),
        (
            b'{"allow": ["removals", "everything"]}',
            'incomplete, key-in-use, list-shrank, own-receiver, quota, removals, second-writer: "',
        ),
    ],
)
def test_what_is_wrong_is_said_and_wishes_for_nothing(client, daemon, body, says):
    answer = client.post("/reconcile", content=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert answer.json()["accepted"] is False
    assert daemon.wishes == []


@pytest.mark.parametrize("body", [b" " * (BODY_LIMIT + 1), [b" " * BODY_LIMIT, b" "]], ids=["at-once", "in-parts"])
def test_a_body_that_is_too_long(client, daemon, body):
    answer = client.post("/reconcile", content=body)
    assert (answer.status_code, answer.json()["error"]) == (413, "the body is over 4096 bytes")
    assert answer.headers["connection"] == "close", "what is still to come is not waited for"
    assert daemon.wishes == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_no_page_in_a_browser_may_wish(client, daemon, origin):
    answer = client.post("/reconcile", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "evil" not in answer.text
    assert daemon.wishes == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/reconcile", 405),
        ("HEAD", "/reconcile", 405),
        ("PUT", "/reconcile", 405),
        ("DELETE", "/reconcile", 405),
        ("OPTIONS", "/reconcile", 405),
        ("POST", "/livez", 405),
        ("POST", "/status.json", 405),
        ("POST", "/reconcile/", 404),
        ("HEAD", "/status.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/readyz", 200),
    ],
)
def test_methods_and_paths(client, daemon, method, path, status):
    assert client.request(method, path).status_code == status
    assert daemon.wishes == []
