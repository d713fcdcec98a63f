"""``/emulator/…``: what no Graph has. Time, faults, behaviours, applications, and a look at everything."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.emulator import faults, instants
from reconciler.emulator.entra.tokens import LIFETIME
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.graph import answers
from reconciler.emulator.parts import Parts

Endpoint = Callable[[Request], Awaitable[Response]]


class Control:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "apps", self.apps),
            ("POST", "apps", self.register),
            ("GET", "behaviours", self.behaviours),
            ("PUT", "behaviours", self.change_behaviours),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.advance),
            ("GET", "faults", self.faults),
            ("PUT", "faults", self.set_faults),
            ("POST", "reset", self.reset),
            ("GET", "subscriptions", self.subscriptions),
            ("POST", "tokens", self.token),
        ]
        return [Route(f"/emulator/{path}", complained(endpoint), methods=[method]) for method, path, endpoint in table]

    async def apps(self, _: Request) -> Response:
        return JSONResponse({"value": [app.as_json() for app in self.parts.apps]})

    async def register(self, request: Request) -> Response:
        return JSONResponse(self.parts.apps.register(await json_object(request)).as_json(), status_code=201)

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
        if data.keys() != {"advance"} or not is_number(data["advance"]):
            raise EmulatorError('the clock is moved with {"advance": seconds}')
        try:
            self.parts.clock.advance(dt.timedelta(seconds=data["advance"]))
        except (OverflowError, ValueError) as error:
            raise EmulatorError(f"the clock cannot be moved by {data['advance']} seconds: {error}") from error
        self.parts.agenda.wake()
        return await self.clock(request)

    async def faults(self, _: Request) -> Response:
        return JSONResponse(self.parts.faults.as_json())

    async def set_faults(self, request: Request) -> Response:
        """Those that are not named end."""
        self.parts.faults.become(faults.parse(await json_object(request)))
        return await self.faults(request)

    async def reset(self, _: Request) -> Response:
        self.parts.reset()
        return Response(status_code=204)

    async def subscriptions(self, _: Request) -> Response:
        subscriptions = self.parts.subscriptions
        subscriptions.forget_expired(self.parts.clock.now())
        return JSONResponse({"value": [answers.everything(each) for each in subscriptions]})

    async def token(self, request: Request) -> Response:
        """A token without a credential: with other permissions, of another lifetime, or a user's (with scopes)."""
        data = await json_object(request)
        if unknown := sorted(data.keys() - {"tenantId", "clientId", "roles", "scopes", "lifetime"}):
            raise EmulatorError(f"tokens: unknown key '{unknown[0]}'")
        first = self.parts.apps.first
        tenant, client = data.get("tenantId", first.tenant_id), data.get("clientId", first.client_id)
        app = self.parts.apps.find(str(tenant), str(client))
        if app is None:
            raise EmulatorError(f"app '{client}' is not registered in tenant '{tenant}': POST it to /emulator/apps")
        lifetime = data.get("lifetime", LIFETIME.total_seconds())
        if not is_number(lifetime):
            raise EmulatorError("tokens: lifetime is a number of seconds")
        token = self.parts.tokens.issue(
            tenant=app.tenant_id,
            app=app.client_id,
            roles=names(data, "roles", app.roles),
            scopes=names(data, "scopes", ()),
            lifetime=dt.timedelta(seconds=lifetime),
            now=self.parts.clock.now(),
        )
        return JSONResponse({"access_token": token}, status_code=201)


def complained(endpoint: Endpoint) -> Endpoint:
    """What was asked in a wrong way is answered with 400 and the reason."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except EmulatorError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer


async def json_object(request: Request) -> dict[str, Any]:
    try:
        data = await request.json()
    except ValueError as error:
        raise EmulatorError(f"the body is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise EmulatorError("the body must be a JSON object")
    return data


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def names(data: dict[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise EmulatorError(f"tokens: {key} is a list of texts")
    return tuple(value)
