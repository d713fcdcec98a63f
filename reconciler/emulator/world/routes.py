"""The world over HTTP: a request below a version in, Graph's answer out.

As Graph does it, a team is created with 202 and where it will be, and changes of teams and channels have no body.
"""

import itertools
import urllib.parse
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.core.catalog import Version
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.model import refusals
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.world import bodies, layout, places
from reconciler.emulator.world.checks import Purpose
from reconciler.emulator.world.kinds import Properties, etag
from reconciler.emulator.world.places import Place
from reconciler.emulator.world.queries import EVERYTHING, Query, query, token
from reconciler.emulator.world.teams import TEAM
from reconciler.emulator.world.world import World


class WorldRoutes:
    """One version of it."""

    def __init__(self, world: World, *, version: Version, origin: str) -> None:
        self.world = world
        self.version = version
        self.root = f"{origin}/{version}"

    async def respond(self, request: Request, caller: Caller, *, path: str) -> Response:
        """``path`` is below the version, without a slash at its ends, escapes as they were sent. Raises ``Refusal``."""
        join_url = places.call_events_url(path)
        if join_url is not None:
            return await self._call_event(request, caller, join_url)
        me = caller.principal if caller.delegated else None
        place = self.world.place(path, tenant=caller.tenant, version=self.version, me=me)
        match request.method, place.is_thing:
            case "GET", True:
                return self._entity(place, self.world.read(place), asked=query(request, many=False))
            case "GET", False:
                return self._page(request, place, path)
            case "POST", False if not place.read_only:
                return await self._created(request, caller, place)
            case "PATCH", True if not place.read_only:
                return await self._changed(request, place)
            case "DELETE", True if not place.read_only:
                self.world.delete(place)
                return Response(status_code=204)
        raise not_allowed(request.method, place)

    async def _created(self, request: Request, caller: Caller, place: Place) -> Response:
        given = await bodies.properties(request, place.collection, Purpose.CREATE)
        made, body = self.world.create(place, given, who=caller.principal)
        if place.collection.kind is not TEAM:
            return self._entity(made, body, status=201, headers={"Location": f"{self.root}/{quoted(made.path)}"})
        where = f"/teams('{quoted(made.ids[0])}')"
        operation = f"{where}/operations('{uuid.uuid4()}')"
        return self._entity(made, body, status=202, headers={"Location": operation, "Content-Location": where})

    async def _changed(self, request: Request, place: Place) -> Response:
        self.world.read(place)  # what is not there is 404, whatever is sent
        given = await bodies.properties(request, place.collection, Purpose.CHANGE)
        body = self.world.update(place, given)
        status = place.collection.kind.patch_status
        return Response(status_code=status) if status == 204 else self._entity(place, body)

    async def _call_event(self, request: Request, caller: Caller, join_url: str) -> Response:
        """Ours: nobody can tell Graph what happens in a call, and nobody can read it (facts 2.5)."""
        if self.version is not Version.BETA:
            raise refusals.no_segment("meetingCallEvents")
        if request.method != "POST":
            raise refused_method(request.method, "POST")
        given = await bodies.call_event(request)
        body = self.world.call_event(join_url, given, tenant=caller.tenant)
        return JSONResponse(body, status_code=201)

    def _page(self, request: Request, place: Place, path: str) -> Response:
        asked = query(request, many=True, filterable=place.collection.key == layout.MEETINGS)
        wanted = ((serial, body) for serial, body in self.world.rows(place, after=asked.after) if asked.wants(body))
        rows = [*itertools.islice(wanted, asked.size + 1)]
        page: dict[str, Any] = {
            "@odata.context": self._context(place),
            "value": [shown(place, body, asked) for _, body in rows[: asked.size]],
        }
        if len(rows) > asked.size:
            options = {name: value for name, value in request.query_params.items() if name.lower() != "$skiptoken"}
            following = urllib.parse.urlencode(options | {"$skiptoken": token(rows[asked.size - 1][0])}, safe="$")
            page["@odata.nextLink"] = f"{self.root}/{path}?{following}"
        return JSONResponse(page)

    def _entity(
        self,
        place: Place,
        body: Properties,
        *,
        asked: Query = EVERYTHING,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        context = {"@odata.context": f"{self._context(place)}/$entity"}
        return JSONResponse({**context, **shown(place, body, asked)}, status_code=status, headers=headers)

    def _context(self, place: Place) -> str:
        """``…/$metadata#teams('id')/channels``."""
        keyed = place.collection.spelled.replace("/*", "('*')").split("*")
        return f"{self.root}/$metadata#" + "".join(itertools.chain(*zip(keyed, (*place.above, ""), strict=True)))


def quoted(path: str) -> str:
    """As it can stand in a header; an id may have any letters, and has its escapes already."""
    return urllib.parse.quote(path, safe="/:@%")


def shown(place: Place, body: Properties, asked: Query) -> Properties:
    annotations = {"@odata.etag": etag(body)} if place.collection.etags else {}
    return {**annotations, **asked.shown(body)}


def not_allowed(method: str, place: Place) -> Refusal:
    allowed = ["GET"] if place.read_only else ["DELETE", "GET", "PATCH"] if place.is_thing else ["GET", "POST"]
    return refused_method(method, ", ".join(allowed))


def refused_method(method: str, allowed: str) -> Refusal:
    return Refusal(405, "MethodNotAllowed", f"The method '{method}' is not allowed here.", headers={"Allow": allowed})
