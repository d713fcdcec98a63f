"""How many requests are too many: who asks for what in, how long to wait out (facts 8.1, 8.3)."""

import collections
import dataclasses
import datetime as dt
import math

from reconciler.emulator.model.subscription import Owner

SPAN = 20.0
"""Seconds that a window looks back."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Requests in ``SPAN`` of one kind, which are counted together."""

    kind: str
    per_app: int
    """Over all its tenants."""
    per_app_and_tenant: int


WRITES = Limits("writes", 2000, 500)
LIMITS = {
    "DELETE": WRITES,
    "GET": Limits("reads", 2000, 500),
    "LIST": Limits("lists", 40, 25),
    "PATCH": WRITES,
    "POST": WRITES,
    "PUT": WRITES,
    "REAUTHORIZE": Limits("reauthorizations", 4000, 1000),
}
"""By method, as ``incoming.method_of`` names them."""


class Window:
    """The newest requests, as many as are allowed."""

    def __init__(self, limit: int) -> None:
        self._times: collections.deque[float] = collections.deque(maxlen=limit)

    def take(self, now: float) -> float:
        """Seconds until there is room, 0 if there is now; what is refused counts too (facts 8.3)."""
        full = len(self._times) == self._times.maxlen and self._times[0] > now - SPAN
        self._times.append(now)
        return self._times[0] + SPAN - now if full else 0.0


class Throttle:
    def __init__(self) -> None:
        self._windows: dict[tuple[str, Owner | str], Window] = {}

    def take(self, method: str, owner: Owner, now: dt.datetime) -> int:
        """Whole seconds to wait, 0 if the request may go on; the window that is full for longer decides."""
        limits = LIMITS.get(method)
        if limits is None:
            return 0
        windows = (
            self._window(limits.kind, owner[1], limits.per_app),
            self._window(limits.kind, owner, limits.per_app_and_tenant),
        )
        return math.ceil(max(window.take(now.timestamp()) for window in windows))

    def clear(self) -> None:
        self._windows.clear()

    def _window(self, kind: str, whose: Owner | str, limit: int) -> Window:
        if (kind, whose) not in self._windows:
            self._windows[kind, whose] = Window(limit)
        return self._windows[kind, whose]
