"""What goes out in one POST: notifications in, the collection with its validation tokens out (facts 5.4, 7.3)."""

from collections.abc import Sequence
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.notifications.validation_tokens import ValidationTokens


class Envelopes:
    def __init__(self, *, apps: Apps, clock: Clock, keys: Keys) -> None:
        self._tokens = ValidationTokens(apps=apps, clock=clock, keys=keys)

    def body(self, notifications: Sequence[Notification]) -> dict[str, Any]:
        """With ``validationTokens`` if data was asked for with any of them; null if no app there may have it."""
        body: dict[str, Any] = {"value": [each.item for each in notifications]}
        if any(each.subscription.rich and not each.lifecycle for each in notifications):
            body["validationTokens"] = self._one_for_each_owner(notifications) or None
        return body

    def _one_for_each_owner(self, notifications: Sequence[Notification]) -> list[str]:
        """Also for those without data: it is one for each app and tenant in the collection (facts 7.3)."""
        owners = dict.fromkeys(each.subscription.owner for each in notifications)
        return [token for owner in owners if (token := self._tokens.token(owner))]
