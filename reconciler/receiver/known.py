"""The subscriptions that the store knows, for look-ups without waiting: an id in, its birth and its name out.

They are read anew from time to time: another process may have created or replaced some. The ids of replaced ones stay
known for a day, so that what is still on its way from them is told by its name.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

__all__ = ["KnownSubscriptions", "Subscription"]


class Subscription(Protocol):
    @property
    def tenant_id(self) -> str: ...

    @property
    def birth(self) -> str: ...

    @property
    def name(self) -> str: ...


Read = Callable[[], Awaitable[Mapping[str, Subscription]]]


@dataclasses.dataclass(slots=True)
class KnownSubscriptions:
    read: Read
    by_id: Mapping[str, Subscription] = dataclasses.field(default_factory=dict)

    async def refresh(self) -> None:
        """Raises StoreError; what was known then stays known."""
        self.by_id = await self.read()

    def __contains__(self, subscription_id: str) -> bool:
        return subscription_id in self.by_id

    def birth(self, subscription_id: str) -> str | None:
        found = self.by_id.get(subscription_id)
        return found.birth if found else None

    def name(self, subscription_id: str) -> str | None:
        found = self.by_id.get(subscription_id)
        return found.name if found else None
