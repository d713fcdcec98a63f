"""An event in, a message in a JetStream out: acknowledged by the server, which drops the second one of an event.

The only module here that imports nats. Its client is used without its reconnecting, which would keep events back in a
buffer and lose the reason: a connection that ends is forgotten, and the next event makes a new one.
"""

import asyncio
import contextlib
import json
import logging
import re
import ssl
from collections.abc import Coroutine, Iterator
from typing import Any, NoReturn, TypedDict

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext

from reconciler import __version__
from reconciler.clients import UnreadableAuthorities, authorities
from reconciler.core.event import MEDIA_TYPE, Event
from reconciler.engine.sinks import Refused, SinkError, Unreachable
from reconciler.sinks.credentials import Credentials, read_credentials
from reconciler.sinks.settings import NatsSettings

__all__ = ["NatsSink"]

logging.getLogger("nats").setLevel(logging.CRITICAL + 1)  # whatever it has to say is raised here

PLACEHOLDER = re.compile(r"\{(type|tenant|subscription)\}")
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
"""What must not stand in a word of a subject; dots divide words, and ``*`` and ``>`` are anything."""

HEADERS = 512
"""Bytes that the server counts to a message besides its content; ours are a few hundred."""

LONGEST_SUBJECT = 1000
"""The server ends the connection of whoever sends a line of over 4 KiB, with subject, reply and sizes."""

CLOSING = 1.0
"""Seconds: of a connection that failed half way nats-py never learns that it is closed."""

PING = 10
"""Seconds: a server that is gone without a word is noticed after three of them."""

TOO_LARGE, WRONG_STREAM = 10054, 10060
"""The server's ``err_code``."""


class Placed(TypedDict, total=False):
    """What of the event a subject may name; a subscription of another tool has no name."""

    tenantId: str | None
    subscription: str | None


