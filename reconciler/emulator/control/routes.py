"""``/emulator/…``: what no Graph has. Time, faults, behaviours, applications, and a look at everything."""

from collections.abc import Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.emulator import faults, instants
from reconciler.emulator.control.asking import (
    Endpoint,
    complained,
    json_object,
    limit,
    optional_object,
    refuse_other,
    span,
)
from reconciler.emulator.control.deliveries import DeliveriesControl
from reconciler.emulator.control.keys import KeysControl
from reconciler.emulator.control.lifecycle import LifecycleControl
from reconciler.emulator.control.page import page
from reconciler.emulator.control.world import WorldControl
from reconciler.emulator.entra.tokens import LIFETIME
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import answers
from reconciler.emulator.notifications.endpoints import endpoint_of
from reconciler.emulator.parts import Parts
from reconciler.emulator.reading import LONGEST

T = TypeVar("T")
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
TOKEN_KEYS = ("clientId", "lifetime", "roles", "scopes", "tenantId")


class Control:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.table = self._table()

    def routes(self) -> list[Route]:
        paths = [Route(f"/emulator/{path}", complained(each), methods=[method]) for method, path, each in self.table]
        pages = [Route("/emulator", page), Route("/emulator/", page)]
        return [*pages, *paths, Route("/emulator/{path:path}", self.nothing, methods=METHODS)]

    def _table(self) -> Sequence[tuple[str, str, Endpoint]]:
        deliveries, lifecycle = DeliveriesControl(self.parts), LifecycleControl(self.parts)
        keys, world = KeysControl(keys=self.parts.keys, tokens=self.parts.tokens), WorldControl(self.parts)
        return (
            ("GET", "apps", self.apps),
            ("POST", "apps", self.register),
            ("GET", "behaviours", self.behaviours),
            ("PUT", "behaviours", self.change_behaviours),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.advance),
            ("GET", "deliveries", deliveries.deliveries),
            ("GET", "endpoints", deliveries.endpoints),
            ("GET", "faults", self.faults),
            ("PUT", "faults", self.set_faults),
            ("GET", "keys", keys.show),
            ("POST", "keys/rotate", keys.rotate),
            ("POST", "lifecycle", lifecycle.happen),
            ("GET", "requests", self.requests),
            ("POST", "reset", self.reset),
            ("GET", "subscriptions", self.subscriptions),
            ("POST", "tokens", self.token),
            ("GET", "world", world.show),
            ("POST", "world", world.add),
        )

    async def nothing(self, request: Request) -> Response:
        """What is asked here by mistake is answered as all else here, and not as Graph would."""
        asked = request.path_params["path"]
        if methods := [method for method, path, _ in self.table if path == asked]:
            error = f"{request.method} is nothing for '{request.url.path}': use {' or '.join(methods)}"
            return JSONResponse({"error": error}, status_code=405, headers={"Allow": ", ".join(methods)})
        known = ", ".join(dict.fromkeys(path for _, path, _ in self.table))
        error = f"there is no '{request.url.path}': below /emulator/ are {known}"
        return JSONResponse({"error": error}, status_code=404)

    async def apps(self, _: Request) -> Response:
        return JSONResponse({"value": [app.as_json() for app in self.parts.apps]})

    async def register(self, request: Request) -> Response:
        app = self.parts.apps.register(await optional_object(request))
        self.parts.lifecycle.registered(app)
        return JSONResponse(app.as_json(), status_code=201)

    async def behaviours(self, _: Request) -> Response:
        return JSONResponse(self.parts.behaviours.as_json())

    async def change_behaviours(self, request: Request) -> Response:
        """Those that are not named stay as they are."""
        self.parts.behaviours.change(await json_object(request))
        return await self.behaviours(request)

    async def clock(self, _: Request) -> Response:
        clock = self.parts.clock
        return JSONResponse(
            {"now": instants.spell(clock.now()), "offset": clock.offset.total_seconds(), "scale": clock.scale}
        )

    async def advance(self, request: Request) -> Response:
        data = await json_object(request)
        by = span(data.get("advance"))
        if by is None or data.keys() != {"advance"}:
            raise EmulatorError(f'the clock is moved with {{"advance": seconds}}, {LONGEST} at most')
        try:
            self.parts.clock.advance(by)
        except OverflowError as error:
            raise EmulatorError(f"the clock cannot be moved by {data['advance']} seconds: {error}") from error
        self.parts.agenda.wake()
        return await self.clock(request)

    async def faults(self, _: Request) -> Response:
        return JSONResponse(self.parts.faults.as_json())

    async def set_faults(self, request: Request) -> Response:
        """Those that are not named end."""
        self.parts.faults.become(faults.parse(await json_object(request)))
        return await self.faults(request)

    async def requests(self, request: Request) -> Response:
        """The newest last; ``?path=`` is how their paths begin. Looks at the control path are not among them."""
        refuse_other(request, "limit", "path")
        requests = self.parts.requests
        shown = requests.newest(limit(request), below=request.query_params.get("path", ""))
        return JSONResponse({"count": requests.count, "value": [each.as_json() for each in shown]})

    async def reset(self, _: Request) -> Response:
        self.parts.reset()
        return Response(status_code=204)

    async def subscriptions(self, request: Request) -> Response:
        """The newest last, and with ``?limit=`` only the newest; ``count`` is how many there are."""
        refuse_other(request, "limit")
        subscriptions = self.parts.subscriptions
        subscriptions.forget_expired(self.parts.clock.now())
        shown = newest(tuple(subscriptions), limit(request))
        value = [answers.everything(each) | {"endpoint": endpoint_of(each.notification_url)} for each in shown]
        return JSONResponse({"count": len(subscriptions), "value": value})

    async def token(self, request: Request) -> Response:
        """A token without a credential: with other permissions, of another lifetime, or a user's (with scopes)."""
        data = await optional_object(request)
        if unknown := sorted(data.keys() - set(TOKEN_KEYS)):
            raise EmulatorError(f"tokens: unknown key '{unknown[0]}', use {', '.join(TOKEN_KEYS)}")
        first = self.parts.apps.first
        tenant, client = data.get("tenantId", first.tenant_id), data.get("clientId", first.client_id)
        app = self.parts.apps.find(str(tenant), str(client))
        if app is None:
            raise EmulatorError(f"app '{client}' is not registered in tenant '{tenant}': POST it to /emulator/apps")
        lifetime = span(data.get("lifetime", LIFETIME.total_seconds()))
        if lifetime is None:
            raise EmulatorError(f"tokens: lifetime is a number of seconds, {LONGEST} at most")
        token = self.parts.tokens.issue(
            tenant=app.tenant_id,
            app=app.client_id,
            roles=names(data, "roles", app.roles),
            scopes=names(data, "scopes", ()),
            lifetime=lifetime,
            now=self.parts.clock.now(),
        )
        return JSONResponse({"access_token": token}, status_code=201)


def newest(items: Sequence[T], limit: int | None) -> Sequence[T]:
    return items if limit is None else items[max(0, len(items) - limit) :]


def names(data: dict[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise EmulatorError(f"tokens: {key} is a list of texts")
    return tuple(value)
