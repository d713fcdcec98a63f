"""Routes for the private application: whether the process lives, how all stands, and a wish for a pass.

GET /livez          200 as long as each beat is young enough, else 503 and JSON that says which is not
GET /status.json    how all stands
POST /reconcile     a pass is wished for: 202; {"allow": ["code"]} lets violations through in it

Whether Graph or the database answers is not asked here: a process that is started anew for that helps nobody.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from reconciler.core.json_text import read_json
from reconciler.core.safety import CODES

__all__ = ["Document", "OnWish", "Pulse", "health_routes"]

BODY_LIMIT = 4096
CLOSE = {"Connection": "close"}
"""What is still to come of a body is not read to its end, if it has one."""

FRESH = {"Cache-Control": "no-store"}

Document = Callable[[], Mapping[str, Any]]
"""Called on a thread."""

OnWish = Callable[[str, frozenset[str]], None]
"""Why, and the codes of violations that are let through. Called on the event loop; returns at once."""


class Pulse:
    """What must beat, each within so many seconds; ``monotonic`` tells the time. All have beaten when it is made."""

    def __init__(self, limits: Mapping[str, float], *, monotonic: Callable[[], float]) -> None:
        self._limits, self._monotonic = dict(limits), monotonic
        self._beats = dict.fromkeys(limits, monotonic())

    def beat(self, name: str) -> None:
        """Raises KeyError for one that was not announced."""
        if name not in self._limits:
            raise KeyError(name)
        self._beats[name] = self._monotonic()

    def problems(self) -> dict[str, str]:
        """By name, a sentence about each that is older than its limit."""
        now = self._monotonic()
        ages = {name: now - beat for name, beat in self._beats.items()}
        return {
            name: f"no beat for {age:.0f} seconds, over the limit of {self._limits[name]:g}"
            for name, age in ages.items()
            if age > self._limits[name]
        }


def health_routes(*, pulse: Pulse, document: Document, wish: OnWish) -> Sequence[BaseRoute]:
    async def livez(_: Request) -> Response:
        problems = pulse.problems()
        return JSONResponse({"live": not problems, "problems": problems}, 503 if problems else 200, FRESH)

    async def status(_: Request) -> Response:
        # On a thread: thousands of subscriptions take longer than a request may wait.
        content = await asyncio.to_thread(lambda: json.dumps(document(), ensure_ascii=False).encode())
        return Response(content, headers=FRESH, media_type="application/json")

    async def reconcile(request: Request) -> Response:
        if "origin" in request.headers:
            return refused(403, "this is not for browsers: some page that is open there may have sent it")
        try:
            body = await read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        if body is None:
            return refused(413, f"the body is over {BODY_LIMIT} bytes", CLOSE)
        try:
            allow = allowed(body)
        except ValueError as error:
            return refused(400, str(error))
        wish("POST /reconcile", allow)
        return JSONResponse({"accepted": True, "allow": sorted(allow)}, 202, FRESH)

    return [
        Route("/livez", livez),
        Route("/status.json", status),
        Route("/reconcile", reconcile, methods=["POST"]),
    ]


def refused(status: int, error: str, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    return JSONResponse({"accepted": False, "error": error}, status, {**FRESH, **headers})


async def read_body(request: Request) -> bytes | None:
    """None where it is too long: then the rest is not waited for."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            return None
    return body


def allowed(body: bytes) -> frozenset[str]:
    """The codes of violations to let through. Raises ValueError, which says what is wrong with the body."""
    if not body.strip():
        return frozenset()
    try:
        given = read_json(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("the body is not JSON") from error
    if not isinstance(given, dict):
        raise ValueError('the body is no JSON object, such as {"allow": ["removals"]}')  # noqa: TRY004  it is one 400 as well
    if unknown := sorted(given.keys() - {"allow"}):
        raise ValueError(f"the body has unknown keys, only allow is known: {shown(unknown)}")
    codes = given.get("allow", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise ValueError("allow is no list of codes")
    if unknown := sorted({*codes} - {*CODES}):
        raise ValueError(f"allow has unknown codes, known are {', '.join(CODES)}: {shown(unknown)}")
    return frozenset(codes)


def shown(texts: Iterable[str]) -> str:
    """As JSON in ASCII: whoever asks may have written anything."""
    return ", ".join(map(json.dumps, texts))
