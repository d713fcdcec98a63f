"""Who is told of a change: a change in, one notification for each subscription that it is for out."""

from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import Apps
from reconciler.emulator.graph.subscriptions import Subscriptions
from reconciler.emulator.notifications.outbox import Outbox
from reconciler.emulator.world.changes import Change


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
