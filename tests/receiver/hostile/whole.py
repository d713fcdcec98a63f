"""The whole receiver as strangers meet it: requests in, over HTTP or in process; what became of each item out.

with receiving(folder) as whole:
    assert whole.post(item()) == 202
    whole.account([FORWARDED])
"""

import asyncio
import contextlib
import dataclasses
import json
import re
import socket
import sqlite3
import ssl
import time
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import httpx
from starlette.types import Receive, Scope, Send

from reconciler.core.client_state import client_state
from reconciler.receiver import Delivery, Routes, application
from tests.receiver.forwarding.support import Post
from tests.receiver.sending import BIRTH, FABRIKAM, MARK, SECRET, TENANT
from tests.receiver.support import served

T = TypeVar("T")

ROUTES = Routes(notifications={"/hook", "/single"}, lifecycle={"/hook"})
JSON = (b"content-type", b"application/json")
QUERY = f"reconciler={MARK}"
FORWARDED, LIFECYCLE = "forwarded", "lifecycle"

RIGHT = {tenant: client_state(SECRET, key="k1", tenant_id=tenant, birth=BIRTH) for tenant in (TENANT, FABRIKAM)}
TEXTS = ("subscriptionid", "changetype", "lifecycleevent", "resource", "tenantid", "organizationid", "clientstate")
RAW = re.compile(r'"@@(.*?)@@"')
PATIENCE = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """What the store says of one item; ``reason`` tells where it ended."""

    event_id: str
    state: str
    reason: str
    message: str | None
    body: bytes
    tokens: str | None


class Whole:
    """An ASGI application around a ``Post``, which lives as long as the server does, on its loop."""

    client: httpx.Client
    inbox: Post

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder, self.more = folder, more
        self.loop: Future[asyncio.AbstractEventLoop] = Future()
        self.shown: list[str] = []
        """The ``repr`` of all that passed."""

        self.rows = self.events = 0
        """Accounted for already."""

        self.new_data: list[Any] = []
        """The ``data`` of the events that were accounted for last."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        else:
            await self.receiver(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with Post(self.folder, **self.more) as self.inbox:
            self.receiver = application(ROUTES, on_delivery=self.take, now=self.inbox.clock.now)
            self.loop.set_result(asyncio.get_running_loop())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def take(self, delivery: Delivery) -> None:
        self.shown.append(repr(delivery)[:10_000])
        await self.inbox.taker.take(delivery)

    # To be called from another thread

    def run(self, work: Awaitable[T]) -> T:
        async def main() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(main(), self.loop.result(10)).result(PATIENCE)

    def post(self, *items: Any, tokens: Any = None, path: str = "/hook", query: str = QUERY) -> int:
        """Over HTTP; returns the status."""
        body = spelled({"value": list(items), "validationTokens": tokens})
        headers = {"Content-Type": "application/json"}
        return self.client.post(f"{path}?{query}", content=body, headers=headers).status_code

    def ask(self, body: bytes, **more: Any) -> int | None:
        """In process."""
        return self.run(call(self.receiver, body, **more))

    def exchange(self, text: bytes, *, seconds: float = 20) -> list[int]:
        """The bytes over TLS as they are; the statuses of all answers, until the other side closes."""
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        url, answer = self.client.base_url, b""
        with (
            socket.create_connection((url.host, url.port), timeout=seconds) as plain,
            trust.wrap_socket(plain) as connection,
        ):
            connection.sendall(text)
            while chunk := connection.recv(65536):
                answer += chunk
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]

    # What became of it

    def settle(self) -> None:
        """Return once nothing waits."""
        deadline = time.monotonic() + PATIENCE
        while not self.run(self.inbox.nothing_waits()):
            assert time.monotonic() < deadline, "something waits for ever"
            time.sleep(0.002)

    def fates(self) -> list[Fate]:
        """Of all that has come since the last call, in their order, when nothing waits any more."""
        self.settle()
        columns = "event_id, state, reason, message, body, tokens"
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT id, {columns} FROM inbox WHERE id > ? ORDER BY id", [self.rows])
            found = rows.fetchall()
        self.rows = found[-1][0] if found else self.rows
        return [Fate(*row[1:]) for row in found]

    def account(self, wanted: Sequence[str]) -> list[Fate]:
        """Exactly these became of exactly these items, and the sink has exactly what was forwarded."""
        fates, events = self.fates(), self.inbox.sink.events[self.events :]
        self.events += len(events)
        assert [fate.reason for fate in fates] == list(wanted)
        forwarded = sorted(fate.event_id for fate in fates if fate.reason == FORWARDED)
        assert sorted(event.id for event in events) == forwarded
        given = b"".join(event.content for event in events).decode()
        assert not any(secret in given for secret in (*RIGHT.values(), "eyJ")), "a clientState or a token has left"
        self.shown += [repr(each) for each in events]
        self.new_data = [json.loads(event.content)["data"] for event in events]
        return fates

    @property
    def file(self) -> Path:
        return self.folder / "reconciler.db"


@contextlib.contextmanager
def receiving(folder: Path, **more: Any) -> Iterator[Whole]:
    whole = Whole(folder / "state", **more)
    with served(whole, folder) as whole.client:
        yield whole


async def call(
    receiver: Any,
    body: bytes | Sequence[bytes],
    *,
    method: str = "POST",
    path: str = "/hook",
    query: bytes = QUERY.encode(),
    headers: Sequence[tuple[bytes, bytes]] = (JSON,),
    leaves: bool = False,
) -> int | None:
    """The status; None where there is no answer, as to one who leaves before the end of its body."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""})
    sent = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers)}
    await receiver(scope, receive, send)
    return sent[0]["status"] if sent else None


