"""Subscriptions and changes made by hand, and all that tells of them, for tests that need no server."""

import datetime as dt
import json
import uuid
from typing import Any

from reconciler.core.catalog import ChangeType, Version
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.model import resources
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.notifications.notifier import Notifier, Wording
from reconciler.emulator.notifications.shapes import Shape, Told, shape
from reconciler.emulator.world.changes import Change

TENANT = "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03"
APP = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f"
EXPIRES = dt.datetime(2021, 2, 2, 18, 30, 34, 909756, tzinfo=dt.UTC)
NOW = dt.datetime(2021, 2, 2, 18, 16, 5, 949000, tzinfo=dt.UTC)
"""In milliseconds since 1970: 1612289765949, as in the seed."""
FIXED = "7015b436-a8b8-4260-af80-5af8cba32e62"
MIDNIGHT = dt.datetime(2023, 1, 28, tzinfo=dt.UTC)
"""Id and expiration of the subscription in Microsoft's examples."""
KEY = rsa_key()
"""That signs, made once: it takes a while."""


class Gathered:
    """Plays the outbox."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []

    def put(self, notification: Notification) -> None:
        self.notifications.append(notification)

    @property
    def items(self) -> list[dict[str, Any]]:
        """As they arrive."""
        return [json.loads(json.dumps(each.item)) for each in self.notifications]


class Scene:
    """One app in one tenant, and everything from a change to what is posted."""

    def __init__(self, *, app: dict[str, Any] | None = None, **behaviours: str) -> None:
        """``app`` as ``POST /emulator/apps`` takes it."""
        self.apps = Apps(App(tenant_id=TENANT, client_id=APP, client_secret="s"))
        self.apps.register({"tenantId": TENANT, "clientId": APP, **(app or {})})
        self.clock, self.keys = Clock(), Keys(KEY)
        self.envelopes = Envelopes(apps=self.apps, clock=self.clock, keys=self.keys)
        self.gathered = Gathered()
        self.subscriptions = Subscriptions()
        self.notifier = Notifier(
            apps=self.apps,
            behaviours=Behaviours({name.replace("_", "-"): value for name, value in behaviours.items()}),
            clock=self.clock,
            outbox=self.gathered,  # type: ignore[arg-type]  # only ``put`` is used
            subscriptions=self.subscriptions,
        )

    def add(self, resource: str, **changes: Any) -> Subscription:
        """A subscription that is in force now."""
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        added = subscription(resource, **{"expires_at": soon} | changes)
        self.subscriptions.add(added)
        return added

    def told(self, *args: Any, **more: Any) -> list[dict[str, Any]]:
        """All items so far, after this change."""
        self.notifier.changed(change(*args, **more))
        return self.gathered.items

    def body(self, *notifications: Notification) -> dict[str, Any]:
        """What is posted: these, or all so far."""
        body = self.envelopes.body(notifications or self.gathered.notifications)
        loaded: dict[str, Any] = json.loads(json.dumps(body))
        return loaded


def subscription(resource: str, *, version: Version = Version.BETA, **changes: Any) -> Subscription:
    parsed = resources.parse(resource, version=version)
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "tenant": TENANT,
        "app": APP,
        "creator": str(uuid.uuid4()),
        "version": version,
        "resource": parsed,
        "change_types": parsed.entry.change_types,
        "change_type": ",".join(sorted(parsed.entry.change_types)),
        "notification_url": "https://localhost:1/notifications",
        "lifecycle_url": "https://localhost:1/lifecycle",
        "client_state": "secret client state",
        "expires_at": EXPIRES,
        "created_at": NOW,
        "authorized_until": NOW + dt.timedelta(hours=1),
    }
    return Subscription(**values | changes)


def change(kind: str, path: str, *, change_type: str = "updated", **more: Any) -> Change:
    """Its topics are those of ``follower``, if one is given."""
    follower: Subscription | None = more.pop("follower", None)
    values: dict[str, Any] = {
        "tenant": TENANT,
        "change_type": ChangeType(change_type),
        "kind": kind,
        "path": path,
        "ids": {},
        "topics": follower.resource.topics if follower else (),
        "body": {},
    }
    return Change(**values | more)


def shaped(follower: Subscription, happened: Change, *, rich: bool = False) -> Shape:
    return shape(Told(change=happened, subscription=follower, rich=rich, now=NOW))


def item(follower: Subscription, happened: Change, *, rich: bool = False) -> dict[str, Any]:
    """As it arrives, but for the encrypted part."""
    wording = Wording(happened, shaped(follower, happened, rich=rich))
    made = Scene().notifier._item(wording, follower, happened.change_type, rich=False)
    loaded: dict[str, Any] = json.loads(json.dumps(made))
    return loaded


def plain(follower: Subscription, happened: Change) -> Any:
    """What a receiver decrypts."""
    return json.loads(Wording(happened, shaped(follower, happened, rich=True)).plain)
