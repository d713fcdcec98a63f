"""A queue for each URL: notifications in, batches out, one batch of a URL under way at a time (facts 5.4).

While it is under way the next ones gather, so a slow endpoint gets many at once, and the order is kept. A URL that
nothing waits for takes no memory. Change and lifecycle notifications never share a POST.
"""

import asyncio
import dataclasses
import functools
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

from reconciler.emulator.faults import Faults
from reconciler.emulator.notifications.crew import Crew
from reconciler.emulator.notifications.endpoints import endpoint_of
from reconciler.emulator.notifications.notification import Notification

MOST_AT_ONCE = 100
MOMENT = 0.1
"""The machine's seconds for which notifications gather that shall go out of order."""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    url: str
    lifecycle: bool


Send = Callable[[Address, Sequence[Notification]], Coroutine[None, None, None]]


class Lanes:
    def __init__(self, *, crew: Crew, faults: Faults, send: Send) -> None:
        self._crew = crew
        self._faults = faults
        self._send = send
        self._lanes: dict[Address, deque[Notification]] = {}

    @property
    def idle(self) -> bool:
        return not self._lanes

    def __iter__(self) -> Iterator[tuple[Address, Notification]]:
        """What waits."""
        for address, lane in self._lanes.items():
            for notification in lane:
                yield address, notification

    def put(self, address: Address, notification: Notification) -> None:
        lane = self._lanes.get(address)
        if lane is None:
            lane = self._lanes[address] = deque()
            self._begin(address, lane)
        lane.append(notification)

    def put_back(self, address: Address, notifications: Iterable[Notification]) -> Callable[[], None]:
        """What waited before a restart, in its order, where nothing waits yet; it goes when the answer is called."""
        lane = self._lanes[address] = deque(notifications)
        return functools.partial(self._begin, address, lane)

    def clear(self) -> None:
        self._lanes.clear()

    def _begin(self, address: Address, lane: deque[Notification]) -> None:
        if self._faults.deliveries.order is None:
            self._go(address, lane)
        else:
            asyncio.get_running_loop().call_later(MOMENT, self._go, address, lane)

    def _go(self, address: Address, lane: deque[Notification]) -> None:
        self._crew.do(endpoint_of(address.url), functools.partial(self._next, address, lane))

    async def _next(self, address: Address, lane: deque[Notification]) -> None:
        if self._lanes.get(address) is not lane:
            return  # all was forgotten meanwhile
        self._faults.deliveries.rearrange(lane)
        batch = [lane.popleft() for _ in range(min(MOST_AT_ONCE, len(lane)))]
        try:
            await self._send(address, batch)
        finally:
            if self._lanes.get(address) is lane:
                self._go_on(address, lane)

    def _go_on(self, address: Address, lane: deque[Notification]) -> None:
        if lane:
            self._go(address, lane)
        else:
            del self._lanes[address]
