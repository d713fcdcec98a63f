"""What Graph tells about a subscription itself: challenges by the token's clock, removal, loss (facts 6)."""

import dataclasses
import datetime as dt

from reconciler.core.catalog import LifecycleEvent
from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import App
from reconciler.emulator.entra.permissions import permitted
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications import events
from reconciler.emulator.notifications.authorization import REVOKED
from reconciler.emulator.notifications.challenges import Challenges
from reconciler.emulator.notifications.outbox import Outbox


class Lifecycle:
    def __init__(
        self, *, agenda: Agenda, behaviours: Behaviours, clock: Clock, outbox: Outbox, subscriptions: Subscriptions
    ) -> None:
        self._behaviours = behaviours
        self._clock = clock
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._challenges = Challenges(
            agenda=agenda,
            behaviours=behaviours,
            clock=clock,
            subscriptions=subscriptions,
            send=lambda each: self.tell(each, LifecycleEvent.REAUTHORIZATION_REQUIRED),
        )

    def authorized(self, subscription: Subscription) -> None:
        """It was created, renewed or reauthorized just now, and is in ``subscriptions``."""
        self._challenges.plan(subscription)
        self._outbox.release(subscription.id)

    def registered(self, app: App) -> None:
        """An administrator has set its permissions: where they no longer do, deliveries stop and it is challenged.

        Giving them back changes nothing by itself: a renewal or reauthorization has to succeed (facts 6). What a user
        may is not the app's, so delegated subscriptions go on.
        """
        now = self._clock.now()
        caller = caller_of(app, now)
        for _, subscription in self._subscriptions.owned((app.tenant_id, app.client_id), now):
            revoked = subscription.authorized_until == REVOKED
            if not (revoked or subscription.delegated or permitted(subscription.resource.entry, caller)):
                self._revoke(subscription)

    def tell(self, subscription: Subscription, event: LifecycleEvent) -> None:
        self._outbox.put(events.notification(subscription, event))

    def remove(self, subscription: Subscription, *, silently: bool = False) -> None:
        """By Graph itself; told only where Graph tells of it."""
        self._subscriptions.remove(subscription)
        if not silently and LifecycleEvent.SUBSCRIPTION_REMOVED in subscription.resource.entry.lifecycle_events:
            self.tell(subscription, LifecycleEvent.SUBSCRIPTION_REMOVED)

    def resume(self) -> None:
        """After subscriptions were loaded: their appointments are made anew."""
        for subscription in self._subscriptions:
            self._challenges.plan(subscription)

    def clear(self) -> None:
        """Who calls this clears the agenda, too."""
        self._challenges.clear()

    def _revoke(self, subscription: Subscription) -> None:
        revoked = dataclasses.replace(subscription, authorized_until=REVOKED)
        self._subscriptions.replace(revoked)
        if self._behaviours["challenges"] == "never":
            self._challenges.plan(revoked)
        else:
            self._challenges.challenge(revoked)


def caller_of(app: App, now: dt.datetime) -> Caller:
    """As whom it would ask for something with a token of this moment."""
    return Caller(
        tenant=app.tenant_id,
        app=app.client_id,
        principal="",
        permissions=frozenset(app.roles),
        delegated=False,
        expires_at=now,
    )
