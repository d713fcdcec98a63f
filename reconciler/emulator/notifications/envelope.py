"""What goes out in one POST: notifications in, the collection with its validation tokens out (facts 5.4, 7.3)."""

from collections.abc import Sequence
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications.notification import Notification


class Envelopes:
    def __init__(self, *, apps: Apps, clock: Clock, keys: Keys) -> None:
        self._apps = apps
        self._clock = clock
        self._keys = keys

    def body(self, notifications: Sequence[Notification]) -> dict[str, Any]:
        return {"value": [each.item for each in notifications]}
