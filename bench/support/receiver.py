"""Who is notified: answers validation requests, counts notifications, and does nothing else, so that it is no limit.

``python -m bench.support.receiver CERTIFICATE KEY`` prints its origin when it listens. ``/echo`` answers with what was
sent: the bare server that others are compared with.
"""

import dataclasses
import socket
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

MARK = b'"subscriptionId"'
"""Each notification has one; parsing would take longer and tell the same."""


@dataclasses.dataclass(slots=True)
class Counts:
    notifications: int = 0
    posts: int = 0
    last: float = 0.0
    """When the last one came, by ``time.monotonic()``."""

    def add(self, body: bytes) -> None:
        self.notifications += body.count(MARK)
        self.posts += 1
        self.last = time.monotonic()


counts = Counts()


async def notified(request: Request) -> Response:
    token = request.query_params.get("validationToken")
    if token is not None:
        return PlainTextResponse(token)
    counts.add(await request.body())
    return Response(status_code=202)


async def counted(_: Request) -> Response:
    return JSONResponse(dataclasses.asdict(counts))


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/json")


ROUTES = [
    Route("/counts", counted),
    Route("/echo", echo, methods=["POST"]),
    Route("/notifications/{number}", notified, methods=["POST"]),
]


def main() -> None:
    certificate, key = sys.argv[1:]
    # The protocol is named, or asyncio leaves Nagle's algorithm on: 40 ms for each answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    sys.stdout.write(f"https://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        Starlette(routes=ROUTES),
        lifespan="off",
        log_level="warning",
        access_log=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
