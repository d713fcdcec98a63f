"""The ASGI application: a request in, its answer out, and a ``Delivery`` for what was accepted.

202 says that the delivery is stored, and nothing about what is in the items: who guesses at a ``clientState`` learns
nothing from it (facts 5.4).
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.core.errors import StoreError
from reconciler.receiver.deadlines import Deadlines
from reconciler.receiver.delivery import Delivery, Item
from reconciler.receiver.parsing import Body, BodyRefused, parse_body, parse_item
from reconciler.receiver.queries import Query, read_query
from reconciler.receiver.room import SMALL, Place, Room, RoomTaken
from reconciler.receiver.routes import Routes
from reconciler.receiver.validation import TokenRefused

__all__ = ["BODY_LIMIT", "HELD", "Answers", "OnDelivery", "application"]

BODY_LIMIT = 4 * 1024 * 1024
AT_ONCE = 100
"""Items, about two milliseconds' work."""

BODY_SECONDS = 30.0
HELD = 64 * 1024 * 1024
"""Bytes of all bodies that are being read, or stored."""

STORE_SECONDS = 2.5
"""Graph waits for 3 seconds (facts 5.1): then a refusal that makes it try again is better than an answer too late."""

NOSNIFF = {"X-Content-Type-Options": "nosniff"}
AGAIN = {"Retry-After": "5"}
ACCEPTED = Response(status_code=202)

OnDelivery = Callable[[Delivery], Awaitable[None]]
"""Returns once the delivery is safe. Raises StoreError."""

logger = logging.getLogger(__name__)


class Answers(Protocol):
    """Who counts."""

    def answered(self, status: int, seconds: float) -> None: ...

    def validated(self) -> None: ...


class NobodyCounts:
    def answered(self, status: int, seconds: float) -> None: ...

    def validated(self) -> None: ...


def wall_clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def application(
    routes: Routes,
    *,
    on_delivery: OnDelivery,
    answers: Answers | None = None,
    now: Callable[[], dt.datetime] = wall_clock,
    room: Room | None = None,
) -> ASGIApp:
    """Serve ``routes``; a delivery is answered once ``on_delivery`` has returned.

    503, upon which Graph tries again (facts 5.1), where it raises StoreError, takes too long, or where ``room`` for all
    bodies together, ``HELD`` bytes without one, is taken.
    """
    return Receiver(routes, on_delivery, answers or NobodyCounts(), now=now, room=room or Room(HELD))


class Refused(Exception):
    """The request is answered with ``status``."""

    def __init__(self, status: int, reason: str = "", **headers: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, headers


class Receiver:
    """Answers one request at a time, and waits for nothing but its body and the store."""

    def __init__(
        self,
        routes: Routes,
        on_delivery: OnDelivery,
        answers: Answers,
        *,
        now: Callable[[], dt.datetime],
        room: Room,
    ) -> None:
        self.routes, self.on_delivery, self.answers, self.now, self.room = routes, on_delivery, answers, now, room
        self.deadlines = Deadlines()
        self.large = asyncio.Lock()
        """Large bodies take milliseconds each: one at a time, and others have their turn between two of them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self.respond(scope, receive, send)
            case "lifespan":
                await lifespan(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1000})

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.monotonic()
        try:
            response = await self.answer(scope, receive)
        except Refused as refused:
            response = PlainTextResponse(refused.reason, refused.status, {**NOSNIFF, **refused.headers})
            logger.info("A request to %a was answered with %d %s", scope["path"][:200], refused.status, refused.reason)
        except ClientDisconnect:
            return
        await response(scope, receive, send)
        self.answers.answered(response.status_code, time.monotonic() - begun)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["path"] not in self.routes:
            raise Refused(404)
        query = query_of(scope)
        # Only the query parameter tells a validation from a notification (facts 4).
        if query.token is not None:
            self.answers.validated()
            return PlainTextResponse(query.token, headers=NOSNIFF)
        check_shape(scope)
        with self.room.place() as place:
            text = await self.body(receive, place)
            if len(text) <= SMALL:
                await self.accept(scope["path"], query, text)
            else:
                async with self.large:
                    await self.accept(scope["path"], query, text)
        return ACCEPTED

    async def body(self, receive: Receive, place: Place) -> bytes:
        try:
            with self.deadlines.within(BODY_SECONDS):
                return await read_body(receive, place)
        except RoomTaken as error:
            raise Refused(503, "too much is being received at the moment", **AGAIN) from error
        except TimeoutError as error:
            raise Refused(408) from error

    async def accept(self, path: str, query: Query, text: bytes) -> None:
        try:
            with self.deadlines.within(STORE_SECONDS):
                await self.on_delivery(await self.delivery(path, query, text))
        except StoreError as error:
            raise Refused(503, "the store did not take it", **AGAIN) from error
        except TimeoutError as error:
            raise Refused(503, "the store did not take it in time", **AGAIN) from error

    async def delivery(self, path: str, query: Query, text: bytes) -> Delivery:
        try:
            body = parse_body(text)
        except BodyRefused as error:
            raise Refused(400, str(error)) from error
        return Delivery(
            path=path,
            lifecycle=self.routes.only_lifecycle(path),
            mark=query.mark,
            items=await parsed(body),
            received_at=self.now(),
            validation_tokens=body.validation_tokens,
        )


async def parsed(body: Body) -> tuple[Item, ...]:
    """A large delivery must not keep a validation request waiting: others have their turn meanwhile."""
    items = []
    for position, value in enumerate(body.values):
        items.append(parse_item(position, value))
        if position % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
    return tuple(items)


async def lifespan(receive: Receive, send: Send) -> None:
    """Nothing is begun or ended with the server."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def query_of(scope: Scope) -> Query:
    try:
        found = read_query(scope["query_string"])
    except TokenRefused as error:
        raise Refused(400, str(error)) from error
    if found.token is not None and scope["method"] not in {"GET", "POST"}:
        raise Refused(405, Allow="GET, POST")
    return found


def check_shape(scope: Scope) -> None:
    if scope["method"] != "POST":
        raise Refused(405, Allow="POST")
    media_type = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise Refused(415, "the body must be application/json")
    announced = header(scope, b"content-length")
    if announced.isdigit() and int(announced[:20]) > BODY_LIMIT:
        raise Refused(413)


def header(scope: Scope, name: bytes) -> bytes:
    """The first of that name, which is in lower case as ASGI has them; empty without one."""
    found: bytes = next((value for each, value in scope["headers"] if each == name), b"")
    return found


async def read_body(receive: Receive, place: Place) -> bytes:
    """Stops reading at the limit, whatever the request says of its length. Raises RoomTaken."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        place.take(len(chunk))
        body += chunk
        if len(body) > BODY_LIMIT:
            raise Refused(413)
        more = message.get("more_body", False)
    return bytes(body)
