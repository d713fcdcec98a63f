"""An event in, a POST of it out, signed as Standard Webhooks say. The only module here that imports httpx.

A redirect is not followed: what is sent may be confidential, so it goes where the manifest says or nowhere.
"""

import asyncio
import contextlib
import datetime as dt
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NoReturn

import httpx

from reconciler import __version__
from reconciler.clients import LIMITS, Clients, UnreadableAuthorities, authorities, distrusted
from reconciler.core.event import MEDIA_TYPE, Event
from reconciler.core.hosts import on_loopback
from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks.settings import HttpSettings
from reconciler.sinks.signing import read_key, signed

__all__ = ["HttpSink"]

CLIENTS = 8
LARGEST_ANSWER = 4096
"""Nothing in it is looked at: it is only read so that its connection can be used again."""

LONGEST_WAIT = dt.timedelta(days=1)
REFUSING = frozenset({400, 413, 415, 422})
REMEDIES = {
    401: "check signingKey and headers",
    403: "check signingKey and headers",
    404: "check the path of its url",
    405: "it must take POST, check its url",
    407: "check the proxy of the environment",
    410: "it wants no events any more, remove the Sink or change its url",
    429: "it is asked again later",
}
HEADER_VALUE = re.compile(rb"[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")


def system_time() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class HttpSink:
    """Done once the receiver has answered 2xx. What it will never take it says with 400, 413, 415 or 422."""

    def __init__(self, settings: HttpSettings, *, now: Callable[[], dt.datetime] = system_time) -> None:
        """Raises SinkError for a key or a header that cannot be sent."""
        self.settings, self.now = settings, now
        try:
            self.url = httpx.URL(settings.url)
        except httpx.InvalidURL as error:
            raise SinkError(f"the sink {settings.name!r} has a url that is none") from error
        self.keys = tuple(self.read_keys())
        self.headers = {
            "content-type": MEDIA_TYPE,
            "user-agent": f"reconciler/{__version__}",
        } | dict(self.read_headers())
        self.clients = Clients(self.open_client, most=CLIENTS)
        self.trusted: ssl.SSLContext | None = None

    async def send(self, event: Event) -> None:
        await self.trust()
        stamped = signed(self.keys, identifier=event.id, content=event.content, now=self.now())
        with self.failures(), self.clients.client() as client:
            async with (
                asyncio.timeout(self.settings.timeout),
                client.stream("POST", self.url, content=event.content, headers=self.headers | stamped) as response,
            ):
                await drain(response)
        if not response.is_success:
            self.judge(response.status_code, response.headers)

    def judge(self, status: int, headers: Mapping[str, str]) -> NoReturn:
        answered = f"{self} answered {status}"
        if status in REFUSING:
            raise Refused(f"{answered}: it does not take this event as it is, look into its logs")
        if 300 <= status < 400:
            raise Unreachable(
                f"{answered}, a redirect, which is not followed: name the place where it leads as its url"
            )
        remedy = REMEDIES.get(status, "look into its logs")
        raise Unreachable(f"{answered}: {remedy}", retry_after=wait(headers.get("retry-after"), self.now()))

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        try:
            yield
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unreachable(
                f"{self} did not answer within {self.settings.timeout:g} s: look why, or raise its timeout"
            ) from error
        # The last two are a proxy of the environment that httpx cannot use.
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
            raise Unreachable(f"{self} cannot be reached: {self.reason(error)}") from error

    def reason(self, error: Exception) -> str:
        if why := distrusted(error):
            trusted = self.settings.ca_file or "this machine's trusted authorities"
            return f"its certificate does not fit {trusted} ({why}), name its authority in caFile"
        if isinstance(error, httpx.RequestError) and not isinstance(error, httpx.LocalProtocolError):
            return f"{str(error).rstrip(' .') or type(error).__name__}, check that it runs"
        return f"{type(error).__name__}, check its url and the proxies of the environment"  # its text may be a secret

    def open_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self.trusted or True,
            trust_env=self.settings.ca_file is None and not on_loopback(self.url.host),
            timeout=httpx.Timeout(self.settings.timeout, pool=None),
            limits=LIMITS,
            follow_redirects=False,
        )

    async def trust(self) -> None:
        if self.trusted is None:
            self.trusted = await asyncio.to_thread(self.read_authorities)

    def read_authorities(self) -> ssl.SSLContext:
        try:
            return authorities(self.settings.ca_file)
        except UnreadableAuthorities as error:
            raise Unreachable(f"the sink {self.settings.name!r} cannot connect: {error}") from error

    def read_keys(self) -> Iterator[bytes]:
        for number, written in enumerate(self.settings.signing_keys, start=1):
            try:
                yield read_key(written)
            except ValueError as error:
                raise SinkError(
                    f"the sink {self.settings.name!r} cannot sign with its signing key no. {number}: {error},"
                    " write whsec_ and base64, or any other text"
                ) from None

    def read_headers(self) -> Iterator[tuple[str, str]]:
        """httpx would refuse a bad one with its value in the message."""
        for name, value in self.settings.headers.items():
            if not HEADER_VALUE.fullmatch(value):
                raise SinkError(
                    f"the sink {self.settings.name!r} cannot send the header {name}:"
                    " its value has a line break or another control character, or a space at an end"
                )
            yield name.lower(), value.decode("latin-1")

    async def close(self) -> None:
        await self.clients.aclose()

    def __str__(self) -> str:
        """Without the path and the query, which may be a secret of their own."""
        return f"the receiver {self.url.netloc.decode()} of the sink {self.settings.name!r}"


async def drain(response: httpx.Response) -> None:
    """One that is longer is broken off with its connection."""
    left = LARGEST_ANSWER
    async for chunk in response.aiter_raw():
        left -= len(chunk)
        if left < 0:
            break


def wait(written: str | None, now: dt.datetime) -> float | None:
    """``Retry-After`` in seconds; None where it says nothing that is understood."""
    if not written:
        return None
    if re.fullmatch(r"[0-9]{1,9}", written):
        asked = dt.timedelta(seconds=int(written))
    else:
        try:
            until = parsedate_to_datetime(written)
        except ValueError:
            return None
        asked = (until if until.tzinfo else until.replace(tzinfo=dt.UTC)) - now
    return min(max(asked, dt.timedelta()), LONGEST_WAIT).total_seconds()
