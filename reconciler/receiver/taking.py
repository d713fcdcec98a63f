"""A delivery in, its notifications in the store, or StoreError: what is answered with 202 is safe by then."""

import asyncio
import logging
from collections.abc import Callable

from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Kind, Wish
from reconciler.engine.inbox import Entry, Inbox, State
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.delivery import Delivery
from reconciler.receiver.entries import Admission
from reconciler.receiver.observing import Observer, Told

__all__ = ["OnWish", "SetAsideRoom", "Taker"]

AT_ONCE = 100
"""Items, about five milliseconds' work: a large delivery must not keep a validation request waiting."""

OnWish = Callable[[Wish], None]

logger = logging.getLogger(__name__)


class SetAsideRoom:
    """Strangers write what is set aside, so it has a limit; ``used`` is corrected from the store now and then."""

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0

    def take(self, entry: Entry) -> bool:
        if self.used + entry.size > self.size:
            return False
        self.used += entry.size
        return True


class Taker:
    """The receiver's ``on_delivery``."""

    def __init__(
        self, admission: Admission, inbox: Inbox, *, room: SetAsideRoom, observer: Observer, on_wish: OnWish
    ) -> None:
        self.admission, self.inbox, self.room = admission, inbox, room
        self.observer, self.on_wish = observer, on_wish
        self.unstored, self.discarded = Complaints(logger), Complaints(logger)

    async def take(self, delivery: Delivery) -> None:
        """Raises StoreError."""
        kept: list[Entry] = []
        for position, item in enumerate(delivery.items, start=1):
            kept += self.kept(self.admission.admit(item, delivery))
            if position % AT_ONCE == 0:
                await asyncio.sleep(0)
        if kept:
            await self.put(kept)

    def kept(self, entry: Entry) -> list[Entry]:
        if entry.state is not State.SET_ASIDE or self.room.take(entry):
            return [entry]
        self.discarded.add("What nobody can show to be Graph's is set aside no more: its room in the inbox is full")
        self.observer.told(Told.DISCARDED, entry)
        return []

    async def put(self, entries: list[Entry]) -> None:
        try:
            await self.inbox.put(entries)
        except StoreError as error:
            self.unstored.add(f"Deliveries are not stored, Graph sends them again: {error}")
            raise
        for entry in entries:
            self.observer.told(Told.SET_ASIDE if entry.state is State.SET_ASIDE else Told.ACCEPTED, entry)
            self.look(entry)

    def look(self, entry: Entry) -> None:
        """At one that nobody here has heard of: just created elsewhere, or its answer or the store was lost."""
        if entry.tenant_id and entry.subscription_id not in self.admission.known:
            self.on_wish(Wish(Kind.LOOK, entry.tenant_id, entry.subscription_id))
