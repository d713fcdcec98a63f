"""A real NATS server as a sink: what its stream holds, and what is said where it takes nothing."""

import asyncio
import base64
import binascii
import contextlib
import dataclasses
import gc
import json
import logging
import os
import ssl
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.js.api import DiscardPolicy

from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks import NatsSettings
from reconciler.sinks.credentials import read_credentials
from reconciler.sinks.nats import Guarded, NatsSink
from tests.receiver.support import write_certificate
from tests.sinks.nats_server import NatsServer, messages


@pytest.fixture
def serve(tmp_path):
    """Start servers, which are stopped in the end."""
    servers: list[NatsServer] = []

    def start(more=None):
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(NatsServer(folder, more))
        return servers[-1].start()

    yield start
    for each in servers:
        each.stop()


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
async def opened():
    sinks = []

    def open_one(server, *, url=None, subject="graph.{type}", **more):
        settings = NatsSettings(name="bus", servers=(url or server.url,), subject=subject, **more)
        sinks.append(NatsSink(settings))
        return sinks[-1]

    yield open_one
    for sink in sinks:
        await sink.close()


@pytest.fixture(autouse=True)
def silent(caplog):
    """Neither nats-py nor asyncio has anything to say that is not raised."""
    yield
    records = (*caplog.get_records("call"), *caplog.records)
    assert [record for record in records if record.name.startswith("nats") or record.levelno > logging.WARNING] == []


async def test_a_stream_holds_it_under_its_type(server, opened, events):
    async with server.stream() as jetstream:
        await opened(server).send(events())
        (message,) = await messages(jetstream)
    assert message.subject == "graph.com.microsoft.graph.team.updated"
    assert message.data == events().content
    assert message.headers == {"Nats-Msg-Id": "event-1", "Content-Type": "application/cloudevents+json"}
    event = from_http_event(HTTPMessage({"content-type": message.headers["Content-Type"]}, message.data), JSONFormat())
    assert event.get_id() == "event-1"


async def test_the_second_one_of_an_event_is_dropped_and_counts_as_sent(server, opened, events):
    async with server.stream() as jetstream:
        sink = opened(server)
        await sink.send(events(1))
        await sink.send(events(1))
        await opened(server).send(events(1))
        await sink.send(events(2))
        assert [message.headers["Nats-Msg-Id"] for message in await messages(jetstream)] == ["event-1", "event-2"]


async def test_many_at_a_time_over_one_connection(server, opened, events, monkeypatch):
    connected = []
    connect = Guarded.connect

    async def counted(client, *given, **options):
        connected.append(client)
        await connect(client, *given, **options)

    monkeypatch.setattr(Guarded, "connect", counted)
    async with server.stream() as jetstream:
        sink = opened(server)
        connected.clear()
        await asyncio.gather(*(sink.send(events(number)) for number in range(64)))
        found = await messages(jetstream)
        assert {message.headers["Nats-Msg-Id"] for message in found} == {f"event-{number}" for number in range(64)}
    assert len(connected) == 1


@pytest.mark.parametrize(
    ("subject", "name", "expected"),
    [
        ("graph.all", "all-teams", "graph.all"),
        ("graph.{tenant}.{subscription}", "all-teams", "graph.0f2e8f59-862a-483b-9ca8-82a10665e17d.all-teams"),
        ("graph.{subscription}.{type}", None, "graph.unknown.com.microsoft.graph.team.updated"),
        ("graph.{subscription}", "a.b > * c\r\nPUB x", "graph.a-b-c-PUB-x"),
    ],
)
async def test_what_a_subject_comes_to(server, opened, events, subject, name, expected):
    async with server.stream() as jetstream:
        await opened(server, subject=subject).send(events(name=name))
        assert [message.subject for message in await messages(jetstream)] == [expected]


async def test_a_subject_that_is_too_long_disturbs_no_other(server, opened, events):
    async with server.stream() as jetstream:
        sink = opened(server)
        with pytest.raises(Refused, match="the subject for this event is longer than 1000"):
            await sink.send(dataclasses.replace(events(1), type="a" * 5000))
        client = sink.client
        await sink.send(events(2))
        assert sink.client is client
        assert len(await messages(jetstream)) == 1


async def test_without_a_stream(server, opened, events):
    sink = opened(server)
    with pytest.raises(Unreachable) as raised:
        await sink.send(events())
    assert str(raised.value) == (
        f"the NATS server {server.url} of the sink 'bus': no stream takes graph.{{type}},"
        " create a stream with that subject"
    )
    async with server.stream() as jetstream:
        await sink.send(events())
        assert len(await messages(jetstream)) == 1


