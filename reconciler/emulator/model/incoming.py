"""A request below a version: which kind it is, which path it is for, and its body, if that is not too large."""

from typing import Any

from starlette.requests import Request

from reconciler.emulator.model import refusals
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.reading import json_value

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes. Ours, as every server has some limit."""
DEEPEST = 90
"""Levels. Fewer than a world file may have, so that what was written here can be given to another emulator."""
BATCH, WORLD = "BATCH", "WORLD"

CALLER = "emulator.caller"
LOST = "emulator.lost"
WHOLE = "emulator.whole"
"""Keys of the ASGI scope: who asks, for the request log; whether the connection is to be dropped instead of answered;
the whole application with its log, for the requests in a batch."""


async def body_of(request: Request) -> bytes:
    """Raises ``Refusal`` as soon as it is known to be too large; the rest is never kept."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > LARGEST_BODY:
        raise refusals.too_large(LARGEST_BODY)
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_BODY:
            raise refusals.too_large(LARGEST_BODY)
    return bytes(content)


def json_object(body: bytes, content_type: str) -> dict[str, Any]:
    """Raises ``Refusal``."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        message = f"None of the supported type(s) 'application/json' matches the content type '{content_type}'."
        raise Refusal(415, "UnsupportedMediaType", message)
    try:
        data = json_value(body, levels=DEEPEST)
    except ValueError as error:
        raise refusals.bad_request("Unable to read JSON request payload.") from error
    if not isinstance(data, dict):
        raise refusals.bad_request("Unable to read JSON request payload: it is not an object.")
    return data


def below(request: Request) -> str:
    """The path below the version, escapes as they were sent."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0].partition("/")[2].partition("/")[2].strip("/")


def segments(request: Request) -> list[str]:
    """Below the version; names in any case, ids as they are. ``subscriptions('id')`` is the same as with a slash."""
    path: str = request.scope["path"].partition("/")[2].partition("/")[2].rstrip("/")
    if path.lower().startswith("subscriptions('"):
        path = path.replace("('", "/", 1).replace("')", "", 1)
    return [part.lower() if index != 1 else part for index, part in enumerate(path.split("/"))]


def method_of(request: Request) -> str:
    """What is limited and goes wrong on its own (facts 8.1): also LIST, REAUTHORIZE, BATCH, and WORLD for the rest."""
    match segments(request):
        case ["$batch"]:
            return BATCH
        case ["subscriptions"] if request.method == "GET":
            return "LIST"
        case ["subscriptions", _, _] if request.method == "POST":
            return "REAUTHORIZE"
        case ["subscriptions", *_]:
            return request.method
        case _:
            return WORLD