def spelled(value: Any) -> bytes:
    """``"@@1e999@@"`` stands for what Python does not spell."""
    return RAW.sub(r"\1", json.dumps(value)).encode()


# What the guide promises of a body, written down a second time


def wanted(body: bytes) -> list[str] | None:
    """The reason that each item must end with; None where the body is refused. No token of the fuzz's is good."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError):
        return None
    value = first_of(document, "value")
    if not isinstance(value, list) or len(value) > 15_000:
        return None
    tokens = first_of(document, "validationtokens")
    return [fate_of(each, tokens) for each in value]


def fate_of(item: Any, tokens: Any = None) -> str:
    fields = {name.lower(): value for name, value in item.items()} if isinstance(item, dict) else {}
    if not is_readable(item, fields):
        return "malformed"
    tenant = (fields.get("tenantid") or fields.get("organizationid") or "").lower()
    if tenant and tenant not in RIGHT:
        return "tenant"
    if fields.get("clientstate") not in ([RIGHT[tenant]] if tenant else RIGHT.values()):
        return "client-state"
    if fields.get("lifecycleevent"):
        return LIFECYCLE
    if fields.get("encryptedcontent") is None:
        return FORWARDED
    return "no-token" if tokens is None or tokens == [] else "token"


def is_readable(item: Any, fields: dict[str, Any]) -> bool:
    texts = [fields.get(name) for name in TEXTS]
    names = [name.lower() for name in item] if isinstance(item, dict) else []
    return (
        all(text is None or isinstance(text, str) for text in texts)
        and all(names.count(name) <= 1 for name in (*TEXTS, "encryptedcontent"))
        and bool(fields.get("subscriptionid"))
        and not any(
            character == "\0" or "\ud800" <= character <= "\udfff" for text in texts for character in text or ""
        )
    )


def first_of(document: Any, name: str) -> Any:
    named = [value for each, value in document.items() if each.lower() == name] if isinstance(document, dict) else []
    return named[0] if named else None


def finite(text: str) -> float | str:
    number = float(text)
    return text if number in {float("inf"), float("-inf")} else number


def refuse(name: str) -> None:
    raise ValueError(name)
