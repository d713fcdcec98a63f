"""``/v1.0`` and ``/beta``: requests in, Graph's answers out (facts 3)."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from reconciler.core.catalog import Version
from reconciler.emulator.entra.tokens import Caller, InvalidToken
from reconciler.emulator.faults import Faults
from reconciler.emulator.model import answers, refusals
from reconciler.emulator.model.incoming import CALLER, LOST, below, body_of, method_of, segments
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.model.subscriptions import Subscription
from reconciler.emulator.parts import Parts
from reconciler.emulator.web import pages
from reconciler.emulator.web.batches import Batches
from reconciler.emulator.web.principals import Principals, client_in
from reconciler.emulator.world.routes import WorldRoutes

FOREIGN = "https://graph.another-host.invalid"


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One request below a version: who asks what of which subscription."""

    request: Request
    caller: Caller
    method: str
    identifier: str | None

    @property
    def content_type(self) -> str:
        return self.request.headers.get("content-type", "")


class Graph:
    """One version of it, as an ASGI application."""

    def __init__(self, version: Version, parts: Parts) -> None:
        self.version = version
        self.batches = Batches(parts.service, version=version)
        self.service = parts.service
        self.throttle = parts.throttle
        self.tokens = parts.tokens
        self.origin = parts.origin
        self.page_size = parts.options.page_size
        self.principals = Principals(parts.apps, version=version, origin=parts.origin)
        self.world = WorldRoutes(parts.world, version=version, origin=parts.origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        method = method_of(request)
        given = answers.headers(request)
        await asyncio.sleep(self.service.faults.delay(method))
        try:
            response = await self.respond(request, method)
        except Refusal as refusal:
            response = answers.refused(refusal, given=given, now=self.service.clock.now())
        except ClientDisconnect:
            return
        response.headers.update(given)
        scope[LOST] = self.service.faults.take_loss(method) or scope.get(LOST, False)
        await response(scope, receive, send)

    async def respond(self, request: Request, method: str) -> Response:
        """First the answers that were ordered, then the token, the limits of requests, and the path."""
        ordered = self.service.faults.take_answer(method, self.version)
        if ordered is not None:
            retry = {"Retry-After": ordered.retry_after} if ordered.retry_after is not None else {}
            raise Refusal(ordered.status, ordered.code, ordered.message, headers=retry)
        caller = self.authenticate(request)
        self.check_rate(method, caller)
        match segments(request):
            case ["$batch"]:
                return await self.batches.respond(request)
            case ["subscriptions"]:
                return await self.collection(Call(request, caller, method, None))
            case ["subscriptions", identifier]:
                return await self.item(Call(request, caller, method, identifier))
            case ["subscriptions", identifier, "reauthorize"]:
                return await self.reauthorize(Call(request, caller, method, identifier))
            case ["subscriptions", _, other, *_]:
                raise refusals.no_segment(other)
            case [segment] if client := client_in(segment):
                return self.principals.respond(request, caller, client=client)
            case _:
                return await self.world.respond(request, caller, path=below(request))

    def authenticate(self, request: Request) -> Caller:
        try:
            caller = self.tokens.check(request.headers.get("authorization"), now=self.service.clock.now())
        except InvalidToken as error:
            raise refusals.unauthenticated(str(error), authority=self.origin) from error
        request.scope[CALLER] = caller
        return caller

    def check_rate(self, method: str, caller: Caller) -> None:
        """Facts 8.1."""
        if self.service.behaviours["throttling"] == "off":
            return
        seconds = self.throttle.take(method, (caller.tenant, caller.app), self.service.clock.now())
        if seconds:
            raise refusals.throttled(seconds)

    async def collection(self, call: Call) -> Response:
        match call.request.method:
            case "GET":
                return self.list(call)
            case "POST":
                subscription = await self.service.create(
                    await body_of(call.request),
                    content_type=call.content_type,
                    caller=call.caller,
                    version=self.version,
                )
                location = f"{self.origin}/{self.version}/subscriptions/{subscription.id}"
                return self.entity(answers.created(subscription), status=201, headers={"Location": location})
            case other:
                raise refusals.not_allowed(other, "GET, POST")

    async def item(self, call: Call) -> Response:
        identifier = call.identifier or ""
        match call.request.method:
            case "GET":
                found = self.service.find(identifier, caller=call.caller, version=self.version)
                shown = self.service.behaviours["client-state-on-get"] == "shown"
                return self.entity(answers.properties(found, client_state=shown))
            case "PATCH":
                changed = await self.service.change(
                    identifier,
                    await body_of(call.request),
                    content_type=call.content_type,
                    caller=call.caller,
                    version=self.version,
                )
                return self.entity(answers.properties(changed, client_state=True))
            case "DELETE":
                self.service.delete(identifier, caller=call.caller, version=self.version)
                return Response(status_code=204)
            case other:
                raise refusals.not_allowed(other, "DELETE, GET, PATCH")

    async def reauthorize(self, call: Call) -> Response:
        if call.request.method != "POST":
            raise refusals.not_allowed(call.request.method, "POST")
        await self.service.reauthorize(call.identifier or "", caller=call.caller, version=self.version)
        return Response(status_code=204)

    def list(self, call: Call) -> Response:
        """Only ``$skiptoken`` is understood: LIST supports no query options (facts 1.2)."""
        for name in call.request.query_params:
            if name != "$skiptoken":
                raise refusals.bad_request(f"Query option '{name}' is not allowed.")
        here = pages.place(call.request.query_params.get("$skiptoken"))
        faults = self.service.faults if self.version in self.service.faults.versions else Faults()
        shown = ((serial, each) for serial, each in self.owned(call, faults) if self.service.shows(each, self.version))
        page = pages.page(pages.later(pages.kept(shown, faults), here), here, size=self.page_size, fault=faults.list)
        return JSONResponse(self.page_json(page))

    def owned(self, call: Call, faults: Faults) -> Iterator[tuple[int, Subscription]]:
        owner, now = (call.caller.tenant, call.caller.app), self.service.clock.now()
        if faults.stale:
            return self.service.subscriptions.owned_then(owner, now, ago=dt.timedelta(seconds=faults.stale))
        return self.service.subscriptions.owned(owner, now)

    def page_json(self, page: pages.Page) -> dict[str, Any]:
        body: dict[str, Any] = {
            "@odata.context": f"{self.origin}/{self.version}/$metadata#subscriptions",
            "value": [answers.listed(each) for each in page.items],
        }
        if page.next is not None:
            host = FOREIGN if page.foreign else self.origin
            body["@odata.nextLink"] = f"{host}/{self.version}/subscriptions?$skiptoken={page.next}"
        return body

    def entity(self, body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        context = {"@odata.context": f"{self.origin}/{self.version}/$metadata#subscriptions/$entity"}
        return JSONResponse(context | body, status_code=status, headers=headers)
