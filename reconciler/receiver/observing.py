"""What becomes of notifications, told as it happens to whoever counts them, prints them, or waits for them."""

import dataclasses
import enum
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from reconciler.engine.inbox import Entry
from reconciler.receiver.opening import NotOpened

__all__ = ["Content", "Observer", "Observers", "Told", "Waking"]

logger = logging.getLogger(__name__)


class Told(enum.StrEnum):
    """In the order of a notification's life."""

    ACCEPTED = "accepted"
    """Graph has sent it, as far as its ``clientState`` tells, and it is stored."""

    SET_ASIDE = "set-aside"
    DISCARDED = "discarded"
    """To be set aside, and there was no room."""

    LIFECYCLE = "lifecycle"
    """It has become a wish."""

    DUPLICATE = "duplicate"
    POSSIBLE_DUPLICATE = "possible-duplicate"
    """Forwarded all the same."""

    OPENED = "opened"
    """Verified in full and ready for its sink, with its content where it came with one."""

    RETRIED = "retried"
    """Its sink has not taken it, and is asked again."""

    FORWARDED = "forwarded"
    DEAD_LETTER = "dead-letter"


Content = Mapping[str, Any] | NotOpened | None
"""The resource data where it was encrypted, or why it stays so; None where it was not."""


class Observer(Protocol):
    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        """``entry`` with ``reason`` and ``message`` where it did not go as it should. Must not wait for anything."""


@dataclasses.dataclass(frozen=True, slots=True)
class Observers:
    """Several as one."""

    each: Sequence[Observer]

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        for observer in self.each:
            try:
                observer.told(what, entry, content)
            except Exception:
                logger.exception("Somebody could not be told of entry %d of the inbox", entry.id)


class Waking:
    """Lets whoever forwards know at once what has come."""

    def __init__(self) -> None:
        self.wake: Callable[[str], None] = lambda _: None

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        del content
        if what is Told.ACCEPTED:
            self.wake(entry.sink)
