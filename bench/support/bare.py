"""The most that a receiver in Python can do here: the same server and disk, and nothing done with what comes.

``python -m bench.support.bare FILE`` prints its port when it listens. ``/nothing`` answers at once; ``/group`` answers
once the body is in SQLite, many of them in one commit.
"""

import asyncio
import queue
import socket
import sqlite3
import sys
import threading
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MOST = 500
"""Bodies in one commit; SQLite may be built to take no more than 999 values."""

Waiting = tuple[bytes, asyncio.Future[None]]


class Writer:
    """One thread that writes whatever has come while it wrote."""

    def __init__(self, file: Path) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self.connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB)")
        threading.Thread(target=self.run, daemon=True).start()

    async def write(self, body: bytes) -> None:
        future = self.loop.create_future()
        self.waiting.put((body, future))
        await future

    def run(self) -> None:
        while True:
            batch = [self.waiting.get()]
            batch += [self.waiting.get() for _ in range(min(self.waiting.qsize(), MOST))]
            # One statement: with executemany the interpreter would change hands for each row. It commits by itself.
            rows = ", ".join(["(?)"] * len(batch))
            self.connection.execute(f"INSERT INTO bodies (body) VALUES {rows}", [body for body, _ in batch])  # noqa: S608
            self.loop.call_soon_threadsafe(settle, [future for _, future in batch])


def settle(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def serve(file: Path) -> None:
    writer = Writer(file)

    async def nothing(request: Request) -> Response:
        await request.body()
        return Response(status_code=202)

    async def group(request: Request) -> Response:
        await writer.write(await request.body())
        return Response(status_code=202)

    routes = [Route("/nothing", nothing, methods=["POST"]), Route("/group", group, methods=["POST"])]
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        Starlette(routes=routes), access_log=False, http="httptools", lifespan="off", log_level="warning", ws="none"
    )
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
