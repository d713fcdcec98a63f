"""A URL in, exactly what came back out: as Graph asks our endpoints, and whoever else is to be asked without a token.

    asked = await handshake("https://hooks.contoso.com/notifications", ca_file=None)
    if asked.problem:
        ...                        # one sentence, without a secret

Nothing is raised for what goes wrong on the way: ``Reply.failure`` says how far it came. The only module of the daemon
that imports httpx.
"""

import asyncio
import dataclasses
import datetime as dt
import enum
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from reconciler import __version__
from reconciler.clients import UnreadableAuthorities, authorities, distrusted
from reconciler.core.hosts import on_loopback
from reconciler.core.refusals import redacted
from reconciler.graph.answers import Answer

__all__ = ["LIMIT", "Failure", "Handshake", "Reply", "Stage", "Tls", "fetch", "handshake"]

LIMIT = 10.0
"""Seconds that Graph waits for the answer to its validation request (facts 4)."""

GRACE = 0.5
"""Seconds for httpx, which counts each step by itself, to give up first: it closes what a cancellation leaves open."""

OPENING = "Validation: Testing client application reachability for subscription Request-Id:"
PITFALLS = "+ 100% é"
"""A plus that is no space, a percent sign that begins no escape, and more than ASCII: the token is opaque (facts 4)."""

LARGEST = 4 * 1024 * 1024
HEADERS = {"user-agent": f"reconciler/{__version__}", "accept-encoding": "identity"}
PLAIN_TEXT = "text/plain"


class Stage(enum.IntEnum):
    """Where a request came to its end, from outside in."""

    CONNECTION = 1
    """No connection: refused, unreachable, or a name that does not resolve."""

    TLS = 2
    """The two sides agreed on no protocol, or what answers speaks no TLS."""

    TRUST = 3
    """The certificate is not trusted, or its chain is not whole."""

    ANSWER = 4
    """No answer, or half of one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    stage: Stage
    message: str
    late: bool = False
    """Whether time was up, rather than that somebody said no."""

    def __str__(self) -> str:
        return self.message


@dataclasses.dataclass(frozen=True, slots=True)
class Tls:
    """What was agreed on."""

    version: str
    """As OpenSSL spells it: ``TLSv1.2``."""

    ends_at: dt.datetime | None = None
    """When the server's certificate does."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Either ``answer`` or ``failure`` is None; ``tls`` is None where it did not come so far."""

    seconds: float
    """From the first packet to the last byte, the connection included."""

    tls: Tls | None = None
    answer: Answer | None = None
    failure: Failure | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Handshake:
    """A validation request (facts 4) and what came back."""

    url: str = dataclasses.field(repr=False)
    """As the manifest spells it; its query may hold a secret."""

    token: str
    reply: Reply

    @property
    def seconds(self) -> float:
        return self.reply.seconds

    @property
    def problem(self) -> str | None:
        """Why Graph would not take this for an answer; None if all is well."""
        if self.reply.answer is None:
            return str(self.reply.failure)
        return problem_of(self.reply.answer, self.token)


async def handshake(
    url: str, *, ca_file: str | None, within: float = LIMIT, newest: ssl.TLSVersion | None = None
) -> Handshake:
    """Ask as Graph does. ``ca_file`` names the one authority to trust, None is the machine's trust.

    With ``newest`` no later version of TLS is offered. The environment's proxies count, but for loopback.
    """
    token = f"{OPENING} {uuid.uuid4()} {PITFALLS}"
    request = Outgoing("POST", with_token(url, token), {"content-type": f"{PLAIN_TEXT}; charset=utf-8"})
    proxies = ca_file is None and not on_loopback(urlsplit(url).hostname or "")
    return Handshake(url, token, await send(request, ca_file=ca_file, within=within, newest=newest, proxies=proxies))


