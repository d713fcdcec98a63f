"""A world of its own for each test, over HTTP without a network: what is told is gathered."""

import asyncio
import datetime as dt
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.core.catalog import Version
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.world.changes import Change
from reconciler.emulator.world.routes import WorldRoutes
from reconciler.emulator.world.world import World

TENANT = "0f2e8f59-862a-483b-9ca8-82a10665e17d"
USER = "6c1b2f0e-0000-4000-8000-000000000001"
LATER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


class Scene:
    """The world and its routes; everything else of the emulator is left out."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.world = World(clock=Clock(), tell=self.changes.append)
        self.caller = Caller(
            tenant=TENANT, app="app", principal=USER, permissions=frozenset(), delegated=True, expires_at=LATER
        )
        routes = [Route(f"/{version}/{{path:path}}", self._endpoint(version), methods=METHODS) for version in Version]
        self._app = Starlette(routes=routes)

    def _endpoint(self, version: Version) -> Any:
        routes = WorldRoutes(self.world, version=version, origin="https://localhost")

        async def respond(request: Request) -> Response:
            try:
                return await routes.respond(request, self.caller, path=raw_path(request))
            except Refusal as refusal:
                return JSONResponse({"code": refusal.code, "message": refusal.message}, status_code=refusal.status)

        return respond

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """``path`` with the version; what is answered, whatever it is."""
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: object) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            return await client.request(method, path, json=body)

    def write(self, method: str, path: str, body: object = None) -> Any:
        """On beta, where everything is; what is answered."""
        response = self.ask(method, f"/beta/{path}", body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def made(self, path: str, **body: object) -> str:
        """The id of what was created."""
        return str(self.write("POST", path, body)["id"])


def raw_path(request: Request) -> str:
    """Below the version, escapes as they were sent."""
    raw: bytes = request.scope["raw_path"]
    return raw.decode("latin-1").partition("?")[0].lstrip("/").partition("/")[2].strip("/")


METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


@pytest.fixture
def scene() -> Scene:
    return Scene()
