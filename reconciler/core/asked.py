"""What a subscription was asked to be, in the one form in which desired and live are compared.

These are the fields that Graph fixes at creation: a difference in one of them means a replacement (facts 1.4).
"""

import dataclasses
import functools
import hashlib
import json
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.core.redaction import redact

__all__ = ["Asked", "Difference"]

DEFAULT_TLS = "v1_2"
"""What Graph takes null for (facts 1.1, 1.2)."""


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Difference:
    """One field that is not as wanted, spelled for people."""

    field: str
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
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
        return digest_of(self)

    def differences(self, wanted: "Asked") -> list[Difference]:
        """What would have to change; queries of URLs are redacted, and compared that way."""
        mine, theirs = shown(self), shown(wanted)
        return [Difference(field, mine[field], theirs[field]) for field in mine if mine[field] != theirs[field]]


@functools.lru_cache(maxsize=65536)
def digest_of(asked: Asked) -> str:
    fields: dict[str, Any] = {
        "resource": asked.resource,
        "changeTypes": sorted(asked.change_types),
        "resourceData": asked.rich or None,
        "lifecycleNotificationUrl": asked.lifecycle_url or None,
        "tls": None if asked.tls == DEFAULT_TLS else asked.tls,
        "notificationQueryOptions": asked.query_options or None,
        "graphVersion": None if asked.version is Version.V1 else asked.version,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:10]


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
