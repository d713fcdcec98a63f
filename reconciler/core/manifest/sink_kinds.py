"""``kind: Sink``: where the notifications that our receiver has verified are forwarded to."""

import datetime as dt
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from reconciler.core.hosts import on_loopback
from reconciler.core.manifest.common import Manifest
from reconciler.core.manifest.fields import (
    MIB,
    UNESCAPED,
    Filled,
    Model,
    Positive,
    SecretRef,
    Size,
)

__all__ = ["FileTarget", "HttpTarget", "NatsTarget", "Retry", "Sink", "SinkSpec", "StdoutTarget", "Target"]

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
FUNCTION = rf"^{IDENTIFIER}(\.{IDENTIFIER})*:{IDENTIFIER}(\.{IDENTIFIER})*$"
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
STREAM = r"^[A-Za-z0-9_-]+$"
SUBJECT_WORD = r"([A-Za-z0-9_-]|\{type\}|\{tenant\}|\{subscription\})+"
SUBJECT = rf"^{SUBJECT_WORD}(\.{SUBJECT_WORD})*$"
"""``*`` and ``>`` are for those who listen, and what begins with ``$`` is the server's own."""

OURS = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
"""Headers that say what is sent: a manifest's would contradict them."""


def parts_of(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise PydanticCustomError("invalid-url", "this is not a URL") from error
    if not parts.hostname or port == 0 or parts.fragment or UNESCAPED.search(value):
        raise PydanticCustomError("invalid-url", "the URL must have a host, no #fragment and no unescaped characters")
    if "@" in parts.netloc:
        raise PydanticCustomError("literal-secret", "a URL with a user or a password is a secret in the manifest")
    return parts


def webhook(value: str) -> str:
    """Anything over TLS, and what never leaves the machine."""
    parts = parts_of(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback(parts.hostname or "")):
        raise PydanticCustomError("invalid-url", "the URL must be https://, or http:// to a port of this machine")
    return value


def nats_server(value: str) -> str:
    parts = parts_of(value)
    if parts.scheme not in ("nats", "tls") or parts.path.strip("/") or parts.query:
        raise PydanticCustomError(
            "invalid-url", "write a server such as nats://localhost:4222 or tls://nats.contoso.com"
        )
    return value


def as_mapping(value: object) -> object:
    """``stdout:`` and nothing behind it is null in YAML."""
    return {} if value is None else value


class StdoutTarget(Model):
    """A line of JSON for each event."""


class FileTarget(Model):
    """A line of JSON for each event; ``path`` is relative to the manifest."""

    path: Filled
    max_size: Size = 100 * MIB
    keep: int = Field(default=5, ge=0, le=1000)


HeaderName = Annotated[str, StringConstraints(pattern=HEADER_NAME)]


class HttpTarget(Model):
    """A webhook that gets each event as a POST, signed as Standard Webhooks say."""

    url: Annotated[str, AfterValidator(webhook), WithJsonSchema({"type": "string", "format": "uri"})]
    signing_key: SecretRef | None = None
    signing_keys: list[SecretRef] = Field(default_factory=list)
    headers: dict[HeaderName, SecretRef] = Field(default_factory=dict)
    timeout: Positive = dt.timedelta(seconds=10)
    ca_file: Filled | None = None

    @model_validator(mode="after")
    def one_way_to_sign(self) -> Self:
        if self.signing_key and self.signing_keys:
            raise PydanticCustomError("sink", "give signingKey or signingKeys, not both")
        return self

    @model_validator(mode="after")
    def headers_are_others(self) -> Self:
        names = [name.lower() for name in self.headers]
        if ours := OURS.intersection(names):
            raise PydanticCustomError(
                "sink", "the header {name} is set by reconcile: leave it out", {"name": min(ours)}
            )
        if len(set(names)) < len(names):
            raise PydanticCustomError("sink", "two headers differ in nothing but letter case: give one of them")
        return self

    @property
    def keys(self) -> tuple[SecretRef, ...]:
        """Each event is signed with all of them."""
        return (self.signing_key,) if self.signing_key else tuple(self.signing_keys)


class NatsTarget(Model):
    """A stream of JetStream; ``credentials`` is the content of a ``.creds`` file."""

    servers: list[
        Annotated[str, AfterValidator(nats_server), WithJsonSchema({"type": "string", "pattern": "^(nats|tls)://"})]
    ] = Field(min_length=1)
    subject: Annotated[str, StringConstraints(pattern=SUBJECT)]
    stream: Annotated[str, StringConstraints(pattern=STREAM)] | None = None
    credentials: SecretRef | None = None
    user: Filled | None = None
    password: SecretRef | None = None
    token: SecretRef | None = None
    timeout: Positive = dt.timedelta(seconds=10)
    ca_file: Filled | None = None

    @model_validator(mode="after")
    def one_login(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise PydanticCustomError("sink", "user and password go together: give both or neither")
        if sum(each is not None for each in (self.credentials, self.user, self.token)) > 1:
            raise PydanticCustomError("sink", "give one of credentials, user with password, and token, not several")
        return self


class Retry(Model):
    """How long an event is sent again that the other side does not take, and how often; then it is a dead letter."""

    give_up_after: Positive = Field(default=dt.timedelta(days=1), alias="for")
    first: Positive = dt.timedelta(seconds=1)
    longest: Positive = dt.timedelta(minutes=5)

    @model_validator(mode="after")
    def waits_grow(self) -> Self:
        if self.first > self.longest:
            raise PydanticCustomError("sink", "first is longer than longest: wait less at first, or longer at last")
        return self


Target = StdoutTarget | FileTarget | HttpTarget | NatsTarget | str


class SinkSpec(Model):
    stdout: Annotated[StdoutTarget | None, BeforeValidator(as_mapping)] = None
    file: FileTarget | None = None
    http: HttpTarget | None = None
    nats: NatsTarget | None = None
    python: Annotated[str, StringConstraints(pattern=FUNCTION)] | None = None
    default: bool = False
    lanes: int = Field(default=16, ge=1, le=64)
    retry: Retry = Field(default_factory=Retry)

    @model_validator(mode="after")
    def one_target(self) -> Self:
        if len(self.targets) != 1:
            raise PydanticCustomError("sink", "a Sink is exactly one of stdout:, file:, http:, nats: and python:")
        return self

    @property
    def targets(self) -> list[Target]:
        return [each for each in (self.stdout, self.file, self.http, self.nats, self.python) if each is not None]

    @property
    def target(self) -> Target:
        """A text is the name of a Python function."""
        return self.targets[0]


class Sink(Manifest):
    kind: Literal["Sink"]
    spec: SinkSpec
