"""What is common to all control paths: how a question is read, and how a wrong one is answered."""

import datetime as dt
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.reading import LONGEST, json_value

Endpoint = Callable[[Request], Awaitable[Response]]
OWN = frozenset({"none", "same-origin"})
MOST_DIGITS = 19
"""Of a number that a machine still counts with."""


def complained(endpoint: Endpoint) -> Endpoint:
    """What was asked in a wrong way is answered with 400 and the reason.

    A page of another site that somebody has open must not turn the clock here: browsers tell where a request is from.
    """

    async def answer(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in OWN:
            return JSONResponse({"error": "another site's page may not ask here"}, status_code=403)
        try:
            return await endpoint(request)
        except EmulatorError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


async def optional_object(request: Request) -> dict[str, Any]:
    """Like ``json_object``, for what may be asked without a body."""
    return await json_object(request) if await request.body() else {}


async def json_object(request: Request) -> dict[str, Any]:
    """Raises ``EmulatorError`` if the body is anything else."""
    try:
        data = json_value(await request.body())
    except ValueError as error:
        raise EmulatorError(f"the body is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise EmulatorError("the body must be a JSON object")
    return data


def refuse_other(request: Request, *options: str) -> None:
    """What is misspelled in a query would else be left out without a word. Raises ``EmulatorError``."""
    if unknown := sorted(request.query_params.keys() - set(options)):
        raise EmulatorError(f"{request.url.path}: unknown option '{unknown[0]}', use {', '.join(options)}")


def limit(request: Request) -> int | None:
    """How many of the newest are asked for with ``?limit=``; None is all."""
    text = request.query_params.get("limit")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise EmulatorError(f"'{text}' is no limit: use a whole number")
    return int(text) if len(text) < MOST_DIGITS else sys.maxsize


def span(value: object) -> dt.timedelta | None:
    """Seconds, backwards too, and ten years at most; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LONGEST:
        return None
    return dt.timedelta(seconds=value)
