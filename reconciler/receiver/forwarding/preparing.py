"""Stored entries in, their events out, or why there is none: read, decrypted, spelled, many at a time on threads."""

import asyncio
import dataclasses
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from reconciler.core.event import Event, Facts, event_of
from reconciler.core.json_text import read_json
from reconciler.engine.inbox import Entry
from reconciler.receiver.observing import Content
from reconciler.receiver.opening import NotOpened, Opener, WhyNotOpened
from reconciler.receiver.parsing import KNOWN

__all__ = ["Prepared", "Preparing"]

logger = logging.getLogger(__name__)

IN_A_CHUNK = 16
"""Entries that one thread takes at a time: few enough for all cores to be busy to the end of a page."""

PLACED = KNOWN | {"encryptedcontent", "resourcedata"}
"""Names in lower case of what has a place of its own in the event."""


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    entry: Entry
    event: Event | NotOpened
    content: Content = dataclasses.field(default=None, repr=False)


class Preparing:
    """On as many threads as there are cores: ``cryptography`` lets go of the interpreter lock during RSA."""

    def __init__(self, opener: Opener, *, source: Callable[[str], str], threads: int | None = None) -> None:
        """``source`` tells the events' source for a tenant id."""
        self.opener, self.source = opener, source
        self.threads = ThreadPoolExecutor(threads or len(os.sched_getaffinity(0)), thread_name_prefix="preparing")

    async def prepare(self, entries: Sequence[tuple[Entry, bool]]) -> list[Prepared]:
        """In their order; each with whether it may be a duplicate."""
        chunks = [entries[start : start + IN_A_CHUNK] for start in range(0, len(entries), IN_A_CHUNK)]
        loop = asyncio.get_running_loop()
        found = await asyncio.gather(*(loop.run_in_executor(self.threads, self.prepare_now, chunk) for chunk in chunks))
        return [prepared for chunk in found for prepared in chunk]

    def prepare_now(self, entries: Sequence[tuple[Entry, bool]]) -> list[Prepared]:
        return [self.attempt(entry, possible_duplicate=maybe) for entry, maybe in entries]

    def attempt(self, entry: Entry, *, possible_duplicate: bool) -> Prepared:
        """One that we cannot cope with must not keep the others."""
        try:
            return self.one(entry, possible_duplicate=possible_duplicate)
        except Exception:
            logger.exception("A notification could not be prepared; it is entry %d of the inbox", entry.id)
            return Prepared(
                entry, NotOpened(WhyNotOpened.FAILED, "reconcile made a mistake with it: the log tells more")
            )

    def one(self, entry: Entry, *, possible_duplicate: bool) -> Prepared:
        item = Stored(read_json(entry.body))
        content = self.opened(item) if entry.encrypted else None
        if isinstance(content, NotOpened) and content.reason is not WhyNotOpened.ELSEWHERE:
            return Prepared(entry, content)
        return Prepared(entry, self.event(entry, item, content, possible_duplicate=possible_duplicate), content)

    def opened(self, item: "Stored") -> Content:
        try:
            return self.opener.open(item.get("encryptedcontent"))
        except NotOpened as error:
            return error

    def event(self, entry: Entry, item: "Stored", content: Content, *, possible_duplicate: bool) -> Event:
        closed = isinstance(content, NotOpened)
        return event_of(
            Facts(
                id=entry.event_id,
                source=self.source(entry.tenant_id or ""),
                received_at=entry.received_at,
                change_type=entry.change,
                tenant_id=entry.tenant_id or "",
                subscription_id=entry.subscription_id,
                name=entry.name,
                resource=entry.resource,
                resource_data=item.get("resourcedata"),
                content=None if isinstance(content, NotOpened) else content,
                encrypted_content=item.get("encryptedcontent") if closed else None,
                properties=item.others(),
                possible_duplicate=possible_duplicate,
            )
        )

    def close(self) -> None:
        """Wait for what is being opened; what has not begun is cancelled."""
        self.threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stored:
    """An item that was read when it came, once more: only for what is not in its entry."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.properties = properties
        self.names = {name.lower(): name for name in properties}

    def get(self, folded: str) -> Any:
        """By a name in lower case; None where there is none."""
        name = self.names.get(folded)
        return None if name is None else self.properties[name]

    def others(self) -> Mapping[str, Any]:
        """What has no place of its own in the event."""
        return {name: self.properties[name] for folded, name in self.names.items() if folded not in PLACED}
