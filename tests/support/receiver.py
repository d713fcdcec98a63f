"""Somebody who plays the receiver: answers validation requests and deliveries over TLS, from a thread, as told.

with ValidationReceiver(emulator.info) as receiver:
    receiver.url("/notifications")
    receiver.mode = "refuse"
    receiver.taking = "silent"
    receiver.items("/notifications")
"""

import asyncio
import dataclasses
import json
import ssl
import threading
import urllib.parse
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

Mode = Literal["ok", "refuse", "wrong", "silent", "accepted", "html", "slow"]
Taking = Literal["accept", "refuse", "slow", "silent", "drop"]
LONGEST = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    """With the query, as it was sent."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def token(self) -> str | None:
        """The validation token, decoded once."""
        query = urllib.parse.urlsplit(self.path).query
        return dict(urllib.parse.parse_qsl(query, keep_blank_values=True)).get("validationToken")


class ValidationReceiver:
    """``mode``: ok; refuse (403); wrong (the token still escaped); silent (no answer until the end); accepted (202);
    html (right but ``text/html``); slow (right after ``delay`` seconds). ``modes`` overrides it for one path.

    ``taking`` is how deliveries are taken: accept (202); refuse (``status``); slow (202 after ``delay`` seconds);
    silent (no answer until the end); drop (read, then the connection is dropped). ``takings`` overrides it for one
    path, and ``turns`` comes before both: one for each delivery, in order."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        """``info`` is the content of ``emulator.json``."""
        self.mode: Mode = "ok"
        self.modes: dict[str, Mode] = {}
        self.delay = 0.5
        self.taking: Taking = "accept"
        self.takings: dict[str, Taking] = {}
        self.turns: list[Taking] = []
        self.status = "503 Service Unavailable"
        self.received: list[Received] = []
        self.port = 0
        self._info = info
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="receiver", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        if not self._ready.wait(LONGEST):
            raise TimeoutError("the receiver does not start")
        return self

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(LONGEST)
        if self._thread.is_alive():
            raise TimeoutError("the receiver does not stop")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, path: str = "/notifications") -> str:
        return f"https://localhost:{self.port}{path}"

    def reset(self) -> None:
        self.mode = "ok"
        self.modes = {}
        self.delay = 0.5
        self.taking = "accept"
        self.takings = {}
        self.turns = []
        self.status = "503 Service Unavailable"
        self.received.clear()

    def deliveries(self, path: str | None = None) -> list[dict[str, Any]]:
        """The bodies of all deliveries, or of those to one path (without its query), in order."""
        return [
            json.loads(each.body)
            for each in tuple(self.received)
            if each.token is None and path in {None, each.path.partition("?")[0]}
        ]

    def items(self, path: str | None = None) -> list[dict[str, Any]]:
        """All notifications in them."""
        return [item for body in self.deliveries(path) for item in body["value"]]

    async def _serve(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._info["receiverCertificate"], self._info["receiverKey"])
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        # Both families: "localhost" may be either.
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        open_ones = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (received := await read(reader)) is not None:
                self.received.append(received)
                sent = await self._answer(received)
                if sent is None:
                    break
                writer.write(sent)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, received: Received) -> bytes | None:
        """None ends the connection instead."""
        path, _, query = received.path.partition("?")
        token = received.token
        if token is None:
            return await self._take(self.turns.pop(0) if self.turns else self.takings.get(path, self.taking))
        match self.modes.get(path, self.mode):
            case "ok":
                return answer("200 OK", token.encode())
            case "refuse":
                return answer("403 Forbidden", b"no")
            case "wrong":
                return answer("200 OK", query.partition("validationToken=")[2].encode())
            case "accepted":
                return answer("202 Accepted", token.encode())
            case "html":
                return answer("200 OK", token.encode(), media_type="text/html")
            case "slow":
                await asyncio.sleep(self.delay)
                return answer("200 OK", token.encode())
            case "silent":
                await asyncio.sleep(3600)
        raise ValueError(f"unknown mode {self.mode}")

    async def _take(self, taking: Taking) -> bytes | None:
        match taking:
            case "refuse":
                return answer(self.status, b"")
            case "drop":
                return None
            case "slow":
                await asyncio.sleep(self.delay)
            case "silent":
                await asyncio.sleep(3600)
        return answer("202 Accepted", b"")


async def read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        return None
    method, path, _ = head[0].split(" ")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


def answer(status: str, body: bytes, *, media_type: str = "text/plain; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
