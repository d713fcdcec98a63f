"""Telling of losses: subscriptions that lost notifications in, one ``missed`` for each and while out (facts 6)."""

import datetime as dt
from collections.abc import Callable, Iterable

from reconciler.core.catalog import LifecycleEvent
from reconciler.emulator.agenda import Agenda
from reconciler.emulator.clock import Clock
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions

QUIET = dt.timedelta(minutes=10)
"""After each ``missed``; what is lost meanwhile is told at its end."""


class Losses:
    def __init__(
        self, *, agenda: Agenda, clock: Clock, subscriptions: Subscriptions, tell: Callable[[Subscription], None]
    ) -> None:
        self._agenda = agenda
        self._clock = clock
        self._subscriptions = subscriptions
        self._tell = tell
        self._quiet: dict[str, bool] = {}
        """Ids of those told of lately → whether they lost more since."""

    def note(self, subscriptions: Iterable[Subscription]) -> None:
        """Only Outlook's are told (facts 6); the others never know."""
        for subscription in subscriptions:
            if LifecycleEvent.MISSED in subscription.resource.entry.lifecycle_events:
                self._note(subscription.id)

    def clear(self) -> None:
        self._quiet.clear()

    def _note(self, identifier: str) -> None:
        if identifier in self._quiet:
            self._quiet[identifier] = True
            return
        now = self._clock.now()
        subscription = self._subscriptions.find(identifier, now)
        if subscription is not None:
            self._quiet[identifier] = False
            self._agenda.at(now + QUIET, lambda: self._end_of_quiet(identifier))
            self._tell(subscription)

    def _end_of_quiet(self, identifier: str) -> None:
        if self._quiet.pop(identifier):
            self._note(identifier)
