"""The ASGI application: a request in, its answer out, and a ``Delivery`` for what was accepted.

The answer never waits for the callback, and says nothing about what is in the items: who guesses at a ``clientState``
learns nothing from it (facts 5.4).
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.core.mark import mark_of
from reconciler.receiver.delivery import Delivery
from reconciler.receiver.intake import BYTES, DELIVERIES, Intake, OnDelivery
from reconciler.receiver.parsing import BodyRefused, parse_body
from reconciler.receiver.routes import Routes
from reconciler.receiver.validation import TokenRefused, validation_token

__all__ = ["BODY_LIMIT", "application"]

BODY_LIMIT = 4 * 1024 * 1024
BODY_SECONDS = 30.0
NOSNIFF = {"X-Content-Type-Options": "nosniff"}


def wall_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def application(
    routes: Routes,
    *,
    on_delivery: OnDelivery,
    now: Callable[[], dt.datetime] = wall_clock,
    deliveries: int = DELIVERIES,
    size: int = BYTES,
) -> ASGIApp:
    """Serve ``routes``; a plain ``on_delivery`` is called on a thread, a coroutine function on the event loop.

    At most ``deliveries`` of together ``size`` bytes wait for it; the next one is answered 503 and Graph tries again.
    The server must run the lifespan: that is where deliveries are handed on, one after the other.
    """
    intake = Intake(on_delivery, deliveries=deliveries, size=size)

    @contextlib.asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with intake.running():
            yield

    # As the default of an empty router our own code sees every request, odd paths and unknown ones alike.
    return Router(redirect_slashes=False, default=Receiver(routes, intake, now), lifespan=lifespan)


class Refused(Exception):
    """The request is answered with ``status``."""

    def __init__(self, status: int, reason: str = "", **headers: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, headers


class Receiver:
    """Answers one request at a time, without waiting for anything but its body."""

    def __init__(self, routes: Routes, intake: Intake, now: Callable[[], dt.datetime]) -> None:
        self.routes, self.intake, self.now = routes, intake, now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        try:
            response = await self.answer(Request(scope, receive))
        except Refused as refused:
            response = PlainTextResponse(refused.reason, refused.status, {**NOSNIFF, **refused.headers})
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        if request.scope["path"] not in self.routes:
            raise Refused(404)
        # Only the query parameter tells a validation from a notification (facts 4).
        token = token_of(request)
        if token is not None:
            return PlainTextResponse(token, headers=NOSNIFF)
        return await self.accept(request)

    async def accept(self, request: Request) -> Response:
        check_shape(request)
        text = await read_body(request)
        try:
            body = parse_body(text)
        except BodyRefused as error:
            raise Refused(400, str(error)) from error
        path = request.scope["path"]
        delivery = Delivery(
            path=path,
            lifecycle=self.routes.only_lifecycle(path),
            mark=mark_of(f"?{query_of(request).decode('latin-1')}"),
            items=body.items,
            received_at=self.now(),
            validation_tokens=body.validation_tokens,
        )
        if not self.intake.offer(delivery, len(text)):
            raise Refused(503, **{"Retry-After": "5"})
        return Response(status_code=202)


def query_of(request: Request) -> bytes:
    query: bytes = request.scope["query_string"]
    return query


def token_of(request: Request) -> str | None:
    try:
        token = validation_token(query_of(request))
    except TokenRefused as error:
        raise Refused(400, str(error)) from error
    if token is not None and request.method not in {"GET", "POST"}:
        raise Refused(405, Allow="GET, POST")
    return token


def check_shape(request: Request) -> None:
    if request.method != "POST":
        raise Refused(405, Allow="POST")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(415, "the body must be application/json")


async def read_body(request: Request) -> bytes:
    """Stops reading at the limit, whatever the request says of its length."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > BODY_LIMIT:
        raise Refused(413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise Refused(413)
    except TimeoutError as error:
        raise Refused(408) from error
    return bytes(body)
