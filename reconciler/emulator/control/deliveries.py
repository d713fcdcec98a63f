"""``/emulator/deliveries`` and ``/emulator/endpoints``: what was delivered, and how the endpoints stand."""

import asyncio
import math
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.control.asking import limit, refuse_other
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.notifications.endpoints import State
from reconciler.emulator.parts import Parts

LONGEST_WAIT = 600.0
GLANCE = 0.005
"""Seconds between two looks whether all is settled."""


class DeliveriesControl:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def deliveries(self, request: Request) -> Response:
        """The newest, in the order in which they began; with ``settled`` once all that is due was tried."""
        refuse_other(request, "limit", "settled", "subscriptionId")
        at_most = limit(request)
        settled = await self.settle(wait(request.query_params.get("settled", "0")))
        deliveries = self.parts.outbox.deliveries
        newest = deliveries.newest(at_most, subscription=request.query_params.get("subscriptionId"))
        body = {"value": [each.as_json() for each in newest], "count": deliveries.opened, "settled": settled}
        return JSONResponse(body)

    async def endpoints(self, request: Request) -> Response:
        """Those in trouble first, so that ``?limit=`` leaves out the others."""
        refuse_other(request, "limit")
        now = self.parts.clock.now()
        endpoints = sorted(self.parts.outbox.endpoints, key=lambda each: each[1].state is State.GOOD)
        value = [{"url": url, **endpoint.as_json(now)} for url, endpoint in endpoints[: limit(request)]]
        return JSONResponse({"value": value, "count": len(endpoints)})

    async def settle(self, seconds: float) -> bool:
        """Wait, so long at most, until nothing is on its way and nothing is due; tell whether that is so."""
        end = time.monotonic() + seconds
        while not self.is_settled() and time.monotonic() < end:  # noqa: ASYNC110 (nobody tells; it has many sides)
            await asyncio.sleep(GLANCE)
        return self.is_settled()

    def is_settled(self) -> bool:
        return self.parts.outbox.idle and not self.parts.agenda.is_due


def wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_WAIT:
        raise EmulatorError(f"'{text}' is no time to wait: use seconds, {LONGEST_WAIT:g} at most")
    return seconds
