"""``/emulator/world``: what there is, as one JSON document, and more of it."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.control.asking import json_object, refuse_other
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.parts import Parts
from reconciler.emulator.world.problems import checked


class WorldControl:
    """Of the first tenant, or of another one with ``?tenantId=``."""

    def __init__(self, parts: Parts) -> None:
        self.world = parts.world
        self.apps = parts.apps

    async def show(self, request: Request) -> Response:
        """``?count``: how many there are of each sort."""
        refuse_other(request, "count", "tenantId")
        if "count" in request.query_params:
            return JSONResponse(self.world.counts(self.tenant(request)))
        return JSONResponse(self.world.document(self.tenant(request)))

    async def add(self, request: Request) -> Response:
        """All of it or nothing, and nobody is told."""
        refuse_other(request, "tenantId")
        document = checked(await json_object(request))
        return JSONResponse(self.world.add(document, tenant=self.tenant(request)), status_code=201)

    def tenant(self, request: Request) -> str:
        tenant = request.query_params.get("tenantId", self.apps.first.tenant_id).lower()
        if not self.apps.has_tenant(tenant):
            raise EmulatorError(f"there is no tenant '{tenant}': an app that is posted to /emulator/apps makes one")
        return tenant
