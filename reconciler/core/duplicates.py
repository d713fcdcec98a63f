"""A notification in, out by what a second copy of it is recognized (facts 5.4: retries and twins double deliveries).

Only an equal notification id or etag says that two are one. Whatever else is equal may be two changes: of a channel
that is renamed twice, Graph tells twice the same.
"""

import dataclasses
import hashlib
import itertools
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.core.json_text import spell_json

__all__ = ["Fingerprint", "fingerprint", "new_event_id"]

NAMESPACE = uuid.UUID("5f1d8a52-6f0c-5c3e-9a7e-2b8c1d4e9f03")
"""Ours alone, so that the ids are nobody else's."""

DRAWN = str(uuid.uuid4())[:23]
NUMBERS = itertools.count(secrets.randbits(48))
"""Drawing anew for each one would take as long as checking whose it is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    digest: str
    """32 hexadecimal digits."""

    exact: bool
    """Two with this digest are one notification, not only alike."""

    @property
    def event_id(self) -> str:
        """The same for each copy where that is certain, so that a broker can drop it; else one of its own."""
        return str(uuid.uuid5(NAMESPACE, self.digest)) if self.exact else new_event_id()


def new_event_id() -> str:
    """In the form of a UUID: what is drawn at the start of the process, and a number for each after that."""
    number = next(NUMBERS) & 0xFFFF_FFFF_FFFF
    return f"{DRAWN}-{number:012x}"


def fingerprint(
    *,
    tenant_id: str,
    subscription: str,
    change: str | None,
    resource: str | None,
    notification_id: Any,
    resource_data: Any,
    data_key: Any = None,
) -> Fingerprint:
    """``subscription`` is its name in the manifests, which twins and replaced ones share, or its id without one.

    ``data_key`` is of the encrypted content: Graph draws a new one for each notification (facts 7.2).
    """
    common = (tenant_id, subscription, change)
    if isinstance(notification_id, str) and notification_id:
        return Fingerprint(digest("id", *common, notification_id), exact=True)
    data = resource_data if isinstance(resource_data, Mapping) else {}
    etag = data.get("@odata.etag")
    if isinstance(etag, str) and etag:
        return Fingerprint(digest("etag", *common, data.get("@odata.id") or resource, etag), exact=True)
    return Fingerprint(digest("alike", *common, resource, resource_data, data_key), exact=False)


def digest(*parts: Any) -> str:
    """JSON keeps apart what only looks the same when it is joined."""
    try:
        spelled = spell_json(parts)
    except RecursionError:
        spelled = uuid.uuid4().bytes  # nested too deeply to be compared, so like no other
    return hashlib.sha256(spelled).hexdigest()[:32]