async def test_the_stream_that_is_expected(server, opened, events):
    async with server.stream() as jetstream:
        await opened(server, stream="GRAPH").send(events(1))
        with pytest.raises(Unreachable, match=r"graph\.\{type\} is not the stream OTHER's, add the subject"):
            await opened(server, stream="OTHER").send(events(2))
        assert len(await messages(jetstream)) == 1


async def test_a_stream_that_is_full(server, opened, events):
    async with server.stream(max_msgs=1, discard=DiscardPolicy.NEW) as jetstream:
        sink = opened(server)
        await sink.send(events(1))
        with pytest.raises(Unreachable, match=r"the stream does not take it, maximum messages exceeded \(error \d+\)"):
            await sink.send(events(2))
        await jetstream.purge_stream("GRAPH")
        await sink.send(events(2))


async def test_an_event_that_is_too_large_for_the_stream(server, opened, events):
    async with server.stream(max_msg_size=2000):
        sink = opened(server)
        with pytest.raises(Refused, match="larger than the stream takes, raise its max_msg_size"):
            await sink.send(events(1, size=2000))
        await sink.send(events(2))


@pytest.mark.parametrize("over", [-600, -100, -1, 0, 1, 1000])
async def test_an_event_that_is_too_large_for_the_server_disturbs_no_other(serve, opened, events, over):
    """Headers count: the server ends the connection of whoever sends a message that is too large."""
    server = serve({"max_payload": 4096})
    async with server.stream() as jetstream:
        sink = opened(server)
        size = 4096 + over - len(events(1).content)
        if over == -600:
            await sink.send(events(1, size=size))
            return
        with pytest.raises(Refused, match="larger than the server takes, raise its max_payload"):
            await sink.send(events(1, size=size))
        client = sink.client
        await sink.send(events(2))
        assert sink.client is client
        assert len(await messages(jetstream)) == 1


async def test_a_server_that_is_started_again(server, opened, events):
    async with server.stream():
        sink = opened(server)
        await sink.send(events(1))
    server.stop()
    with pytest.raises(Unreachable, match=r"(Connect call failed|connection was lost|Connection refused)"):
        await sink.send(events(2))
    server.start()
    await sink.send(events(2))
    await sink.send(events(1))
    async with server.stream() as jetstream:
        assert [message.headers["Nats-Msg-Id"] for message in await messages(jetstream)] == ["event-1", "event-2"]


