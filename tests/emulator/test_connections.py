"""POSTs over TLS: how they are written, and which answers are understood."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from reconciler.emulator import connections as module
from reconciler.emulator.connections import Broken, Connections
from tests.support.emulator import RunningEmulator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[..., contextlib.AbstractAsyncContextManager["Server"]]


class Server:
    """Answers each request of a connection with the next of ``answers``; an empty one closes it unasked."""

    def __init__(self, answers: list[bytes], *, close: bool) -> None:
        self.answers = answers
        self.close = close
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.close:
                    break
        writer.transport.abort() if not self.close else writer.close()


@pytest.fixture
def serve(running: RunningEmulator) -> Serve:
    info = running.info

    @contextlib.asynccontextmanager
    async def served(*answers: bytes, close: bool = False) -> AsyncIterator[Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(info["receiverCertificate"], info["receiverKey"])
        made = Server([*answers], close=close)
        server = await asyncio.start_server(made.connected, "127.0.0.1", 0, ssl=context)
        made.url = f"https://localhost:{server.sockets[0].getsockname()[1]}/n?who=me"
        async with server:
            yield made

    return served


@pytest.fixture
async def connections(running: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connections]:
    """Whatever the environment says of proxies."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    made = Connections(ssl.create_default_context(cafile=str(Path(running.info["caFile"]))))
    yield made
    await made.close()


async def test_a_connection_is_used_again(connections: Connections, serve: Serve) -> None:
    async with serve(OK, OK) as server:
        for content in (b"one", b"two"):
            answer = await connections.post(server.url, content, headers={"Content-Type": "text/plain"})
            assert (answer.status_code, answer.content) == (200, b"ok")
    assert server.connections == 1
    assert server.requests[0].startswith(b"POST /n?who=me HTTP/1.1\r\nHost: localhost:")
    assert server.requests[0].endswith(b"\r\n\r\none")
    assert b"Content-Type: text/plain\r\n" in server.requests[0]


async def test_but_not_for_two_at_once(connections: Connections, serve: Serve) -> None:
    async with serve(OK, OK) as server:
        await asyncio.gather(*(connections.post(server.url, b"", headers={}) for _ in range(2)))
    assert server.connections == 2


@pytest.mark.parametrize(
    ("sent", "status", "content"),
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="no content"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok", id="in chunks"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", id="continue first"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, b"", id="a redirect"),
    ],
)
async def test_answers(connections: Connections, serve: Serve, sent: bytes, status: int, content: bytes) -> None:
    async with serve(sent) as server:
        answer = await connections.post(server.url, b"", headers={})
    assert (answer.status_code, answer.content) == (status, content)


async def test_an_answer_that_ends_with_its_connection(connections: Connections, serve: Serve) -> None:
    """As Python's own simple server has it."""
    async with serve(b"HTTP/1.0 200 OK\r\nContent-TYPE: text/plain\r\n\r\nok", close=True) as server:
        answer = await connections.post(server.url, b"", headers={})
    assert (answer.headers["content-type"], answer.content) == ("text/plain", b"ok")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"", "disconnected", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "not completed", id="half of it"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "not as HTTP has it: Bad status line", id="another protocol"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * (module.LONGEST + 1), "longer than", id="too much"),
    ],
)
async def test_no_answers(connections: Connections, serve: Serve, sent: bytes, reason: str) -> None:
    async with serve(sent, close=True) as server:
        with pytest.raises(Broken, match=reason):
            await connections.post(server.url, b"", headers={})


async def test_who_is_cancelled_disturbs_nobody(connections: Connections, serve: Serve) -> None:
    async with serve(b"HTTP/1.1 200 OK\r\n", OK) as server:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connections.post(server.url, b"", headers={})
        assert (await connections.post(server.url, b"", headers={})).content == b"ok"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https:///n", "https:///n"),
        ("https://localhost:99999/n", "out of range"),
        ("https://localhost:1/n", "refused|Connect call failed"),
    ],
)
async def test_urls_that_cannot_be_asked(connections: Connections, url: str, reason: str) -> None:
    with pytest.raises(Broken, match=reason):
        await connections.post(url, b"", headers={})


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("", b"POST / HTTP/1.1"),
        ("/a%20b/\u00e4 c?x=1&y=%2B+z;", b"POST /a%20b/%C3%A4%20c?x=1&y=%2B+z; HTTP/1.1"),
        (
            "/n?reconciler=1.us.mail.0123456789.k1.abcdef0123p#f",
            b"POST /n?reconciler=1.us.mail.0123456789.k1.abcdef0123p ",
        ),
        ("/n?a\r\nX: y", b"POST /n?a%0D%0AX:%20y HTTP/1.1"),
    ],
)
async def test_a_url_stays_as_it_was_given(connections: Connections, serve: Serve, target: str, line: bytes) -> None:
    """Receivers find their subscriptions by it (facts 1.1)."""
    async with serve(OK) as server:
        await connections.post(server.url.removesuffix("/n?who=me") + target, b"", headers={})
    assert server.requests[0].startswith(line)
