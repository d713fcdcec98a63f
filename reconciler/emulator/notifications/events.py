"""A lifecycle notification: a subscription and what happened to it in, what is delivered out (facts 6)."""

from reconciler.core.catalog import LifecycleEvent
from reconciler.emulator.instants import spell_long
from reconciler.emulator.model.subscriptions import Subscription
from reconciler.emulator.notifications.notification import Notification


def notification(subscription: Subscription, event: LifecycleEvent) -> Notification:
    """No ``resource``, no ``changeType``, no data; ``clientState`` where one was given."""
    item = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": spell_long(subscription.expires_at),
        "tenantId": subscription.tenant,
        "clientState": subscription.client_state,
        "lifecycleEvent": event.value,
    }
    if subscription.client_state is None:
        del item["clientState"]
    return Notification(subscription=subscription, item=item, lifecycle=True)


def survives_removal(notification: Notification) -> bool:
    """Only this one is delivered although its subscription is gone."""
    return notification.item.get("lifecycleEvent") == LifecycleEvent.SUBSCRIPTION_REMOVED
