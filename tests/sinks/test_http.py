"""A webhook as a sink: what a receiver gets over TLS, and what each of its answers comes to."""

import asyncio
import datetime as dt
import itertools
import json
import socket
import threading

import cloudevents.core.bindings.http as binding
import pytest
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks import HttpSettings
from reconciler.sinks.http import HttpSink
from tests.receiver.support import served, write_certificate

KEY = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
RAW = b"any other secret, as it is"


class Receiver:
    """Answers as it is told, and keeps what it is asked."""

    def __init__(self):
        self.requests = []
        self.status, self.headers, self.endless = 204, {}, False
        self.at_a_time = self.most_at_a_time = 0
        self.held, self.came = False, threading.Semaphore(0)

    async def answer(self, request):
        self.requests.append((request.method, request.url.path, dict(request.headers), await request.body()))
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        self.came.release()
        try:
            while self.held and (await request.receive())["type"] != "http.disconnect":
                pass
        finally:
            self.at_a_time -= 1
        if self.endless:
            return StreamingResponse(itertools.repeat(b"x" * 1000))
        return Response(b"", self.status, self.headers)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A receiver that runs, with the base of its URLs and the file of its authority."""
    folder, receiver = tmp_path_factory.mktemp("receiver"), Receiver()
    application = Starlette(routes=[Route("/{path:path}", receiver.answer, methods=["GET", "POST"])])
    with served(application, folder) as client:
        yield receiver, str(client.base_url), str(folder / "server.pem")


@pytest.fixture
def receiver(place):
    place[0].__init__()
    return place[0]


@pytest.fixture
async def opened(place):
    sinks = []

    def open_one(path="/events?code=HIDDEN", **more):
        settings = {"url": f"{place[1]}{path}", "ca_file": place[2], "signing_keys": (KEY,)} | more
        sinks.append(HttpSink(HttpSettings(name="hook", **settings)))
        return sinks[-1]

    yield open_one
    for sink in sinks:
        await sink.close()


async def test_a_receiver_can_verify_it_with_the_library_of_standard_webhooks(opened, receiver, events):
    await opened().send(events())
    ((method, path, headers, body),) = receiver.requests
    assert (method, path, headers["content-type"]) == ("POST", "/events", "application/cloudevents+json")
    assert headers["webhook-id"] == "event-1"
    assert Webhook(KEY.decode()).verify(body, headers) == json.loads(events().content)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY.decode()).verify(body + b" ", headers)


async def test_a_receiver_can_read_it_with_the_library_of_cloudevents(opened, receiver, events):
    await opened().send(events())
    ((_, _, headers, body),) = receiver.requests
    event = binding.from_http_event(binding.HTTPMessage(headers, body), JSONFormat())
    assert (event.get_id(), event.get_type()) == ("event-1", "com.microsoft.graph.team.updated")
    assert event.get_data() == json.loads(events().content)["data"]


@pytest.mark.parametrize("key", [KEY.decode(), RAW], ids=["whsec", "raw"])
async def test_while_a_key_is_changed_both_verify(opened, receiver, events, key):
    await opened(signing_keys=(RAW, KEY)).send(events())
    ((_, _, headers, body),) = receiver.requests
    assert Webhook(key).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(b"a third one").verify(body, headers)


async def test_each_attempt_has_its_own_time(place, receiver, events):
    times = iter([dt.datetime(2026, 11, 26, 12, 0, second, tzinfo=dt.UTC) for second in (1, 2)])
    sink = HttpSink(HttpSettings(name="hook", url=place[1], ca_file=place[2]), now=lambda: next(times))
    await sink.send(events())
    await sink.send(events())
    await sink.close()
    stamps = [headers["webhook-timestamp"] for _, _, headers, _ in receiver.requests]
    assert int(stamps[1]) == int(stamps[0]) + 1
    assert len({headers["webhook-id"] for _, _, headers, _ in receiver.requests}) == 1
    assert "webhook-signature" not in receiver.requests[0][2]


async def test_headers_are_sent(opened, receiver, events):
    await opened(headers={"Authorization": b"Bearer S3CRET"}).send(events())
    assert receiver.requests[0][2]["authorization"] == "Bearer S3CRET"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_what_takes_it(opened, receiver, events, status):
    receiver.status = status
    await opened().send(events())


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_what_never_takes_it(opened, receiver, events, status):
    receiver.status = status
    with pytest.raises(Refused, match=f"answered {status}: it does not take this event as it is"):
        await opened().send(events())


@pytest.mark.parametrize("status", [300, 401, 403, 404, 405, 408, 409, 410, 418, 429, 500, 502, 503, 504])
async def test_what_may_take_it_later(opened, receiver, events, status):
    receiver.status = status
    with pytest.raises(Unreachable, match=f"of the sink 'hook' answered {status}") as raised:
        await opened().send(events())
    assert raised.value.retry_after is None


async def test_a_redirect_is_not_followed(opened, receiver, events):
    receiver.status, receiver.headers = 307, {"location": "/elsewhere"}
    with pytest.raises(Unreachable, match="a redirect, which is not followed: name the place"):
        await opened().send(events())
    assert [path for _, path, _, _ in receiver.requests] == ["/events"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("17", 17),
        ("0", 0),
        ("Thu, 26 Nov 2026 12:01:30 GMT", 90),
        ("Thu, 26 Nov 2020 12:01:30 GMT", 0),
        ("999999999", 86400),
        ("9" * 50, None),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(place, receiver, events, status, written, seconds):
    receiver.status, receiver.headers = status, {"retry-after": written}
    now = dt.datetime(2026, 11, 26, 12, 0, tzinfo=dt.UTC)
    sink = HttpSink(HttpSettings(name="hook", url=place[1], ca_file=place[2]), now=lambda: now)
    with pytest.raises(Unreachable) as raised:
        await sink.send(events())
    await sink.close()
    assert raised.value.retry_after == seconds


async def test_an_answer_that_does_not_come(opened, receiver, events):
    receiver.held = True
    with pytest.raises(Unreachable, match=r"did not answer within 0\.2 s: look why, or raise its timeout"):
        await opened(timeout=0.2).send(events())


async def test_an_answer_without_an_end_is_broken_off(opened, receiver, events):
    receiver.status, receiver.endless = 200, True
    sink = opened()
    await sink.send(events())
    receiver.endless = False
    await sink.send(events())
    assert len(receiver.requests) == 2


async def test_sixty_four_at_a_time_over_eight_connections_a_client(opened, receiver, events):
    receiver.held = True
    sink = opened(timeout=20)
    sending = [asyncio.create_task(sink.send(events(number))) for number in range(64)]
    for _ in sending:
        assert await asyncio.to_thread(receiver.came.acquire, timeout=20)
    assert receiver.most_at_a_time == 64
    assert [pooled.busy for pooled in sink.clients.pool] == [8] * 8
    for each in sending:
        each.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
    assert [pooled.busy for pooled in sink.clients.pool] == [0] * 8


async def test_a_connection_is_used_again(opened, receiver, events, monkeypatch):
    sink = opened()
    for number in range(3):
        await sink.send(events(number))
    (pooled,) = sink.clients.pool
    assert len(pooled.client._transport._pool.connections) == 1


async def test_nobody_listens(events):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sink = HttpSink(HttpSettings(name="hook", url=f"http://127.0.0.1:{port}/?code=HIDDEN"))
    with pytest.raises(Unreachable) as raised:
        await sink.send(events())
    assert f"the receiver 127.0.0.1:{port} of the sink 'hook' cannot be reached: " in str(raised.value)
    assert "HIDDEN" not in str(raised.value)
    await sink.close()


async def test_another_authority_is_not_trusted(opened, receiver, events, tmp_path):
    other, _ = write_certificate(tmp_path)
    with pytest.raises(Unreachable, match=r"its certificate does not fit .*server\.pem .*name its authority in caFile"):
        await opened(ca_file=str(other)).send(events())
    assert receiver.requests == []


async def test_the_machine_s_authorities_do_not_count_for_it(place, receiver, events):
    sink = HttpSink(HttpSettings(name="hook", url=place[1]))
    with pytest.raises(Unreachable, match="does not fit this machine's trusted authorities"):
        await sink.send(events())
    await sink.close()


async def test_a_ca_file_that_is_missing(opened, events, tmp_path):
    with pytest.raises(
        Unreachable, match=r"sink 'hook' cannot connect: the trusted auth.* \(No such file.* check caFile"
    ):
        await opened(ca_file=str(tmp_path / "none.pem")).send(events())


@pytest.mark.parametrize("url", ["https://hooks.contoso.com/", "https://127.0.0.1:1/"])
@pytest.mark.parametrize("ca_file", [None, "ca.pem"])
async def test_the_environment_s_proxies(monkeypatch, url, ca_file):
    """For what is outside: a receiver on this machine, or one with an authority of its own, is reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.contoso.com:3128")
    sink = HttpSink(HttpSettings(name="hook", url=url, ca_file=ca_file))
    client = sink.open_client()
    assert bool(client._mounts) is ("contoso" in url and ca_file is None)
    await client.aclose()


