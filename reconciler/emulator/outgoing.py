"""Everything that goes out over HTTP, and the only module here that knows httpx.

Graph's own requests go to this machine only: a token of a local Graph proves nothing to others.
"""

import asyncio
import itertools
import ssl
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import httpx

from reconciler.emulator.options import is_loopback

CLIENTS = 12
FEW_CONNECTIONS = httpx.Limits(max_connections=8)
"""A pool of httpx is slow with more; together that is as many requests at once as a client has creations in flight."""

AsyncClient = httpx.AsyncClient
Client = httpx.Client
Response = httpx.Response


class Unreachable(Exception):
    """No answer could be had; the text says why."""


class TooSlow(Exception):
    """No answer within the time that was given."""


class Outgoing:
    """Posts to endpoints, trusting the emulator's authority besides the machine's."""

    def __init__(self, ca_file: Path) -> None:
        context = ssl.create_default_context()
        context.load_verify_locations(ca_file)
        self._clients = [
            httpx.AsyncClient(verify=context, trust_env=False, timeout=None, limits=FEW_CONNECTIONS)  # noqa: S113 (ours below)
            for _ in range(CLIENTS)
        ]
        self._turns = itertools.cycle(self._clients)

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def post(self, url: str, content: bytes, *, headers: Mapping[str, str], within: float) -> Response:
        """The answer; raises ``TooSlow`` after ``within`` seconds and ``Unreachable`` where there is none."""
        if not is_loopback(urllib.parse.urlsplit(url).hostname or ""):
            raise Unreachable("it is not on this machine")
        try:
            async with asyncio.timeout(within):
                return await next(self._turns).post(url, content=content, headers=dict(headers))
        except TimeoutError as error:
            raise TooSlow(f"no answer within {within:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(str(error) or type(error).__name__) from error


def connect(origin: str, ca_file: str, *, timeout: float = 30.0) -> Client:
    """For who asks an emulator: relative paths go to it; trusts its authority and nobody else."""
    return httpx.Client(base_url=origin, verify=trusting(ca_file), trust_env=False, timeout=timeout)


def connect_async(origin: str, ca_file: str, *, timeout: float = 30.0) -> AsyncClient:
    return httpx.AsyncClient(
        base_url=origin, verify=trusting(ca_file), trust_env=False, timeout=timeout, limits=FEW_CONNECTIONS
    )


def trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
