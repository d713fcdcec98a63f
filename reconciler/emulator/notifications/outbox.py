"""Delivering: notifications in, POSTs at the endpoints out, again and again until one is taken (facts 5)."""

from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.faults import Faults
from reconciler.emulator.graph.subscriptions import Subscriptions
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.notification import Notification
from reconciler.emulator.options import Options
from reconciler.emulator.outgoing import Outgoing


class Outbox:
    def __init__(
        self,
        *,
        agenda: Agenda,
        behaviours: Behaviours,
        clock: Clock,
        envelopes: Envelopes,
        faults: Faults,
        options: Options,
        outgoing: Outgoing,
        subscriptions: Subscriptions,
    ) -> None:
        self._agenda = agenda
        self._behaviours = behaviours
        self._clock = clock
        self._envelopes = envelopes
        self._faults = faults
        self._options = options
        self._outgoing = outgoing
        self._subscriptions = subscriptions

    def put(self, notification: Notification) -> None:
        """It is on its way from here; nothing is awaited."""

    def clear(self) -> None:
        """Forget all that waits, and how the endpoints did so far."""

    async def aclose(self) -> None:
        """End what is on its way."""
