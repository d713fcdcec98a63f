"""Asking endpoints whether they are there: a URL in, nothing or Graph's refusal out (facts 4).

The only module that sends requests. They go to this machine only: a token of a local Graph proves nothing to others.
"""

import asyncio
import http
import itertools
import ssl
import urllib.parse
import uuid
from collections.abc import Iterable
from pathlib import Path

import httpx

from reconciler.emulator import refusals
from reconciler.emulator.options import is_loopback

CLIENTS = 12
FEW_CONNECTIONS = httpx.Limits(max_connections=8)
"""A pool of httpx is slow with more; together that is as many requests at once as a client has creations in flight."""
OPENING = "Validation: Testing client application reachability for subscription Request-Id:"
PITFALLS = "+ 100% a&b=c ?#/ é→"
"""What receivers get wrong: a plus is no space, a percent sign no escape, and not everything is ASCII."""


class Endpoints:
    def __init__(self, *, ca_file: Path, limit: float) -> None:
        context = ssl.create_default_context()
        context.load_verify_locations(ca_file)
        self._limit = limit
        self._clients = [
            httpx.AsyncClient(verify=context, trust_env=False, timeout=limit, limits=FEW_CONNECTIONS)
            for _ in range(CLIENTS)
        ]
        self._turns = itertools.cycle(self._clients)

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def validate(self, urls: Iterable[str]) -> None:
        """One after another, equal ones too: two URLs that are equal get two requests (facts 4.3)."""
        for url in urls:
            await self._validate(url)

    async def _validate(self, url: str) -> None:
        token = f"{OPENING} {uuid.uuid4()} {PITFALLS}"
        if not is_loopback(urllib.parse.urlsplit(url).hostname or ""):
            raise refusals.validation_failed(refusals.MUST_BE_OK)
        try:
            async with asyncio.timeout(self._limit):
                response = await next(self._turns).post(
                    with_token(url, token), headers={"Content-Type": "text/plain; charset=utf-8"}
                )
        except TimeoutError as error:
            raise refusals.validation_timed_out() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise refusals.validation_failed(refusals.MUST_BE_OK) from error
        check(response, token)


def with_token(url: str, token: str) -> str:
    """A query that is there is kept (facts 4.1)."""
    url = url.partition("#")[0]
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}validationToken={urllib.parse.quote(token, safe='')}"


def check(response: httpx.Response, token: str) -> None:
    if response.status_code != http.HTTPStatus.OK:
        reason = f"HTTP status code is '{status_name(response.status_code)}'. {refusals.MUST_BE_OK}"
        raise refusals.validation_failed(reason)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "text/plain":
        raise refusals.validation_failed(refusals.MUST_BE_OK)
    if response.content != token.encode():
        raise refusals.validation_failed("Response must exactly match validationToken query parameter.")


def status_name(status: int) -> str:
    """As .NET names it: ``NotFound``."""
    try:
        return http.HTTPStatus(status).phrase.replace(" ", "").replace("-", "")
    except ValueError:
        return str(status)