@contextlib.asynccontextmanager
async def playing_server(published):
    """Somebody who speaks as NATS does, up to the first event: its port. ``published`` gets what it may answer on."""

    async def serve(reader, writer):
        writer.write(b'INFO {"server_id":"x","version":"2.11.0","max_payload":1048576,"headers":true}\r\n')
        async for line in reader:
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
            if line.startswith(b"HPUB"):
                published(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_connection_that_ends_keeps_nobody_waiting(opened, events):
    """The server takes the event and ends without an acknowledgment."""
    async with playing_server(lambda writer: writer.close()) as port:
        sink = opened(None, url=f"nats://127.0.0.1:{port}", timeout=60)
        with pytest.raises(Unreachable, match="the connection was lost, check that the server runs"):
            await asyncio.wait_for(sink.send(events()), 10)


async def test_a_server_that_does_not_acknowledge(opened, events):
    async with playing_server(lambda _: None) as port:
        sink = opened(None, url=f"nats://127.0.0.1:{port}", timeout=0.5)
        with pytest.raises(Unreachable, match=r"no answer came within 0\.5 s, check that the server runs with JetStre"):
            await sink.send(events())
        await sink.close()


async def test_a_server_that_talks_nonsense(opened, events):
    """nats-py logs that with its traceback, and reads no further."""
    async with playing_server(lambda writer: writer.write(b"INFO nonsense\r\n")) as port:
        sink = opened(None, url=f"nats://127.0.0.1:{port}", timeout=0.5)
        with pytest.raises(Unreachable, match=r"no answer came within 0\.5 s"):
            await sink.send(events())
        await sink.close()


async def test_what_is_no_nats_server(opened, events):
    async def serve(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match=rf"the NATS server nats://127\.0\.0\.1:{port} of the sink 'bus': "):
            await opened(None, url=f"nats://127.0.0.1:{port}").send(events())


async def test_many_that_wait_share_one_attempt_to_connect(opened, events):
    attempts = []

    async def serve(reader, writer):
        attempts.append(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sink = opened(None, url=f"nats://127.0.0.1:{port}")
        found = await asyncio.gather(*(sink.send(events(n)) for n in range(64)), return_exceptions=True)
    assert {type(each) for each in found} == {Unreachable}
    assert len(attempts) == 1


PASSWORD = {"authorization": {"user": "me", "password": "S3CRET"}}
TOKEN = {"authorization": {"token": "S3CRET"}}
ME: dict[str, Any] = {"user": "me", "password": b"S3CRET"}


@pytest.mark.parametrize(
    ("configured", "given", "login"),
    [
        (PASSWORD, ME, {"user": "me", "password": "S3CRET"}),
        (TOKEN, {"token": b"S3CRET"}, {"token": "S3CRET"}),
    ],
    ids=["password", "token"],
)
async def test_who_may(serve, opened, events, configured, given, login):
    server = serve(configured)
    async with server.stream(login=login) as jetstream:
        await opened(server, **given).send(events())
        assert len(await messages(jetstream)) == 1
    for wrong in ({}, {"token": b"wr0ng"}, {"user": "me", "password": b"wr0ng"}):
        with pytest.raises(Unreachable, match="the server does not know this user, check its credentials") as raised:
            await opened(server, **wrong).send(events())
        assert "wr0ng" not in str(raised.value)


async def test_a_user_that_may_not_publish_there(serve, opened, events):
    users = [{"user": "me", "password": "S3CRET", "permissions": {"publish": ["other.>"]}}]
    server = serve({"authorization": {"users": users}})
    with pytest.raises(Unreachable, match=r"does not allow this user to publish to graph\.\{type\}, allow it"):
        await opened(server, **ME, timeout=1).send(events())


@pytest.fixture
def tls(tmp_path):
    certificate, key = write_certificate(tmp_path)
    return {"tls": {"cert_file": str(certificate), "key_file": str(key)}}, str(certificate)


@pytest.mark.parametrize("scheme", ["tls", "nats"])
async def test_over_tls(serve, opened, events, tls, scheme):
    server = serve(tls[0])
    with pytest.raises(Unreachable, match="no stream takes"):
        await opened(server, url=f"{scheme}://127.0.0.1:{server.port}", ca_file=tls[1]).send(events())


async def test_another_authority_is_not_trusted(serve, opened, events, tls, tmp_path):
    server = serve(tls[0])
    other, _ = write_certificate(tmp_path, "other")
    with pytest.raises(Unreachable, match=r"its certificate is not trusted \(.*\), name its authority in caFile"):
        await opened(server, ca_file=str(other)).send(events())
    with pytest.raises(Unreachable, match="its certificate is not trusted"):
        await opened(server, url=f"tls://127.0.0.1:{server.port}").send(events())


@pytest.mark.parametrize("with_ca_file", [True, False])
async def test_no_secret_is_sent_to_a_server_without_tls_where_tls_is_asked_for(opened, events, tls, with_ca_file):
    """The server, or who plays it, only has to say that it does without."""
    received = bytearray()

    async def serve(reader, writer):
        writer.write(b'INFO {"server_id":"x","version":"2.11.0","max_payload":1048576,"auth_required":true}\r\n')
        received.extend(await reader.read())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url, ca_file = (f"nats://127.0.0.1:{port}", tls[1]) if with_ca_file else (f"tls://127.0.0.1:{port}", None)
        with pytest.raises(Unreachable, match="the server offers no TLS, so nothing was sent"):
            await opened(None, url=url, ca_file=ca_file, **ME).send(events())
    assert received == b""


def test_without_a_ca_file_the_machine_s_authorities_count_and_not_those_of_a_library(opened, tls, monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("certifi.where", lambda: tls[1])
    trusted = opened(None, url="tls://nats.contoso.com").trust()
    assert trusted.get_ca_certs() == ssl.create_default_context().get_ca_certs()
    assert trusted.get_ca_certs() != ssl.create_default_context(cafile=tls[1]).get_ca_certs()


async def test_a_ca_file_that_is_missing(server, opened, events):
    with pytest.raises(
        Unreachable, match=r"sink 'bus' cannot connect: the trusted auth.* \(No such file.* check caFile"
    ):
        await opened(server, ca_file="/none.pem").send(events())


PREFIXES = {"O": 14 << 3, "A": 0, "U": 20 << 3}


def nkey(*parts):
    raw = b"".join(parts)
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).rstrip(b"=").decode()


class Signer:
    """An operator, an account or a user, as ``nsc`` makes them."""

    def __init__(self, kind):
        self.key, self.prefix = Ed25519PrivateKey.generate(), PREFIXES[kind]
        self.public = nkey(bytes([self.prefix]), self.key.public_key().public_bytes_raw())

    @property
    def seed(self):
        return nkey(bytes([18 << 3 | self.prefix >> 5, (self.prefix & 31) << 3]), self.key.private_bytes_raw())

    def jwt(self, subject, kind, **claims):
        claims = {
            "jti": os.urandom(8).hex(),
            "iat": 1_700_000_000,
            "iss": self.public,
            "name": kind,
            "sub": subject,
            "nats": {"type": kind, "version": 2} | claims,
        }
        parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, claims]
        text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        return f"{text}.{base64.urlsafe_b64encode(self.key.sign(text.encode())).rstrip(b'=').decode()}"


def creds(token, seed):
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        "************************* IMPORTANT *************************\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    ).encode()


def damaged(seed):
    return seed[:10] + ("A" if seed[10] != "A" else "B") + seed[11:]


UNLIMITED = {"subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1}


async def test_a_credentials_file(serve, opened, events):
    operator, system, account, user = Signer("O"), Signer("A"), Signer("A"), Signer("U")
    limits = UNLIMITED | {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1, "wildcards": True}
    server = serve(
        {
            "operator": operator.jwt(operator.public, "operator", system_account=system.public),
            "system_account": system.public,
            "resolver": "MEMORY",
            "resolver_preload": {
                system.public: operator.jwt(system.public, "account", limits=UNLIMITED),
                account.public: operator.jwt(account.public, "account", limits=limits),
            },
        }
    )
    content = creds(account.jwt(user.public, "user", subs=-1, data=-1, payload=-1), user.seed)
    with pytest.raises(Unreachable, match="no stream takes"):  # so it was let in
        await opened(server, credentials=content).send(events())
    other = creds(account.jwt(user.public, "user", subs=-1, data=-1, payload=-1), Signer("U").seed)
    with pytest.raises(Unreachable, match="the server does not know this user, check its credentials"):
        await opened(server, credentials=other).send(events())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "they are no .creds file"),
        (b"\xff\x00 S3CRET", "they are no .creds file"),
        (creds("a.b.c", "S3CRET"), "their USER NKEY SEED is damaged"),
        (creds("a.b.c", damaged(Signer("U").seed)), "their USER NKEY SEED is damaged"),
        (creds("a.b.c", "Ä"), "their USER NKEY SEED is damaged"),
    ],
)
def test_what_are_no_credentials_is_said_at_once(content, said):
    with pytest.raises(SinkError) as raised:
        NatsSink(NatsSettings(name="bus", servers=("nats://a",), subject="a", credentials=content))
    assert str(raised.value).startswith(f"the sink 'bus' cannot use its credentials: {said}")
    assert "S3CRET" not in str(raised.value)


