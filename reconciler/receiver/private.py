"""The private application, for an address that no stranger reaches: metrics, health and readiness out.

GET /metrics    what was counted, as Prometheus text or OpenMetrics, by the request's Accept
GET /healthz    200 as long as the event loop answers
GET /readyz     200 if every check is fine, else 503 and JSON that says which is not, and why
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from reconciler.core.errors import ReconcilerError

__all__ = ["CHECK_SECONDS", "Check", "private_application"]

Check = Callable[[], Awaitable[str | None]]
"""None if all is well, else a sentence without a secret. One that takes too long is cancelled."""

CHECK_SECONDS = 3.0
FRESH = {"Cache-Control": "no-store"}

logger = logging.getLogger(__name__)


def private_application(
    registry: CollectorRegistry, *, checks: Mapping[str, Check], routes: Sequence[BaseRoute] = ()
) -> Starlette:
    """Serve what ``registry`` has and what ``checks`` say, and more ``routes`` beside."""

    async def metrics(request: Request) -> Response:
        # On a thread: thousands of series take longer than a request may wait.
        content, media_type = await asyncio.to_thread(exposition, registry, request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": media_type, **FRESH})

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=FRESH)

    async def readyz(_: Request) -> Response:
        problems = await problems_of(checks)
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200, FRESH)

    ours = [Route("/metrics", metrics), Route("/healthz", healthz), Route("/readyz", readyz)]
    application = Starlette(routes=[*ours, *routes])
    # A redirect would repeat the Host of whoever asks.
    application.router.redirect_slashes = False
    return application


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The text and its media type."""
    try:
        encoder, media_type = choose_encoder(accept)
    except TypeError:
        # What prometheus_client makes of a version that is no number.
        encoder, media_type = choose_encoder("")
    return encoder(registry), media_type


async def problems_of(checks: Mapping[str, Check]) -> dict[str, str]:
    found = await asyncio.gather(*(problem_of(name, check) for name, check in checks.items()))
    return {name: problem for name, problem in zip(checks, found, strict=True) if problem is not None}


async def problem_of(name: str, check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except ReconcilerError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} seconds"
    except Exception:
        logger.exception("The check %s of /readyz failed", name)
        return "the check itself failed: the log tells why"
