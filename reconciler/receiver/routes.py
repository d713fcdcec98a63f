"""Which paths are served, and what for."""

import dataclasses
from collections.abc import Iterable

__all__ = ["Routes"]


@dataclasses.dataclass(frozen=True, slots=True, init=False)
class Routes:
    """Paths as they stand in the URLs, percent-escapes decoded. One path may serve both (facts 4.3)."""

    notifications: frozenset[str]
    lifecycle: frozenset[str]

    def __init__(self, notifications: Iterable[str] = (), lifecycle: Iterable[str] = ()) -> None:
        object.__setattr__(self, "notifications", frozenset(notifications))
        object.__setattr__(self, "lifecycle", frozenset(lifecycle))

    def __contains__(self, path: str) -> bool:
        return path in self.notifications or path in self.lifecycle

    def only_lifecycle(self, path: str) -> bool:
        return path in self.lifecycle and path not in self.notifications