class Guarded(Client):
    """For one connection.

    nats-py hands over user and password without TLS where the server does not ask for it, or who plays it; and an
    answer that cannot come any more, as its connection is lost, is waited for.
    """

    def __init__(self, *, needs_tls: bool, timeout: float) -> None:
        super().__init__()
        self.stream = JetStreamContext(self, timeout=timeout)
        self.needs_tls = needs_tls
        self.lost = asyncio.Event()

    async def unless_lost(self, answering: Coroutine[Any, Any, object]) -> None:
        answer, losing = asyncio.create_task(answering), asyncio.create_task(self.lost.wait())
        answer.add_done_callback(looked_at)
        try:
            await asyncio.wait([answer, losing], return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise nats.errors.ConnectionClosedError
            answer.result()
        finally:
            answer.cancel()
            losing.cancel()

    async def on_closed(self) -> None:
        self.lost.set()

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.needs_tls and not info.get("tls_required"):
            raise nats.errors.SecureConnWantedError
        await super()._process_info(info, initial_connection)


class NatsSink:
    def __init__(self, settings: NatsSettings) -> None:
        """Raises SinkError for credentials that are none."""
        self.settings = settings
        self.credentials: Credentials | None = None
        if settings.credentials is not None:
            try:
                self.credentials = read_credentials(settings.credentials)
            except ValueError as error:
                raise SinkError(f"the sink {settings.name!r} cannot use its credentials: {error}") from None
        self.login = dict(self.read_login())
        self.needs_tls = bool(settings.ca_file) or any(each.startswith("tls://") for each in settings.servers)
        self.client: Guarded | None = None
        self.attempt: asyncio.Task[Guarded] | None = None
        self.last_error: Exception | None = None

    async def send(self, event: Event) -> None:
        with self.failures():
            client = await self.connected()
            if len(event.content) + HEADERS > client.max_payload:
                raise nats.errors.MaxPayloadError
            subject = self.subject(event)
            if len(subject) > LONGEST_SUBJECT:
                raise Refused(
                    f"{self}: the subject for this event is longer than {LONGEST_SUBJECT}, leave out {{type}}"
                )
            publishing = client.stream.publish(
                subject,
                event.content,
                stream=self.settings.stream,
                headers={"Nats-Msg-Id": event.id, "Content-Type": MEDIA_TYPE},
            )
            async with asyncio.timeout(self.settings.timeout):
                # An acknowledgment that says that the server has it already is as good as any.
                await client.unless_lost(publishing)

    def subject(self, event: Event) -> str:
        """Each placeholder but the type comes to one word, of characters that are safe."""
        wanted = set(PLACEHOLDER.findall(self.settings.subject))
        placed: Placed = json.loads(event.content)["data"] if wanted - {"type"} else {}
        values = {
            "type": event.type,
            "tenant": word(placed.get("tenantId")),
            "subscription": word(placed.get("subscription")),
        }
        return PLACEHOLDER.sub(lambda match: values[match[1]], self.settings.subject)

    async def connected(self) -> Guarded:
        """All that wait for a connection share one attempt, and its error."""
        if self.client is not None and self.client.is_connected:
            return self.client
        if self.attempt is None or self.attempt.done():
            self.attempt = asyncio.create_task(self.connect())
            self.attempt.add_done_callback(looked_at)
        return await asyncio.shield(self.attempt)

    async def connect(self) -> Guarded:
        await self.forget()
        self.last_error = None
        self.client = client = Guarded(needs_tls=self.needs_tls, timeout=self.settings.timeout)
        try:
            async with asyncio.timeout(self.settings.timeout):
                await client.connect(
                    list(self.settings.servers),
                    name=f"reconciler/{__version__} {self.settings.name}",
                    error_cb=self.note,
                    closed_cb=client.on_closed,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=int(max(self.settings.timeout / 2, 1)),
                    ping_interval=PING,
                    tls=await asyncio.to_thread(self.trust) if self.needs_tls else None,
                    **self.login,
                )
        except BaseException:
            await self.forget()
            raise
        return client

    def trust(self) -> ssl.SSLContext:
        """Without a ``ca_file`` what OpenSSL finds on this machine: httpx, for which others have it, brings its own."""
        if self.settings.ca_file is None:
            return ssl.create_default_context()
        try:
            return authorities(self.settings.ca_file)
        except UnreadableAuthorities as error:
            raise Unreachable(f"the sink {self.settings.name!r} cannot connect: {error}") from error

    def read_login(self) -> Iterator[tuple[str, Any]]:
        settings = self.settings
        if self.credentials:
            yield "user_jwt_cb", self.credentials.token
            yield "signature_cb", self.credentials.sign
        if settings.user is not None:
            yield "user", settings.user
        for key, secret in (("password", settings.password), ("token", settings.token)):
            if secret is not None:
                try:
                    yield key, secret.decode()
                except UnicodeDecodeError:
                    raise SinkError(f"the sink {settings.name!r} has a {key} that is no UTF-8 text") from None

    async def note(self, error: Exception) -> None:
        self.last_error = error

    async def forget(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(Exception):  # it is of no use any more, in whatever state it is
                async with asyncio.timeout(CLOSING):
                    await client.close()

    async def close(self) -> None:
        if self.attempt is not None:
            self.attempt.cancel()
            await asyncio.wait([self.attempt])
        await self.forget()

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        """Their texts are the server's and may name the subject, so they are told in our words."""
        try:
            yield
        except nats.errors.MaxPayloadError as error:
            raise Refused(f"{self}: the event is larger than the server takes, raise its max_payload") from error
        except nats.js.errors.NoStreamResponseError as error:
            raise Unreachable(
                f"{self}: no stream takes {self.settings.subject}, create a stream with that subject"
            ) from error
        except nats.js.errors.APIError as error:
            self.refused(error)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise Unreachable(f"{self}: {self.reason(error)}") from error

    def refused(self, error: nats.js.errors.APIError) -> NoReturn:
        if error.err_code == TOO_LARGE:
            raise Refused(f"{self}: the event is larger than the stream takes, raise its max_msg_size") from error
        if error.err_code == WRONG_STREAM:
            raise Unreachable(
                f"{self}: {self.settings.subject} is not the stream {self.settings.stream}'s,"
                " add the subject to it or change the Sink"
            ) from error
        raise Unreachable(
            f"{self}: the stream does not take it, {error.description or 'the server does not say why'}"
            f" (error {error.err_code}), look at the stream"
        ) from error

    def reason(self, error: Exception) -> str:
        """The last error says more than that there is no server, or no answer."""
        if isinstance(error, nats.errors.NoServersError | TimeoutError) and self.last_error:
            error = self.last_error
        said = str(error).lower()
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({error.verify_message}), name its authority in caFile"
        if isinstance(error, nats.errors.SecureConnWantedError):
            return "the server offers no TLS, so nothing was sent: check its url and its configuration"
        if "permissions violation" in said:
            return f"the server does not allow this user to publish to {self.settings.subject}, allow it"
        if "authorization" in said or "authentication" in said:
            return "the server does not know this user, check its credentials"
        if isinstance(error, nats.errors.ConnectionClosedError | nats.errors.UnexpectedEOF):
            return "the connection was lost, check that the server runs"
        if isinstance(error, TimeoutError):
            return f"no answer came within {self.settings.timeout:g} s, check that the server runs with JetStream"
        if isinstance(error, OSError):
            return f"{error.strerror or type(error).__name__}, check that it runs"
        return f"{type(error).__name__}, look into the server's log"

    def __str__(self) -> str:
        return f"the NATS server {', '.join(self.settings.servers)} of the sink {self.settings.name!r}"


def looked_at(task: asyncio.Task[Any]) -> None:
    """Also where all that waited were cancelled, and nobody is left to be told of its error."""
    if not task.cancelled():
        task.exception()


def word(value: str | None) -> str:
    return UNSAFE.sub("-", value) if value else "unknown"
