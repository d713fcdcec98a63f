"""The world over HTTP: a request below a version in, Graph's answer out."""

from starlette.requests import Request
from starlette.responses import Response

from reconciler.core.catalog import Version
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.graph import refusals
from reconciler.emulator.world.world import World


class WorldRoutes:
    """One version of it."""

    def __init__(self, world: World, *, version: Version, origin: str) -> None:
        self.world = world
        self.version = version
        self.origin = origin

    async def respond(self, request: Request, caller: Caller, *, path: str) -> Response:
        """``path`` is below the version, without a slash at its ends, escapes as they were sent. Raises ``Refusal``."""
        raise refusals.no_segment(path.partition("/")[0])
