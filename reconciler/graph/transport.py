"""Requests in, answers out. The only module here that imports httpx, for Graph and for msal alike.

What fails below HTTP is raised as a GraphError that says whether the request may have been carried out: Transient where
it was never sent, AnswerLost where it may have been, Denied where the certificate is not to be trusted.
"""

import asyncio
import contextlib
import dataclasses
import functools
import ssl
import urllib.parse
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from http.cookiejar import CookieJar
from typing import Any

import httpx

from reconciler import __version__
from reconciler.clients import CONNECTIONS, LIMITS, Clients, UnreadableAuthorities, authorities, distrusted
from reconciler.core.clouds import Cloud
from reconciler.core.errors import AnswerLost, Denied, GraphError, Transient, Unsorted
from reconciler.core.hosts import on_loopback
from reconciler.graph.answers import Answer

__all__ = ["MachineHttp", "Timeouts", "TokenAnswer", "TokenHttp", "Transport"]

IN_FLIGHT = 100
CLIENTS = -(-IN_FLIGHT // CONNECTIONS)
LARGEST_ANSWER = 32 * 1024 * 1024
USER_AGENT = f"reconciler/{__version__}"
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class NoCookies(CookieJar):
    """Graph needs none, and looking for them in each answer takes longer than the answer's JSON does."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Keep nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds. A POST blocks until Graph has validated both of our URLs, about 20 s at worst (facts 3.1)."""

    connect: float = 10
    read: float = 60
    token_read: float = 20
    """``read`` for tokens, if that is longer: no validation is waited for there, and a Ctrl-C waits for the thread."""

    machine_connect: float = 3
    """``connect`` for what this machine or the link next to it answers, or nobody does."""

    total: float = 120
    """For a server that sends a byte now and then."""


class Transport:
    """The way to one cloud's Graph: ``slots`` says how many requests may be in flight, ``send`` makes one."""

    def __init__(self, cloud: Cloud, *, timeouts: Timeouts | None = None) -> None:
        self.cloud = cloud
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self._timeouts = timeouts or Timeouts()
        self._clients = Clients(self.open_client, most=CLIENTS)
        self._tls: ssl.SSLContext | None = None

    async def send(self, method: str, url: str, *, token: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Send one request to this cloud's Graph; to any other place none is sent, so no token leaks (decision 23)."""
        target = within(url, self.cloud.graph)
        headers = {
            "authorization": f"Bearer {token}",
            "client-request-id": str(uuid.uuid4()),
            "accept": "application/json",
        }
        with self._clients.client() as client, failures(method, target.host, self.cloud):
            async with asyncio.timeout(self._timeouts.total):
                async with client.stream(method, target, headers=headers, json=body) as response:
                    content = await whole(response.aiter_bytes(), target.host)
                    return Answer(response.status_code, content, lowered(response.headers))

    def open_client(self) -> httpx.AsyncClient:
        self._tls = self._tls or trust(self.cloud)
        return httpx.AsyncClient(
            verify=self._tls,
            trust_env=proxies_allowed(self.cloud),
            timeout=httpx_timeout(self._timeouts),
            limits=LIMITS,
            headers={"user-agent": USER_AGENT},
            cookies=NoCookies(),
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        await self._clients.aclose()


@dataclasses.dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What msal asks of a response."""

    status_code: int
    text: str = dataclasses.field(repr=False)
    headers: Mapping[str, str] = dataclasses.field(repr=False)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise Transient(f"the token endpoint answered {self.status_code}", status=self.status_code)


class TokenHttp:
    """What msal takes as ``http_client``. ``last`` is the answer that came last: msal keeps little of a bad one."""

    def __init__(self, cloud: Cloud, *, timeouts: Timeouts | None = None) -> None:
        self.last: TokenAnswer | None = None
        self._cloud = cloud
        self._timeouts = for_tokens(timeouts or Timeouts())
        self._client: httpx.Client | None = None

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> TokenAnswer:
        return self.send("GET", url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> TokenAnswer:
        """``data`` is a text, or a mapping with bytes among its values, which httpx would spell as Python does."""
        form = data if isinstance(data, str | bytes) else urllib.parse.urlencode(data or {})
        typed = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.send("POST", url, params=params, headers=typed, content=form)

    def send(self, method: str, url: str, **arguments: Any) -> TokenAnswer:
        self.last = None
        target = httpx.URL(url) if self._cloud.known else within(url, self._cloud.authority)
        # A lost answer costs nothing here: asking for a token twice is harmless.
        with failures("GET", target.host, self._cloud):
            response = self.client().request(method, target, **arguments)
            self.last = TokenAnswer(response.status_code, response.text, lowered(response.headers))
        return self.last

    def client(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                verify=trust(self._cloud),
                trust_env=proxies_allowed(self._cloud),
                timeout=httpx_timeout(self._timeouts),
                headers={"user-agent": USER_AGENT},
                follow_redirects=False,
            )
        return self._client

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class MachineHttp:
    """For what the environment of this process names: the endpoints of managed identities, GitHub's runner.

    Also what msal takes as ``http_client``. They are asked once an hour, so no connection is kept. ``proxies`` are only
    for who stands outside of this machine; TLS trusts what this machine does.
    """

    def __init__(self, *, proxies: bool, timeouts: Timeouts | None = None) -> None:
        self.last: TokenAnswer | None = None
        self.reached = True
        """False if the last request could not even be sent."""

        self._proxies = proxies
        self._timeouts = for_tokens(timeouts or Timeouts())

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> TokenAnswer:
        """Raises Denied for a URL that is none and a certificate that is not trusted, Transient for the rest."""
        self.last, self.reached = None, True
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            raise Denied("the environment of this process names an address that is no URL") from error
        with failures("GET", target.host, None), self.client() as client:
            try:
                response = client.get(target, params=params, headers=headers)
            except NEVER_SENT:
                self.reached = False
                raise
            self.last = TokenAnswer(response.status_code, response.text, lowered(response.headers))
        return self.last

    def client(self) -> httpx.Client:
        connect = self._timeouts.connect if self._proxies else self._timeouts.machine_connect
        return httpx.Client(
            verify=trust(None),
            trust_env=self._proxies,
            timeout=httpx_timeout(dataclasses.replace(self._timeouts, connect=connect)),
            headers={"user-agent": USER_AGENT},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Nothing is kept open."""


@contextlib.contextmanager
def failures(method: str, host: str, cloud: Cloud | None) -> Iterator[None]:
    """Turn what httpx raises into what we do next; only a GET is certain to have changed nothing."""
    lost: type[GraphError] = Transient if method == "GET" else AnswerLost
    try:
        yield
    except TimeoutError as error:
        raise lost(f"{host} did not finish its answer in time") from error
    except NEVER_SENT as error:
        raise unreachable(error, host, cloud) from error
    except httpx.HTTPError as error:
        raise lost(f"the answer of {host} was lost: {reason(error)}") from error


def unreachable(error: Exception, host: str, cloud: Cloud | None) -> GraphError:
    """A certificate that is not trusted does not heal by waiting, so it is for a person: Denied, not Transient."""
    why = distrusted(error)
    if why is None:
        return Transient(f"{host} cannot be reached: {reason(error)}")
    ca_file = cloud.ca_file if cloud else None
    trusted = f"the authorities of {ca_file}" if ca_file else "this machine's trusted authorities"
    where = "caFile" if cloud else "SSL_CERT_FILE"
    return Denied(
        f"the certificate of {host} does not fit {trusted} ({why});"
        f" name the right authority in {where}, or check who answers there"
    )


def reason(error: Exception) -> str:
    return str(error).rstrip(" .") or type(error).__name__


def trust(cloud: Cloud | None) -> ssl.SSLContext:
    try:
        return authorities(cloud.ca_file if cloud else None)
    except UnreadableAuthorities as error:
        raise Denied(str(error)) from error


def proxies_allowed(cloud: Cloud) -> bool:
    """The environment's proxies are for the known clouds: a test's or a laboratory's Graph is reached directly."""
    return cloud.known and not any(on_loopback(httpx.URL(url).host) for url in (cloud.graph, cloud.authority))


def within(url: str, home: str) -> httpx.URL:
    """Parse as httpx will when it sends, so that no URL can be read as one host here and as another there."""
    try:
        target, expected = httpx.URL(url), parsed(home)
    except httpx.InvalidURL as error:
        raise Unsorted("a link, or the origin of its cloud, is no URL, so it was not followed") from error
    if origin(target) == origin(expected) and not target.userinfo:
        return target
    raise Unsorted(
        f"a link leads from {expected.host} to another origin, {target.scheme or 'none'}://{target.host},"
        " so it was not followed"
    )


@functools.lru_cache(maxsize=16)
def parsed(home: str) -> httpx.URL:
    return httpx.URL(home)


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def httpx_timeout(timeouts: Timeouts) -> httpx.Timeout:
    # The pool has no limit of its own: that is the slots' business.
    return httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=None)


def for_tokens(timeouts: Timeouts) -> Timeouts:
    """msal blocks a thread that nothing can interrupt, and the process ends only once that thread has."""
    return dataclasses.replace(timeouts, read=min(timeouts.read, timeouts.token_read))


def lowered(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def whole(chunks: AsyncIterator[bytes], host: str) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise Unsorted(f"the answer of {host} is larger than {LARGEST_ANSWER // 2**20} MiB")
    return bytes(content)
