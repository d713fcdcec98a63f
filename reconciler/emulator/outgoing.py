"""Everything that goes out over HTTP, and the only module here that knows httpx.

Graph's own requests go to this machine only: a token of a local Graph proves nothing to others.
"""

import asyncio
import ssl
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import httpx

from reconciler.emulator.connections import Answer, Broken, Connections
from reconciler.emulator.options import is_loopback

FEW_CONNECTIONS = httpx.Limits(max_connections=8)
"""A pool of httpx is slow with more."""

FAREWELL = 0.02
"""Seconds for the transports of what was broken off to close: nobody tells when they have."""

AsyncClient = httpx.AsyncClient
Client = httpx.Client
ConnectError = httpx.ConnectError
HTTPError = httpx.HTTPError
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
        self._connections = Connections(context)

    async def aclose(self) -> None:
        await self._connections.close()
        await asyncio.sleep(FAREWELL)

    async def post(self, url: str, content: bytes, *, headers: Mapping[str, str], within: float) -> Answer:
        """The answer; raises ``TooSlow`` after ``within`` seconds and ``Unreachable`` where there is none."""
        if not is_loopback(urllib.parse.urlsplit(url).hostname or ""):
            raise Unreachable("it is not on this machine")
        try:
            async with asyncio.timeout(within):
                return await self._connections.post(url, content, headers=headers)
        except TimeoutError as error:
            raise TooSlow(f"no answer within {within:g} seconds") from error
        except Broken as error:
            raise Unreachable(str(error)) from error


def connect(origin: str, ca_file: str, *, timeout: float = 30.0) -> Client:
    """For who asks an emulator: relative paths go to it; trusts its authority and nobody else."""
    return httpx.Client(base_url=origin, verify=trusting(ca_file), trust_env=False, timeout=timeout)


def connect_async(origin: str, ca_file: str, *, timeout: float = 30.0) -> AsyncClient:
    return httpx.AsyncClient(
        base_url=origin, verify=trusting(ca_file), trust_env=False, timeout=timeout, limits=FEW_CONNECTIONS
    )


def trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
