"""What each kind of sink is opened with: plain values, every default filled in and every secret read.

``name`` is the manifest's. Paths are absolute, or relative to where the process runs. No secret is in a ``repr``.
"""

import dataclasses
from collections.abc import Mapping

__all__ = ["FileSettings", "HttpSettings", "NatsSettings", "PythonSettings", "SinkSettings", "StdoutSettings"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StdoutSettings:
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    name: str
    path: str
    max_size: int
    """In bytes; the file is begun anew before it grows over it."""

    keep: int
    """How many old files stay beside it, ``path.1`` the youngest of them."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    name: str
    url: str = dataclasses.field(repr=False)
    """Its query may be a secret of its own."""

    signing_keys: tuple[bytes, ...] = dataclasses.field(default=(), repr=False)
    """``whsec_`` and base64, or the bytes themselves. Requests are signed with all of them, or not at all."""

    headers: Mapping[str, bytes] = dataclasses.field(default_factory=dict, repr=False)
    timeout: float = 10.0
    """In seconds, for all of a request and its answer."""

    ca_file: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NatsSettings:
    """At most one of ``credentials``, ``user`` with ``password``, and ``token``."""

    name: str
    servers: tuple[str, ...]
    """``tls://HOST:PORT`` asks for TLS, ``nats://HOST:PORT`` leaves that to the server."""

    subject: str
    """May have ``{type}``, ``{tenant}`` and ``{subscription}``."""

    stream: str | None = None
    """The one that must take it."""

    credentials: bytes | None = dataclasses.field(default=None, repr=False)
    """The content of a ``.creds`` file."""

    user: str | None = None
    password: bytes | None = dataclasses.field(default=None, repr=False)
    token: bytes | None = dataclasses.field(default=None, repr=False)
    ca_file: str | None = None
    """With it, TLS is asked for whatever the servers' URLs say."""

    timeout: float = 10.0
    """In seconds, for the connection and for each acknowledgment."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PythonSettings:
    name: str
    function: str
    """``package.module:function``."""


SinkSettings = StdoutSettings | FileSettings | HttpSettings | NatsSettings | PythonSettings
