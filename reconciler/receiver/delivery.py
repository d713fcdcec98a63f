"""What came in, as values. Secrets and payloads stand in no ``repr``."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Literal

from reconciler.core.mark import Mark, UnknownMark

__all__ = ["Delivery", "Item", "Malformed", "Notification"]


@dataclasses.dataclass(frozen=True, slots=True)
class Notification:
    """One item of a delivery, about data or about the subscription itself (facts 5.4, 6). Nobody has verified it."""

    subscription_id: str
    change_type: str | None = None
    """In lower case: Graph writes ``Created`` as well (facts 2.3)."""

    lifecycle_event: str | None = None
    """In the catalog's spelling where it is known there."""

    resource: str | None = None
    tenant_id: str | None = None
    """In lower case; from ``tenantId`` or ``organizationId``."""

    client_state: str | None = dataclasses.field(default=None, repr=False)
    encrypted: bool = False
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """All others as they came, ``resourceData`` and ``encryptedContent`` among them."""

    body: bytes = dataclasses.field(default=b"", repr=False, compare=False)
    """The whole item in JSON, to be kept."""

    def get(self, name: str) -> Any:
        """One of ``properties``, its name in any letter case (facts 2.3); None where there is none."""
        return next((value for each, value in self.properties.items() if each.lower() == name.lower()), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Malformed:
    """An item that cannot be read; ``reason`` says why and repeats nothing of it."""

    position: int
    reason: str
    body: bytes = dataclasses.field(default=b"", repr=False, compare=False)
    """As in ``Notification``; empty where it has no spelling."""


Item = Notification | Malformed


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One request. Items of many subscriptions, apps and tenants may ride in it (facts 5.4)."""

    path: str
    lifecycle: bool
    """The path serves lifecycle notifications only. Where it serves both, each item tells by its event."""

    mark: Mark | UnknownMark | None
    """Read from the request's own query: anybody can write one there."""

    items: tuple[Item, ...]
    received_at: dt.datetime
    validation_tokens: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """The JWTs that come beside rich notifications, unread (facts 7.3). One that is no text is an empty one here: a
    single bad token counts against the others."""

    tokens: str | None = dataclasses.field(init=False, repr=False, compare=False)
    """The same as a JSON array, to be kept beside each item that needs them; spelled once for all. None without any."""

    verified: Literal[False] = False

    def __post_init__(self) -> None:
        spelled = json.dumps(self.validation_tokens) if self.validation_tokens else None
        object.__setattr__(self, "tokens", spelled)

    @property
    def notifications(self) -> tuple[Notification, ...]:
        return tuple(item for item in self.items if isinstance(item, Notification))

    @property
    def malformed(self) -> tuple[Malformed, ...]:
        return tuple(item for item in self.items if isinstance(item, Malformed))
