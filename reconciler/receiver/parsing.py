"""A request's body in, its items out: each read tolerantly, one that cannot be read set aside without the others."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from reconciler.core.catalog import LifecycleEvent
from reconciler.core.json_text import read_json, spell_json
from reconciler.receiver.delivery import Item, Malformed, Notification

__all__ = ["KNOWN", "Body", "BodyRefused", "parse_body", "parse_item", "parse_stored"]

EVENTS = {event.value.lower(): event.value for event in LifecycleEvent}
TEXTS = ("changeType", "lifecycleEvent", "resource", "tenantId", "organizationId", "clientState")
SPELLED = {name: name.lower() for name in ("subscriptionId", *TEXTS)}
KNOWN = set(SPELLED.values())
UNIQUE = {*KNOWN, "encryptedcontent"}
"""What must not stand twice: one reading would be verified, and another one used."""

MOST_ITEMS = 15_000
"""None of Graph's is so short that more of them would fit into the largest body."""

MOST_BRACKETS = 100_000
"""Lists and objects. A text may be made to become millions of them, which takes a second; Graph's are not."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Half a surrogate pair and NUL are JSON, but no database takes them."""


class BodyRefused(Exception):
    """The body is no collection of change notifications (facts 5.4)."""


class ItemRefused(Exception):
    """The item cannot be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    values: Sequence[Any] = dataclasses.field(repr=False)
    """The items, for ``parse_item``."""

    validation_tokens: tuple[str, ...] = dataclasses.field(default=(), repr=False)

    @property
    def items(self) -> tuple[Item, ...]:
        """All at once: about 20 microseconds for each."""
        return tuple(map(parse_item, range(len(self.values)), self.values))


def parse_body(text: bytes) -> Body:
    """Raises BodyRefused for what is no JSON, nested too deeply, without an array ``value``, or with too long a one."""
    if text.count(b"[") + text.count(b"{") > MOST_BRACKETS:
        raise BodyRefused(f"the body has more than {MOST_BRACKETS} brackets")
    try:
        document = read_json(text)
    except (ValueError, RecursionError) as error:
        raise BodyRefused("the body is not JSON") from error
    collection = folded(document) if isinstance(document, dict) else {}
    items = collection.get("value")
    if not isinstance(items, list):
        raise BodyRefused("the body has no array 'value'")
    if len(items) > MOST_ITEMS:
        raise BodyRefused(f"the body has more than {MOST_ITEMS} items")
    return Body(items, tokens_of(collection.get("validationtokens")))


def folded(properties: dict[str, Any]) -> dict[str, Any]:
    """Names in lower case: Graph is not strict about them (facts 2.3). The first of two that differ in case stays."""
    return {name.lower(): properties[name] for name in reversed(properties)}


def tokens_of(value: Any) -> tuple[str, ...]:
    """Null where Graph may give none (facts 7.1). What is no text stays as an empty one: it must not pass unseen."""
    if value is None:
        return ()
    tokens = value if isinstance(value, list) else [None]
    return tuple(token if isinstance(token, str) else "" for token in tokens)


def parse_item(position: int, value: Any) -> Item:
    try:
        body = spelled(value)
    except ItemRefused as error:
        return Malformed(position, str(error))
    try:
        return notification(value, body)
    except ItemRefused as error:
        return Malformed(position, str(error), body)


def parse_stored(body: bytes) -> Item:
    """An item whose ``body`` was kept, once more."""
    try:
        return notification(read_json(body), body)
    except (RecursionError, ValueError):
        return Malformed(0, "the item had no spelling that could be kept", body)
    except ItemRefused as error:
        return Malformed(0, str(error), body)


def spelled(value: Any) -> bytes:
    """As it is kept."""
    try:
        return spell_json(value)
    except RecursionError as error:
        raise ItemRefused("the item is nested too deeply") from error


def notification(value: Any, body: bytes) -> Notification:
    if not isinstance(value, dict):
        raise ItemRefused("the item is not an object")
    properties = folded(value)
    if len(properties) < len(value):
        refuse_ambiguity(value, properties)
    texts = [properties.get(name) for name in SPELLED.values()]
    if not all(text is None or isinstance(text, str) for text in texts):
        refuse_others(properties)
    subscription_id, change, event, resource, tenant, organization, client_state = texts
    if not subscription_id:
        raise ItemRefused("the item has no subscriptionId")
    if b"\\u" in body:  # else nothing in it was escaped
        refuse_unstorable(properties)
    return Notification(
        subscription_id=subscription_id,
        change_type=change.lower() if change else None,
        lifecycle_event=EVENTS.get(event.lower(), event) if event else None,
        resource=resource,
        tenant_id=(tenant or organization or "").lower() or None,
        client_state=client_state,
        encrypted=properties.get("encryptedcontent") is not None,
        properties={name: item for name, item in value.items() if name.lower() not in KNOWN},
        body=body,
    )


def refuse_ambiguity(value: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    if len([name for name in value if name.lower() in UNIQUE]) > len(UNIQUE & properties.keys()):
        raise ItemRefused("the item has a property twice, in different letter case")


def refuse_unstorable(properties: Mapping[str, Any]) -> None:
    for name, folded_name in SPELLED.items():
        if UNSTORABLE.search(properties.get(folded_name) or ""):
            raise ItemRefused(f"the item's {name} has characters that cannot be stored")


def refuse_others(properties: Mapping[str, Any]) -> NoReturn:
    """Of what must be a text, the first that is not."""
    others = (name for name, folded_name in SPELLED.items() if not isinstance(properties.get(folded_name), str | None))
    raise ItemRefused(f"the item's {next(others)} is not a text")
