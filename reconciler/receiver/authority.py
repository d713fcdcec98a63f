"""The way to a cloud's authority: a path in, a public document out. The only module here that imports httpx.

Nothing secret is sent. What comes is limited in size and time, and a redirect is not followed: the document says whose
signature counts, so it comes from the authority itself or not at all.
"""

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx

from reconciler import __version__
from reconciler.clients import UnreadableAuthorities, authorities
from reconciler.receiver.signing_keys import FetchFailed

__all__ = ["Authority"]

HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",  # so that the size on the wire is the size in the memory
    "user-agent": f"reconciler/{__version__}",
}
LARGEST = 1024 * 1024
SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Authority:
    """Opens a client for each document: it is one or two a day. ``ca_file`` is as in ``Cloud``."""

    origin: str
    ca_file: str | None = None
    proxies: bool = False
    """Whether the environment's count: they are for the known clouds, not for a laboratory's."""

    seconds: float = SECONDS
    """For all of it, from the connection to the last byte."""

    async def fetch(self, path: str) -> bytes:
        """Raises FetchFailed."""
        try:
            async with asyncio.timeout(self.seconds):
                return await self.get(path)
        except TimeoutError as error:
            raise FetchFailed(f"{self.host} did not finish its answer within {self.seconds:g} seconds") from error
        # The last two are a proxy of the environment that httpx cannot use.
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
            raise FetchFailed(
                f"{self.host} cannot be read: {str(error).rstrip(' .') or type(error).__name__}"
            ) from error

    async def get(self, path: str) -> bytes:
        trusted = await asyncio.to_thread(self.trust)  # reads the machine's authorities, which takes a while
        async with (
            httpx.AsyncClient(verify=trusted, trust_env=self.proxies, follow_redirects=False) as client,
            client.stream("GET", f"{self.origin}{path}", headers=HEADERS, timeout=self.seconds) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise FetchFailed(f"{self.host} answered {response.status_code} instead of its keys")
            return await self.whole(response.aiter_raw())

    async def whole(self, chunks: AsyncIterator[bytes]) -> bytes:
        content = bytearray()
        async for chunk in chunks:
            content += chunk
            if len(content) > LARGEST:
                raise FetchFailed(f"the answer of {self.host} is larger than {LARGEST // 2**20} MiB")
        return bytes(content)

    def trust(self) -> ssl.SSLContext:
        try:
            return authorities(self.ca_file)
        except UnreadableAuthorities as error:
            raise FetchFailed(str(error)) from error

    @property
    def host(self) -> str:
        return urlsplit(self.origin).netloc
