"""``/emulator/lifecycle``: let Graph say something about a subscription, or end it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.core.catalog import LifecycleEvent
from reconciler.emulator.control.asking import json_object
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.model.subscriptions import Subscription
from reconciler.emulator.parts import Parts

REMOVED = "removed"
"""Silently, which Graph does to all but those that it tells of it (facts 6)."""
EVENTS = (*(event.value for event in LifecycleEvent), REMOVED)


class LifecycleControl:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def happen(self, request: Request) -> Response:
        """``{"subscriptionId": …, "event": …}``; ``subscriptionRemoved`` and ``removed`` really remove it."""
        data = await json_object(request)
        if data.keys() != {"subscriptionId", "event"} or data["event"] not in EVENTS:
            raise EmulatorError(f"a lifecycle event has the keys subscriptionId and event, one of {', '.join(EVENTS)}")
        subscription = self.find(data["subscriptionId"])
        if data["event"] == REMOVED:
            self.parts.lifecycle.remove(subscription, silently=True)
        else:
            self.tell(subscription, LifecycleEvent(data["event"]))
        return JSONResponse({"subscriptionId": subscription.id, "event": data["event"]}, status_code=202)

    def find(self, identifier: Any) -> Subscription:
        found = self.parts.subscriptions.find(str(identifier).lower(), self.parts.clock.now())
        if found is None:
            raise EmulatorError(f"there is no subscription '{identifier}': GET /emulator/subscriptions lists them")
        return found

    def tell(self, subscription: Subscription, event: LifecycleEvent) -> None:
        entry = subscription.resource.entry
        if event not in entry.lifecycle_events:
            instead = "; use 'removed' to remove it silently" if event is LifecycleEvent.SUBSCRIPTION_REMOVED else ""
            raise EmulatorError(f"Graph never sends '{event}' for '{subscription.resource.text}' (facts 6){instead}")
        if subscription.lifecycle_url is None:
            raise EmulatorError(
                f"subscription '{subscription.id}' has no lifecycleNotificationUrl, so it cannot be told '{event}': "
                "create it with one"
            )
        if event is LifecycleEvent.SUBSCRIPTION_REMOVED:
            self.parts.lifecycle.remove(subscription)
        else:
            self.parts.lifecycle.tell(subscription, event)