def test_no_secret_is_in_a_repr():
    settings = NatsSettings(
        name="bus", servers=("nats://a",), subject="a", credentials=b"S3CRET", **ME, token=b"S3CRET"
    )
    assert "S3CRET" not in repr(settings)
    assert "S3CRET" not in repr(read_credentials(creds("S3CRET", Signer("U").seed)))


@pytest.mark.parametrize("key", ["password", "token"])
def test_a_secret_that_is_no_text(key):
    given: dict[str, Any] = {"user": "me", key: b"\xff"}
    with pytest.raises(SinkError, match=f"has a {key} that is no UTF-8 text"):
        NatsSink(NatsSettings(name="bus", servers=("nats://a",), subject="a", **given))


async def test_close_during_an_attempt_to_connect(opened, events):
    came = asyncio.Event()

    async def serve(reader, writer):
        came.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sink = opened(None, url=f"nats://127.0.0.1:{port}", timeout=60)
        sending = asyncio.create_task(sink.send(events()))
        await asyncio.wait_for(came.wait(), 10)
        sending.cancel()
        await asyncio.wait_for(sink.close(), 10)
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_an_attempt_to_connect_that_fails_when_nobody_waits_any_more_is_no_noise(opened, events):
    came, may_go = asyncio.Event(), asyncio.Event()

    async def serve(reader, writer):
        came.set()
        await may_go.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sink = opened(None, url=f"nats://127.0.0.1:{port}")
        sending = asyncio.create_task(sink.send(events()))
        await asyncio.wait_for(came.wait(), 10)
        sending.cancel()
        may_go.set()
        await asyncio.wait([sink.attempt, sending], timeout=10)
        sink.attempt = None
        gc.collect()  # asyncio says it when the task is gone
