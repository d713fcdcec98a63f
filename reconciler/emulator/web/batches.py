"""``$batch``: one request in, the answers to all that are in it out (facts 8.4)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.core.catalog import Version
from reconciler.emulator.graph.service import Service
from reconciler.emulator.model import answers, refusals
from reconciler.emulator.model.incoming import LOST, WHOLE, body_of
from reconciler.emulator.web import batch, fanout


class Batches:
    """One version of it."""

    def __init__(self, service: Service, *, version: Version) -> None:
        self.service = service
        self.version = version

    async def respond(self, request: Request) -> Response:
        """200 whatever becomes of the items: each is answered and logged as if it had come alone. Raises ``Refusal``
        for what is malformed, then nothing is carried out."""
        if request.method != "POST":
            raise refusals.not_allowed(request.method, "POST")
        content_type = request.headers.get("content-type", "")
        items = batch.parse(await body_of(request), content_type=content_type)

        async def ask(item: batch.Item) -> fanout.Answer:
            answer, scope = await fanout.ask(request.scope[WHOLE], item, outer=request.scope, version=self.version)
            request.scope[LOST] = request.scope.get(LOST, False) or scope.get(LOST, False)
            return answer

        responses = await fanout.carry_out(items, ask=ask, refuse=lambda item: self._refuse(request, item))
        shuffled = self.service.behaviours["batch-order"] == "shuffled"
        return JSONResponse({"responses": fanout.shuffled(responses) if shuffled else responses})

    def _refuse(self, request: Request, item: batch.Item) -> fanout.Answer:
        """What depends on a failure."""
        now = self.service.clock.now()
        refusal = refusals.dependency_failed(item.after or "")
        body = answers.error(refusal, given=answers.headers(request), now=now)
        return fanout.answer(item.id, refusal.status, {"Content-Type": "application/json"}, body)
