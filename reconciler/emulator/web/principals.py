"""Service principals: an application's id in, as much of it out as decides whether data is sent (facts 7.1)."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.core.catalog import Version
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.model import refusals
from reconciler.emulator.model.refusals import Refusal

PERMISSION = "Application.Read.All"
SEGMENT = re.compile(r"serviceprincipals\(appid='([^']*)'\)")
"""In lower case, as ``segments`` has it; ids are found in any."""


class Principals:
    """One version of them, to be read only."""

    def __init__(self, apps: Apps, *, version: Version, origin: str) -> None:
        self.apps = apps
        self.context = f"{origin}/{version}/$metadata#servicePrincipals"

    def respond(self, request: Request, caller: Caller, *, client: str) -> Response:
        """Raises ``Refusal``."""
        if request.method != "GET":
            raise refusals.not_allowed(request.method, "GET")
        if PERMISSION not in caller.permissions:
            raise Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        app = self.apps.find(caller.tenant, client)
        if app is None:
            raise refusals.not_found()
        wanted = request.query_params.get("$select")
        return JSONResponse(self.shown(app, [name.strip() for name in wanted.split(",")] if wanted else None))

    def shown(self, app: App, wanted: list[str] | None) -> dict[str, Any]:
        properties = {"appId": app.client_id, "appRoleAssignmentRequired": app.assignment_required}
        if wanted is None:
            return {"@odata.context": f"{self.context}/$entity", **properties}
        if unknown := next((name for name in wanted if name not in properties), None):
            message = f"Could not find a property named '{unknown}' on type 'microsoft.graph.servicePrincipal'."
            raise refusals.bad_request(message)
        chosen = {name: properties[name] for name in wanted}
        return {"@odata.context": f"{self.context}({','.join(wanted)})/$entity", **chosen}


def client_in(segment: str) -> str | None:
    """The application's id in ``servicePrincipals(appId='…')``."""
    found = SEGMENT.fullmatch(segment)
    return found[1] if found else None
