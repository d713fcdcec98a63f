"""What a subscription was asked to be, in the one form in which desired and live are compared.

These are the fields that Graph fixes at creation: a difference in one of them means a replacement (facts 1.4).
"""

import dataclasses
import functools
import hashlib
import json
import sys
from json.encoder import encode_basestring_ascii

from reconciler.core.catalog import ChangeType, Version
from reconciler.core.redaction import redact

__all__ = ["DEFAULT_TLS", "Asked", "Difference"]

DEFAULT_TLS = "v1_2"
"""What Graph takes null for (facts 1.1, 1.2)."""


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Difference:
    """One field that is not as wanted, spelled for people."""

    field: str
    before: str | None
    after: str | None


class Digested:
    """Room for a digest beside the fields: it is worked out once, when somebody asks for it."""

    __slots__ = ("_digest",)
    _digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class Asked(Digested):
    """The fields that no PATCH changes."""

    resource: str
    """Canonical (``core.resource``)."""

    change_types: frozenset[ChangeType]
    rich: bool = False
    lifecycle_url: str | None = None
    """Without its mark."""

    tls: str | None = None
    query_options: str | None = None
    version: Version = Version.V1

    @property
    def digest(self) -> str:
        """10 hex digits over all of it, defaults left out: equal digests mean that nothing is to be replaced."""
        try:
            return self._digest
        except AttributeError:
            object.__setattr__(self, "_digest", digest_of(self))
            return self._digest

    def differences(self, wanted: "Asked") -> list[Difference]:
        """What would have to change; queries of URLs are redacted, and compared that way."""
        mine, theirs = shown(self), shown(wanted)
        return [Difference(field, mine[field], theirs[field]) for field in mine if mine[field] != theirs[field]]


def digest_of(asked: Asked) -> str:
    return sys.intern(hashlib.sha256(spelled(asked).encode()).hexdigest()[:10])  # the mark's is the same one


def spelled(asked: Asked) -> str:
    """As JSON, names in their order: written out, for it is done for every subscription of every plan."""
    said = [f'"changeTypes": {spelled_types(asked.change_types)}']
    if asked.version is not Version.V1:
        said.append(f'"graphVersion": {encode_basestring_ascii(asked.version)}')
    if asked.lifecycle_url:
        said.append(f'"lifecycleNotificationUrl": {encode_basestring_ascii(asked.lifecycle_url)}')
    if asked.query_options:
        said.append(f'"notificationQueryOptions": {encode_basestring_ascii(asked.query_options)}')
    said.append(f'"resource": {encode_basestring_ascii(asked.resource)}')
    if asked.rich:
        said.append('"resourceData": true')
    if asked.tls is not None and asked.tls != DEFAULT_TLS:
        said.append(f'"tls": {encode_basestring_ascii(asked.tls)}')
    return f"{{{', '.join(said)}}}"


@functools.lru_cache(maxsize=256)
def spelled_types(change_types: frozenset[ChangeType]) -> str:
    return json.dumps(sorted(change_types))


def shown(asked: Asked) -> dict[str, str | None]:
    """The fields in the words of a manifest; what means the same is spelled the same (facts 1.2)."""
    return {
        "resource": asked.resource,
        "changeTypes": ",".join(sorted(asked.change_types)),
        "resource data": "encrypted" if asked.rich else "none",
        "lifecycleNotificationUrl": redact(asked.lifecycle_url) if asked.lifecycle_url else None,
        "latestSupportedTlsVersion": asked.tls or DEFAULT_TLS,
        "notificationQueryOptions": asked.query_options or None,
        "graphVersion": asked.version,
    }