async def test_a_proxy_that_cannot_be_used(monkeypatch, events):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://me:S3CRET@proxy.contoso.com")
    sink = HttpSink(HttpSettings(name="hook", url="https://hooks.contoso.com/"))
    with pytest.raises(Unreachable, match="ValueError, check its url and the proxies of the environment") as raised:
        await sink.send(events())
    assert "S3CRET" not in str(raised.value)


@pytest.mark.parametrize("key", [b"", b"whsec_", b"whsec_S3CRET!", b"whsec_S3CRE"])
def test_a_key_that_is_none_is_said_at_once(key):
    with pytest.raises(SinkError, match=r"cannot sign with its signing key no\. 2: ") as raised:
        HttpSink(HttpSettings(name="hook", url="https://a.com", signing_keys=(RAW, key)))
    assert "S3CRE" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("value", [b"", b"S3CRET\r\nx: y", b" S3CRET", b"S3CRET\x00"])
def test_a_header_that_cannot_be_sent_is_said_at_once(value):
    with pytest.raises(SinkError, match="cannot send the header X-Key: its value has") as raised:
        HttpSink(HttpSettings(name="hook", url="https://a.com", headers={"X-Key": value}))
    assert "S3CRET" not in str(raised.value)


def test_no_secret_is_in_a_repr():
    settings = HttpSettings(
        name="hook", url="https://a.com/?code=S3CRET", signing_keys=(b"S3CRET",), headers={"a": b"S3CRET"}
    )
    assert "S3CRET" not in repr(settings)
    assert "S3CRET" not in f"{HttpSink(settings)!r} {HttpSink(settings)}"
