"""A journal in, the same with its memory at hand out: a process that is the only writer need not read what it wrote."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from reconciler.core.gap import Gap
from reconciler.engine.ports import Clock, Intent, Journal, Remembered

__all__ = ["Recall"]

OnChange = Callable[[str, Remembered | None], None]

TOMBSTONE_AGE = dt.timedelta(days=1)
"""For as long a deleted one is known; a store forgets it by itself."""


class Recall:
    """Satisfies ``Journal``. What cannot be written is known all the same, and written with what comes next."""

    def __init__(
        self, journal: Journal, clock: Clock, on_change: OnChange, *, on_gap: Callable[[Gap], None] = lambda _: None
    ) -> None:
        """``on_change`` is told the id of what has changed, and what is known of it now; ``on_gap`` of each gap."""
        self.journal, self.clock, self.on_change, self.on_gap = journal, clock, on_change, on_gap
        self.loaded = False
        self.by_id: dict[str, Remembered] = {}
        self.learned: dict[str, dt.timedelta] = {}
        self._intents: dict[str, Intent] = {}
        self._unwritten: dict[str, Remembered] = {}

    async def load(self) -> None:
        """Before anything else, and again where another process may have written. Raises StoreError."""
        by_id, intents, learned = (
            await self.journal.remembered(),
            await self.journal.intents(),
            await self.journal.ceilings(),
        )
        by_id = {**by_id, **self._unwritten}
        for subscription_id in self.by_id.keys() - by_id.keys():
            self.on_change(subscription_id, None)
        self.by_id, self._intents, self.learned = by_id, dict(intents), dict(learned)
        self.loaded = True
        for subscription_id, memory in self.by_id.items():
            self.on_change(subscription_id, memory)

    async def remembered(self) -> Mapping[str, Remembered]:
        """As it is now: what is written later does not show in it."""
        if not self.loaded:
            await self.load()
        oldest = self.clock.now() - TOMBSTONE_AGE
        for memory in [each for each in self.by_id.values() if each.deleted_at and each.deleted_at < oldest]:
            del self.by_id[memory.id]
        return dict(self.by_id)

    async def intents(self) -> Mapping[str, Intent]:
        return dict(self._intents)

    async def ceilings(self) -> Mapping[str, dt.timedelta]:
        return dict(self.learned)

    async def remember(self, subscriptions: Iterable[Remembered]) -> None:
        for memory in subscriptions:
            self.by_id[memory.id] = self._unwritten[memory.id] = memory
            self.on_change(memory.id, memory)
        writing = dict(self._unwritten)
        await self.journal.remember(writing.values())
        self._unwritten = {each: memory for each, memory in self._unwritten.items() if writing.get(each) is not memory}

    async def flush(self) -> None:
        """Write what could not be written before. Raises StoreError."""
        if self._unwritten:
            await self.remember(())

    async def forget(self, ids: Iterable[str]) -> None:
        ids = list(ids)
        if not ids:
            return
        await self.journal.forget(ids)
        for subscription_id in ids:
            self._unwritten.pop(subscription_id, None)
            self.by_id.pop(subscription_id, None)
            self.on_change(subscription_id, None)

    async def intend(self, intent: Intent) -> None:
        await self.journal.intend(intent)
        self._intents[intent.name] = intent

    async def settle(self, name: str) -> None:
        await self.journal.settle(name)
        self._intents.pop(name, None)

    async def learn(self, key: str, ceiling: dt.timedelta) -> None:
        await self.journal.learn(key, ceiling)
        self.learned[key] = ceiling

    async def note_gap(self, gap: Gap) -> None:
        await self.journal.note_gap(gap)
        self.on_gap(gap)
