"""The nouns: who is told what, and what stands in the notification because of it."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.emulator.model.subscriptions import Subscription
from reconciler.emulator.notifications.shapes.spelling import zulu
from reconciler.emulator.world.changes import Change


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change and one of the subscriptions that follow it."""

    change: Change
    subscription: Subscription
    rich: bool
    """It is sent with its data, encrypted."""
    now: dt.datetime

    @property
    def followed(self) -> str:
        """The resource as it was subscribed to, without the slashes around it."""
        return self.subscription.resource.text.strip("/")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a notification says of a change: the same for every subscription to the same resource text."""

    resource: str
    data: Mapping[str, Any] | None
    """``resourceData``; None where Graph sends none."""
    payload: Mapping[str, Any]
    """What a rich notification carries encrypted."""
    expiration: Callable[[dt.datetime], str] = zulu
    """How ``subscriptionExpirationDateTime`` is spelled."""
    tenant_id: bool = True
    organization_id: bool = False
    """``organizationId`` stands beside ``tenantId`` (facts 2.5)."""


def resource_data(*, odata_type: str, odata_id: str, identifier: str, **more: object) -> dict[str, object]:
    return {"@odata.type": odata_type, "@odata.id": odata_id, "id": identifier, **more}
