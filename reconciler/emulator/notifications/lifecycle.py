"""What Graph tells about a subscription itself: challenges by the token's clock, removal, loss (facts 6)."""

from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.graph.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications.outbox import Outbox


class Lifecycle:
    def __init__(
        self, *, agenda: Agenda, behaviours: Behaviours, clock: Clock, outbox: Outbox, subscriptions: Subscriptions
    ) -> None:
        self._agenda = agenda
        self._behaviours = behaviours
        self._clock = clock
        self._outbox = outbox
        self._subscriptions = subscriptions

    def authorized(self, subscription: Subscription) -> None:
        """It was created, renewed or reauthorized just now, and is in ``subscriptions``."""
