"""The whole web application: authority, Graph in two versions and the control path, with a log of every request."""

import contextlib
import datetime as dt
import time
from collections.abc import Callable
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.core.catalog import Version
from reconciler.emulator.control.routes import Control
from reconciler.emulator.entra.authority import Authority
from reconciler.emulator.model import answers, refusals
from reconciler.emulator.model.incoming import CALLER, LOST, WHOLE
from reconciler.emulator.model.requests import Asked
from reconciler.emulator.parts import Parts
from reconciler.emulator.web.routes import Graph

Drop = Callable[[Scope], None]
"""Ends the connection of a request at once."""


def build(parts: Parts, *, drop: Drop) -> ASGIApp:
    versions = [Mount(f"/{version}", Graph(version, parts)) for version in Version]
    authority = Authority(
        home=parts.home,
        apps=parts.apps,
        clock=parts.clock,
        keys=parts.keys,
        tokens=parts.tokens,
        origin=parts.origin,
    )

    def unknown(request: Request, error: Exception) -> Response:
        """Elsewhere, too, in Graph's envelope."""
        now = parts.clock.now()
        refusal = refusals.no_segment(request.url.path.split("/")[1])
        if isinstance(error, HTTPException) and error.status_code != 404:
            refusal = refusals.Refusal(error.status_code, "MethodNotAllowed", error.detail)
        return answers.refused(refusal, given=answers.headers(request), now=now)

    routes = [*versions, *Control(parts).routes(), *authority.routes()]
    return Log(Starlette(routes=routes, exception_handlers={HTTPException: unknown}), parts=parts, drop=drop)


class Log:
    """Keeps each request's line before its answer goes out, so that whoever has the answer finds the line.

    It says when the answer was given, too: as the facts have it (3.3), by the emulator's clock.
    """

    def __init__(self, app: ASGIApp, *, parts: Parts, drop: Drop) -> None:
        self.app = app
        self.clock = parts.clock
        self.faults = parts.faults
        self.requests = parts.requests
        self.drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        scope[WHOLE] = self

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.begin(scope, message, seconds=time.perf_counter() - began)
            if scope.get(LOST):
                self.drop(scope)
                return
            await send(message)

        with contextlib.suppress(ConnectionError):
            await self.app(scope, receive, logged)
        while scope.get(LOST) and (await receive())["type"] != "http.disconnect":
            pass  # answering after the drop would be an error of ours

    def begin(self, scope: Scope, message: Message, *, seconds: float) -> None:
        now = self.clock.now()
        if not is_look(scope):
            self.requests.add(asked(scope, message["status"], seconds=seconds, at=now))
        if not is_control(scope):
            date = now + dt.timedelta(seconds=self.faults.date)
            message["headers"] = [*message["headers"], (b"date", spelled(date))]


def is_control(scope: Scope) -> bool:
    path: str = scope["path"]
    return f"{path}/".startswith("/emulator/")


def is_look(scope: Scope) -> bool:
    """Whether it only looks at the emulator: a page that is open all day would be all that is in the log."""
    return scope["method"] == "GET" and is_control(scope)


def spelled(date: dt.datetime) -> bytes:
    """As HTTP has it, to the second."""
    return format_datetime(date.replace(microsecond=0), usegmt=True).encode()


def asked(scope: Scope, status: int, *, seconds: float, at: dt.datetime) -> Asked:
    caller = scope.get(CALLER)
    query = scope.get("query_string", b"").decode("latin-1")
    raw = scope.get("raw_path") or scope["path"].encode()
    return Asked(
        method=scope["method"],
        path=raw.decode("latin-1").partition("?")[0] + (f"?{query}" if query else ""),
        status=status,
        tenant=caller.tenant if caller else None,
        app=caller.app if caller else None,
        seconds=seconds,
        at=at,
    )
