"""An observer that counts: what becomes of notifications in, metrics out."""

from reconciler.engine.inbox import Entry
from reconciler.engine.ports import Clock
from reconciler.receiver.metrics import Fate, Metrics
from reconciler.receiver.observing import Content, Told

__all__ = ["Counting"]


class Counting:
    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self.metrics, self.clock = metrics, clock

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        del content
        match what:
            case Told.FORWARDED:
                self.metrics.forwarded(entry.sink, (self.clock.now() - entry.received_at).total_seconds())
            case Told.RETRIED:
                self.metrics.retried(entry.sink)
            case Told.OPENED:
                return
            case _:
                self.metrics.notified(Fate(what.value), entry.reason or "")
