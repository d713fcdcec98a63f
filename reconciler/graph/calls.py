"""One request in, what Graph answered out: with a token, in its turn, and again where that may help.

What may be repeated is: everything but a POST of a subscription, and that too where Graph surely did not carry it out.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import tenacity

from reconciler.core.errors import AnswerLost, GraphError, Throttled, Transient, Unsorted
from reconciler.core.refusals import Refusal, redacted, sort_refusal
from reconciler.core.snapshot import SECRETS
from reconciler.engine.ports import Clock
from reconciler.graph.answers import Answer, Observed, instant
from reconciler.graph.authentication import Tokens
from reconciler.graph.pacing import Kind, Pacer
from reconciler.graph.transport import Transport

__all__ = ["Calls", "OnAnswer", "Patience", "Request", "Watch"]

log = logging.getLogger(__name__)

Read = TypeVar("Read")


OnAnswer = Callable[[Observed], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Watch:
    """Whom to tell of each answer of one tenant's Graph; what goes wrong there is theirs, and no call fails for it."""

    tenant_id: str
    on_answer: OnAnswer

    def saw(self, request: "Request", answer: Answer, *, sent_at: dt.datetime, received_at: dt.datetime) -> None:
        observed = Observed(
            tenant_id=self.tenant_id,
            kind=request.kind,
            status=answer.status,
            date=instant(answer.headers.get("date", "")),
            sent_at=sent_at,
            received_at=received_at,
        )
        try:
            self.on_answer(observed)
        except Exception:
            log.exception("%s was answered, and who watches the answers failed at it", request.operation)


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """How long a single call goes on trying: ``waiting`` is the sum of its pauses, in seconds."""

    tries: int = 5
    waiting: float = 60
    first_pause: float = 1
    longest_pause: float = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    url: str
    kind: Kind
    operation: str
    """As messages name it: ``PATCH subscription <id>``."""

    subscription_id: str | None = None
    body: Mapping[str, Any] | None = None
    repeatable: bool = True


class Calls:
    """The calls that one tenant's client makes."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        transport: Transport,
        pacer: Pacer,
        clock: Clock,
        patience: Patience | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._tokens = tokens
        self._transport = transport
        self._pacer = pacer
        self._clock = clock
        self._patience = patience or Patience()
        self._watch = watch

    async def call(self, request: Request, read: Callable[[Answer], Read]) -> Read:
        """Ask until it works, it cannot, or patience ends; ``read`` raises ValueError for what makes no sense."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda error: may_be_repeated(request, error)),
            wait=self.pause,
            stop=self.enough,
            before_sleep=note,
            sleep=self._clock.sleep,
            reraise=True,
        )
        return await retrying(self.attempt, request, read)

    def pause(self, state: tenacity.RetryCallState) -> float:
        """As Graph says, else longer each time and never the same for two callers (facts 8.3)."""
        error = error_of(state)
        if isinstance(error, Throttled) and error.retry_after is not None:
            return error.retry_after
        patience = self._patience
        backoff = tenacity.wait_exponential_jitter(
            initial=patience.first_pause, max=patience.longest_pause, jitter=patience.first_pause
        )
        return backoff(state)

    def enough(self, state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self._patience.tries or waited > self._patience.waiting

    async def attempt(self, request: Request, read: Callable[[Answer], Read]) -> Read:
        token = await self._tokens.token()
        answer = await self.send(request, token)
        if refused_token(answer):
            # Expired since it was handed out, or revoked: a new one, once. Nothing was carried out.
            await self._tokens.drop(token)
            answer = await self.send(request, await self._tokens.token())
        if not 200 <= answer.status < 300:
            raise self.sort(request, answer)
        try:
            return read(answer)
        except ValueError as error:
            kind = Unsorted if request.repeatable else AnswerLost
            raise kind(
                f"{request.operation}: Graph answered {answer.status} with {error}", status=answer.status
            ) from error

    async def send(self, request: Request, token: str) -> Answer:
        await self._pacer.turn(request.kind, ready=self._transport.slots.acquire)
        sent_at = self._clock.now()
        try:
            answer = await self._transport.send(request.method, request.url, token=token, body=request.body)
        except GraphError as error:
            raise error.adding(f" ({request.operation})") from error
        finally:
            self._transport.slots.release()
        if self._watch is not None:
            self._watch.saw(request, answer, sent_at=sent_at, received_at=self._clock.now())
        return answer

    def sort(self, request: Request, answer: Answer) -> GraphError:
        error = sort_refusal(refusal_of(request, answer))
        if isinstance(error, Throttled):
            self._pacer.throttled(request.kind, retry_after=error.retry_after)
        if not request.repeatable and in_doubt(error):
            return AnswerLost(error.message, status=error.status, code=error.code, request_id=error.request_id)
        return error


def in_doubt(error: GraphError) -> bool:
    """Whether a POST may have been carried out: only a 429 says for certain that it was not (facts 11.4)."""
    return isinstance(error, Transient) or (isinstance(error, Throttled) and error.status != 429)


def may_be_repeated(request: Request, error: BaseException) -> bool:
    if isinstance(error, AnswerLost):
        return request.repeatable
    return isinstance(error, Transient | Throttled)


def refused_token(answer: Answer) -> bool:
    return answer.status == 401 and str(envelope(answer).get("code")).lower() == "invalidauthenticationtoken"


def refusal_of(request: Request, answer: Answer) -> Refusal:
    error = envelope(answer)
    inner = error.get("innerError") or error.get("innererror")
    request_id = answer.headers.get("request-id") or (inner.get("request-id") if isinstance(inner, dict) else None)
    secrets = [str(value) for name, value in (request.body or {}).items() if name in SECRETS and value]
    return Refusal(
        operation=request.operation,
        status=answer.status,
        code=str(error.get("code") or ""),
        text=redacted(str(error.get("message") or ""), secrets),
        request_id=request_id,
        retry_after=answer.retry_after,
        subscription_id=request.subscription_id,
    )


def envelope(answer: Answer) -> Mapping[str, Any]:
    """Graph's ``error`` (facts 3.3); empty where something else answered, such as a proxy."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def note(state: tenacity.RetryCallState) -> None:
    log.debug("trying again in %.1f s: %s", state.upcoming_sleep, error_of(state))
