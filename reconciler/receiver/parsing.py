"""A request's body in, its items out: each read tolerantly, one that cannot be read set aside without the others."""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from reconciler.core.catalog import LifecycleEvent
from reconciler.receiver.delivery import Item, Malformed, Notification

__all__ = ["Body", "BodyRefused", "parse_body"]

EVENTS = {event.value.lower(): event.value for event in LifecycleEvent}
TEXTS = ("changeType", "lifecycleEvent", "resource", "tenantId", "organizationId", "clientState")
KNOWN = {"subscriptionid", *map(str.lower, TEXTS)}
UNIQUE = {*KNOWN, "encryptedcontent"}
"""What must not stand twice: one reading would be verified, and another one used."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Half a surrogate pair and NUL are JSON, but no database takes them."""


class BodyRefused(Exception):
    """The body is no collection of change notifications (facts 5.4)."""


class ItemRefused(Exception):
    """The item cannot be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    items: tuple[Item, ...]
    validation_tokens: tuple[str, ...] = dataclasses.field(default=(), repr=False)


def parse_body(text: bytes) -> Body:
    """Raises BodyRefused for what is no JSON, nested too deeply, or without an array ``value``."""
    try:
        document = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BodyRefused("the body is not JSON") from error
    collection = folded(document) if isinstance(document, dict) else {}
    items = collection.get("value")
    if not isinstance(items, list):
        raise BodyRefused("the body has no array 'value'")
    return Body(tuple(map(parse_item, range(len(items)), items)), tokens_of(collection.get("validationtokens")))


def refuse_constant(name: str) -> NoReturn:
    """Python alone reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")


def folded(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Names in lower case: Graph is not strict about them (facts 2.3). The first of two that differ in case stays."""
    found: dict[str, Any] = {}
    for name, value in properties.items():
        found.setdefault(name.lower(), value)
    return found


def tokens_of(value: Any) -> tuple[str, ...]:
    """Null where Graph may give none (facts 7.1). What is no text stays as an empty one: it must not pass unseen."""
    if value is None:
        return ()
    tokens = value if isinstance(value, list) else [None]
    return tuple(token if isinstance(token, str) else "" for token in tokens)


def parse_item(position: int, value: Any) -> Item:
    try:
        return notification(value)
    except ItemRefused as error:
        return Malformed(position, str(error))


def notification(value: Any) -> Notification:
    if not isinstance(value, dict):
        raise ItemRefused("the item is not an object")
    properties = folded(value)
    if len([name for name in value if name.lower() in UNIQUE]) > len(UNIQUE & properties.keys()):
        raise ItemRefused("the item has a property twice, in different letter case")
    subscription_id = text_of(properties, "subscriptionId")
    if not subscription_id:
        raise ItemRefused("the item has no subscriptionId")
    change, event, resource, tenant, organization, client_state = (text_of(properties, name) for name in TEXTS)
    return Notification(
        subscription_id=subscription_id,
        change_type=change.lower() if change else None,
        lifecycle_event=EVENTS.get(event.lower(), event) if event else None,
        resource=resource,
        tenant_id=(tenant or organization or "").lower() or None,
        client_state=client_state,
        encrypted=properties.get("encryptedcontent") is not None,
        properties={name: item for name, item in value.items() if name.lower() not in KNOWN},
    )


def text_of(properties: Mapping[str, Any], name: str) -> str | None:
    value = properties.get(name.lower())
    if value is None:
        return None
    if not isinstance(value, str):
        raise ItemRefused(f"the item's {name} is not a text")
    if UNSTORABLE.search(value):
        raise ItemRefused(f"the item's {name} has characters that cannot be stored")
    return value
