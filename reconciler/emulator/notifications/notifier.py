"""Who is told of a change: a change in, one notification for each subscription that it is for out."""

import dataclasses
import functools
import json
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.core.catalog import ChangeType, Version, Workload
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import Apps
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.notifications.outbox import Outbox
from reconciler.emulator.notifications.shapes import Shape, Told, shape
from reconciler.emulator.world.changes import Change

ONE_TEAM = "channels"
"""The catalog's entry for the channels of one team."""


@dataclasses.dataclass(frozen=True)
class Wording:
    """What is the same for all that asked for one resource in one way."""

    change: Change
    shape: Shape

    @functools.cached_property
    def plain(self) -> bytes:
        """The data before it is encrypted; of what was deleted only the id is left (no source says)."""
        payload = self.shape.payload
        if self.change.change_type is ChangeType.DELETED:
            payload = {"id": payload.get("id") or (self.shape.data or {}).get("id")}
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


class Notifier:
    def __init__(
        self, *, apps: Apps, behaviours: Behaviours, clock: Clock, outbox: Outbox, subscriptions: Subscriptions
    ) -> None:
        self._apps = apps
        self._behaviours = behaviours
        self._clock = clock
        self._outbox = outbox
        self._subscriptions = subscriptions

    def changed(self, change: Change) -> None:
        """Nothing is awaited."""
        now = self._clock.now()
        wordings: dict[tuple[str, Version, bool], Wording] = {}
        for subscription in tuple(self._subscriptions.following(change.tenant, change.topics, now)):
            change_types = told_as(change, subscription)
            if not change_types:
                continue
            rich = self._gets_data(subscription)
            key = (subscription.resource.text, subscription.version, rich)
            if key not in wordings:
                told = Told(change=change, subscription=subscription, rich=rich, now=now)
                wordings[key] = Wording(change, shape(told))
            for change_type in change_types:
                item = self._item(wordings[key], subscription, change_type, rich=rich)
                self._outbox.put(Notification(subscription=subscription, item=item))

    def _gets_data(self, subscription: Subscription) -> bool:
        """Facts 7.1: not if the app asks for an assignment that Graph does not have."""
        if not subscription.rich or subscription.certificate is None:
            return False
        app = self._apps.find(*subscription.owner)
        return app is None or not app.assignment_required

    def _item(
        self, wording: Wording, subscription: Subscription, change_type: ChangeType, *, rich: bool
    ) -> dict[str, Any]:
        """Facts 5.4; null is never sent."""
        told = wording.shape
        item: dict[str, Any] = {
            "id": str(uuid.uuid4()) if self._behaviours["notification-id"] == "present" else None,
            "subscriptionId": subscription.id,
            "changeType": change_type,
            "tenantId": subscription.tenant if told.tenant_id else None,
            "clientState": subscription.client_state,
            "subscriptionExpirationDateTime": told.expiration(subscription.expires_at),
            "resource": told.resource,
            "resourceData": told.data,
            "organizationId": subscription.tenant if told.organization_id else None,
        }
        if rich and subscription.certificate is not None:
            item["encryptedContent"] = encrypted(
                wording.plain, subscription.certificate, certificate_id=subscription.certificate_id
            )
        return {name: value for name, value in item.items() if value is not None}


IN_DIRECTORY: Mapping[ChangeType, tuple[ChangeType, ...]] = {
    ChangeType.CREATED: (ChangeType.UPDATED,),
    ChangeType.UPDATED: (ChangeType.UPDATED,),
    ChangeType.DELETED: (ChangeType.UPDATED, ChangeType.DELETED),
}
"""What is created is told as updated; a deletion is soft first, which is an update, then permanent (facts 1.1)."""


def told_as(change: Change, subscription: Subscription) -> list[ChangeType]:
    """What the subscription hears it called, one after the other; nothing if it does not hear of it."""
    in_directory = subscription.resource.entry.workload is Workload.DIRECTORY
    names = IN_DIRECTORY[change.change_type] if in_directory else (change.change_type,)
    return [name for name in names if name in subscription.change_types and not is_hidden(change, subscription)]


def is_hidden(change: Change, subscription: Subscription) -> bool:
    """With a user's token, v1.0 tells of standard channels only (facts 2.2, seed TC)."""
    return (
        subscription.delegated
        and subscription.version is Version.V1
        and subscription.resource.entry.id == ONE_TEAM
        and change.body.get("membershipType", "standard") != "standard"
    )
