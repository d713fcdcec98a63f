"""A clock that tests turn, and a TLS server that answers what a test writes down."""

import asyncio
import dataclasses
import datetime as dt
import json
import ssl
from collections.abc import Callable
from typing import Self

START = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
SPINS = 20


class FakeClock:
    """Time passes only when everybody sleeps: then the earliest sleeper turns it."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []
        self._sleepers: list[dt.datetime] = []

    def now(self) -> dt.datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.time + dt.timedelta(seconds=seconds)
        self._sleepers.append(until)
        try:
            while self.time < until:
                for _ in range(SPINS):
                    await asyncio.sleep(0)
                if until <= min(self._sleepers):
                    self.time = max(self.time, until)
        finally:
            self._sleepers.remove(until)


@dataclasses.dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(status: int, body: object = b"", **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content))} | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content


class Cut(bytes):
    """An answer after which the connection is dropped, though more was promised."""


def metadata(origin: str) -> dict[str, str]:
    return {"issuer": origin, "authorization_endpoint": f"{origin}/t/authorize", "token_endpoint": f"{origin}/t/token"}


TOKEN = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}


def asked_graph(path: str) -> bool:
    return "/subscriptions" in path


class Scripted:
    """Graph and its token endpoint in one, with the answers that no healthy server gives.

    ``script`` gets what was asked and returns the bytes of the answer, or None to drop the connection; what it does not
    want to decide it leaves to ``usual``.
    """

    def __init__(self, info: dict[str, object]) -> None:
        self.info = info
        self.asked: list[Asked] = []
        self.script: Callable[[Asked], bytes | None] = self.usual
        self.origin = ""
        self.open = asyncio.Event()
        """Until it is set nothing but tokens is answered."""

        self.open.set()
        self.came = asyncio.Semaphore(0)
        """Released once for each request."""

    def usual(self, asked: Asked) -> bytes | None:
        if asked.path.endswith("openid-configuration"):
            return answer(200, metadata(self.origin))
        if asked.path.endswith("/token"):
            return answer(200, TOKEN)
        return answer(200, {"value": []})

    async def __aenter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.info["receiverCertificate"]), str(self.info["receiverKey"]))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.origin = f"https://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append(Asked(method, path, headers, body))
                self.came.release()
                if asked_graph(path):
                    await self.open.wait()
                said = self.script(self.asked[-1])
                if said is None:
                    return
                writer.write(said)
                await writer.drain()
                if isinstance(said, Cut):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # streams would log it otherwise
        finally:
            writer.transport.abort()
