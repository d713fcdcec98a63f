"""Where notifications go: an event in, and a return only once the other side has it.

A broker is one module in ``reconciler/sinks`` that satisfies ``Sink``, and one extra.
"""

from typing import Protocol

from reconciler.core.errors import ReconcilerError
from reconciler.core.event import Event

__all__ = ["Refused", "Sink", "SinkError", "Unreachable"]


class SinkError(ReconcilerError):
    """The event was not taken; the message names the sink, the cause and the remedy, and nothing of the event."""


class Unreachable(SinkError):
    """It may be taken in a moment: send it again, after ``retry_after`` seconds where the other side has said so."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(SinkError):
    """It will never be taken as it is."""


class Sink(Protocol):
    """Used from one event loop, by several lanes at a time; events of one lane are sent one after the other."""

    async def send(self, event: Event) -> None:
        """Return once the event is safe on the other side. Raises SinkError, and is cancelled when the process ends.

        The same event may be sent again: after a crash, or where its answer was lost.
        """

    async def close(self) -> None:
        """Let go of connections and files."""
