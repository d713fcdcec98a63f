"""Asking endpoints whether they are there: a URL in, nothing or Graph's refusal out (facts 4)."""

import asyncio
import http
import urllib.parse
import uuid
from collections.abc import Iterable

from reconciler.emulator.connections import Answer
from reconciler.emulator.faults import Faults
from reconciler.emulator.model import addresses, refusals
from reconciler.emulator.outgoing import Outgoing, TooSlow, Unreachable

OPENING = "Validation: Testing client application reachability for subscription Request-Id:"
PITFALLS = "+ 100% a&b=c ?#/ é→"
"""What receivers get wrong: a plus is no space, a percent sign no escape, and not everything is ASCII."""
PLAIN_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


class Endpoints:
    def __init__(self, outgoing: Outgoing, *, faults: Faults, limit: float) -> None:
        self._outgoing = outgoing
        self._faults = faults
        self._limit = limit

    async def validate(self, urls: Iterable[str]) -> None:
        """One after another, equal ones too: two URLs that are equal get two requests (facts 4.3).

        Event hubs are asked nothing that they could answer (facts 4.8).
        """
        for url in filter(addresses.is_https, urls):
            await self._validate(url)

    async def _validate(self, url: str) -> None:
        """A request that is repeated on purpose is the same each time, and each must be answered."""
        fault = self._faults.validation
        token = f"{OPENING} {uuid.uuid4()} {PITFALLS}"
        await asyncio.sleep(fault.delay)
        for _ in range(1 + fault.repeat):
            await self._ask(url, token)

    async def _ask(self, url: str, token: str) -> None:
        try:
            answer = await self._outgoing.post(with_token(url, token), b"", headers=PLAIN_TEXT, within=self._limit)
        except TooSlow as error:
            raise refusals.validation_timed_out() from error
        except Unreachable as error:
            raise refusals.validation_failed(refusals.MUST_BE_OK) from error
        check(answer, token)


def with_token(url: str, token: str) -> str:
    """A query that is there is kept (facts 4.1)."""
    url = url.partition("#")[0]
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}validationToken={urllib.parse.quote(token, safe='')}"


def check(answer: Answer, token: str) -> None:
    if answer.status_code != http.HTTPStatus.OK:
        reason = f"HTTP status code is '{status_name(answer.status_code)}'. {refusals.MUST_BE_OK}"
        raise refusals.validation_failed(reason)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "text/plain":
        raise refusals.validation_failed(refusals.MUST_BE_OK)
    if answer.content != token.encode():
        raise refusals.validation_failed("Response must exactly match validationToken query parameter.")


def status_name(status: int) -> str:
    """As .NET names it: ``NotFound``."""
    try:
        return http.HTTPStatus(status).phrase.replace(" ", "").replace("-", "")
    except ValueError:
        return str(status)
