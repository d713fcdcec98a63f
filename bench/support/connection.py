"""One connection that is kept: a request's bytes in, the answer and how long it took out."""

import asyncio
import dataclasses
import json
import re
import ssl
import time
from typing import Any

from bench.support.errors import BenchError

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
WITHOUT_CONTENT = {204, 304}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.content)


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> Answer:
        started = time.monotonic()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        content = await self._reader.readexactly(length(head, status))
        return Answer(status, content, time.monotonic() - started)

    def close(self) -> None:
        self._writer.transport.abort()


async def connect(host: str, trust: ssl.SSLContext) -> Connection:
    name, _, port = host.rpartition(":")
    return Connection(*await asyncio.open_connection(name, int(port), ssl=trust))


def length(head: bytes, status: int) -> int:
    if status in WITHOUT_CONTENT:
        return 0
    found = LENGTH.search(head)
    if found is None:
        raise BenchError(f"an answer does not tell its length: {head.decode(errors='replace')}")
    return int(found[1])