async def fetch(url: str, *, ca_file: str | None = None, within: float = LIMIT, proxies: bool = False) -> Reply:
    """GET without a token; redirects are not followed."""
    return await send(Outgoing("GET", url), ca_file=ca_file, within=within, proxies=proxies)


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    method: str
    url: str = dataclasses.field(repr=False)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Trace:
    """What httpcore tells of the way, event by event."""

    def __init__(self) -> None:
        self.connected = False
        self.tls: Tls | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            self.connected = True
        if event.endswith("start_tls.complete"):
            # Behind a proxy there are two of them, and the last one is the endpoint's.
            self.tls = agreed(info["return_value"].get_extra_info("ssl_object"))

    def stage(self, error: BaseException) -> Stage:
        if distrusted(error):
            return Stage.TRUST
        if self.tls:
            return Stage.ANSWER
        return Stage.TLS if self.connected else Stage.CONNECTION


async def send(
    request: Outgoing, *, ca_file: str | None, within: float, newest: ssl.TLSVersion | None = None, proxies: bool
) -> Reply:
    trace, began = Trace(), time.monotonic()
    try:
        trusted = await asyncio.to_thread(
            trust, ca_file, newest
        )  # reads the machine's authorities, which takes a while
        began = time.monotonic()
        async with asyncio.timeout(within + GRACE):
            answer = await answered(request, trace, trusted, within=within, proxies=proxies)
    except UnreadableAuthorities as error:
        return Reply(seconds=0, failure=Failure(Stage.TRUST, str(error)))
    except (TimeoutError, httpx.TimeoutException) as error:
        message = f"there was no answer within {within:g} s"
        failure = Failure(trace.stage(error), message, late=True)
    # The last two are a proxy of the environment that httpx cannot use.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ImportError, ValueError) as error:
        failure = Failure(trace.stage(error), reason(error))
    else:
        return Reply(seconds=time.monotonic() - began, tls=trace.tls, answer=answer)
    return Reply(seconds=time.monotonic() - began, tls=trace.tls, failure=failure)


async def answered(request: Outgoing, trace: Trace, trusted: ssl.SSLContext, *, within: float, proxies: bool) -> Answer:
    async with (
        httpx.AsyncClient(verify=trusted, trust_env=proxies, follow_redirects=False, timeout=within) as client,
        client.stream(
            request.method, request.url, headers={**HEADERS, **request.headers}, extensions={"trace": trace}
        ) as response,
    ):
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, await whole(response.aiter_raw()), headers)


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > LARGEST:
            raise ValueError(f"the answer is larger than {LARGEST // 2**20} MiB")
    return bytes(content)


def trust(ca_file: str | None, newest: ssl.TLSVersion | None) -> ssl.SSLContext:
    context = authorities(ca_file)
    if newest:
        context.maximum_version = newest
    return context


def agreed(connection: ssl.SSLObject | None) -> Tls | None:
    if connection is None:
        return None
    ends: Any = (connection.getpeercert() or {}).get("notAfter")
    seconds = ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None
    return Tls(connection.version() or "TLS", dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None)


def with_token(url: str, token: str) -> str:
    """A query that is there is kept (facts 4.1)."""
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}validationToken={quote(token, safe='')}"


def reason(error: BaseException) -> str:
    """Without the query of any URL in it."""
    return redacted(distrusted(error) or str(error).rstrip(" .") or type(error).__name__, ())


def problem_of(answer: Answer, token: str) -> str | None:
    """Facts 4.2: status exactly 200, plain text, and the token, decoded once."""
    if answer.status != httpx.codes.OK:
        return f"it answered {answer.status} instead of 200"
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != PLAIN_TEXT:
        return f"its answer is {media_type or 'of no media type'} instead of {PLAIN_TEXT}"
    return None if answer.content == token.encode() else f"its answer is {unlike(answer.content, token)}"


def unlike(content: bytes, token: str) -> str:
    """How the body differs; what is in it is not repeated, whoever wrote it."""
    text = content.decode(errors="replace")
    wrong = {
        "": "empty",
        quote(token, safe=""): "the token as it stood in the URL, still escaped",
        f'"{token}"': "the token in quotes, as JSON",
    }
    if text in wrong:
        return wrong[text]
    if text.strip("\ufeff\r\n\t ") == token:
        return "the token with a line end, a space or a byte order mark too many"
    return f"another text of {len(content)} bytes, not the token"
