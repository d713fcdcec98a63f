"""What waits to be delivered: one item and whose it is."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.model.subscriptions import Subscription


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    subscription: Subscription
    """As it was when the change happened."""
    item: Mapping[str, Any]
    """What stands in ``value`` (facts 5.4, 6)."""
    lifecycle: bool = False

    @property
    def rich(self) -> bool:
        return "encryptedContent" in self.item
