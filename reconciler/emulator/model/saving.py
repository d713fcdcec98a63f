"""Subscriptions as JSON that survives a restart, and back. The resource is parsed anew: the catalog may have grown."""

import datetime as dt
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator import instants
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model import resources
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.model.subscription import Subscription
from reconciler.emulator.reading import Keys, flag, items, optional, read, text, texts

TEXTS = ("id", "tenant", "app", "creator", "change_type", "notification_url")
OPTIONAL_TEXTS = (
    "lifecycle_url",
    "client_state",
    "certificate",
    "certificate_id",
    "tls_version",
    "query_options",
    "url_app_id",
    "content_type",
)
INSTANTS = ("expires_at", "created_at", "authorized_until")
OPTIONAL_INSTANTS = ("renewed_at", "reauthorized_at")


def as_json(subscription: Subscription) -> dict[str, Any]:
    spelled = {name: getattr(subscription, name) for name in (*INSTANTS, *OPTIONAL_INSTANTS)}
    return {
        **{name: getattr(subscription, name) for name in (*TEXTS, *OPTIONAL_TEXTS, "delegated", "rich")},
        **{name: instants.spell(value) if value else None for name, value in spelled.items()},
        "version": subscription.version.value,
        "resource": subscription.resource.text,
        "change_types": sorted(subscription.change_types),
    }


def load(data: object) -> list[Subscription]:
    """Raises ``EmulatorError``."""
    try:
        loaded = [loaded_one(each) for each in items(data)]
    except TypeError as error:
        raise EmulatorError(f"subscriptions: {error}") from error
    if len({each.id for each in loaded}) < len(loaded):
        raise EmulatorError("subscriptions: an id comes twice")
    return loaded


def loaded_one(data: object) -> Subscription:
    values = read(data, KEYS, "subscription")
    if missing := sorted(KEYS.keys() - values.keys()):
        raise EmulatorError(f"subscription: '{missing[0]}' is missing")
    try:
        return subscription(**values)
    except Refusal as refusal:
        raise EmulatorError(f"subscription '{values['id']}': {refusal}") from refusal


def subscription(*, resource: str, version: Version, creator: str, delegated: bool, **others: Any) -> Subscription:
    """Raises ``Refusal`` for a resource that the catalog does not have."""
    parsed = resources.parse(resource, version=version, user=creator if delegated else None)
    return Subscription(resource=parsed, version=version, creator=creator, delegated=delegated, **others)


def instant(value: Any) -> dt.datetime:
    found = instants.parse(text(value))
    if found is None:
        raise ValueError("an instant is needed")
    return found


KEYS: Keys = {
    **{name: (name, text) for name in TEXTS},
    **{name: (name, optional(text)) for name in OPTIONAL_TEXTS},
    **{name: (name, instant) for name in INSTANTS},
    **{name: (name, optional(instant)) for name in OPTIONAL_INSTANTS},
    "delegated": ("delegated", flag),
    "rich": ("rich", optional(flag)),
    "version": ("version", Version),
    "resource": ("resource", text),
    "change_types": ("change_types", lambda value: frozenset(map(ChangeType, texts(value)))),
}
