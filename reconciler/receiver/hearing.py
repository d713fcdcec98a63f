"""When each subscription was last heard of: notifications in, times in the store and in the metrics out.

Which ones are silent for longer than their manifest allows is found on the way, and said once.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterable, Mapping

from reconciler.engine.inbox import Entry, Inbox
from reconciler.engine.ports import Clock
from reconciler.receiver.metrics import Metrics
from reconciler.receiver.observing import Content, Told
from reconciler.receiver.silence import Key, Silence, Watched

__all__ = ["Declared", "Hearing"]

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Declared:
    """A subscription of the manifests."""

    tenant_id: str
    tenant: str
    """The name of its Tenant."""

    name: str
    silent_after: dt.timedelta | None = None

    @property
    def key(self) -> Key:
        return self.tenant_id, self.name


class Hearing:
    """An observer of the receiver."""

    def __init__(self, inbox: Inbox, declared: Iterable[Declared], metrics: Metrics, clock: Clock) -> None:
        self.inbox, self.metrics, self.clock = inbox, metrics, clock
        self.declared = {each.key: each for each in declared}
        self.watched = [Watched(each.tenant_id, each.name, each.silent_after) for each in declared if each.silent_after]
        self.silence = Silence(clock.now())
        self.heard: Mapping[Key, dt.datetime] | None = None
        self.known: Mapping[Key, dt.datetime] = {}
        """What was heard last of those that are declared."""

        self.fresh: dict[Key, dt.datetime] = {}
        """Not written down yet."""

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        del content
        if what is Told.ACCEPTED and not entry.lifecycle and entry.name and entry.tenant_id:
            self.fresh[entry.tenant_id, entry.name] = entry.received_at

    async def flush(self) -> None:
        """Write down what is new, and see what other processes have heard. Raises StoreError, and keeps it then."""
        fresh = dict(self.fresh)
        await self.inbox.hear(fresh)
        self.fresh = {key: moment for key, moment in self.fresh.items() if fresh.get(key) != moment}
        self.show(await self.inbox.heard())

    def show(self, heard: Mapping[Key, dt.datetime]) -> None:
        if heard is not self.heard:  # the same one is told again as long as nothing has changed
            self.heard, self.known = heard, {key: moment for key, moment in heard.items() if key in self.declared}
            self.metrics.heard({self.label(key): moment for key, moment in self.known.items()})
        noticed = self.silence.look(self.watched, self.known, self.clock.now())
        self.metrics.silent({self.label(each.key): each.key in noticed.silent for each in self.watched})
        for key in noticed.fell_silent:
            since = f"{noticed.silent[key]:%Y-%m-%d %H:%M} UTC"
            logger.warning("Nothing was heard of %s in %s since %s", key[1], self.declared[key].tenant, since)
        for key in noticed.spoke_again:
            logger.warning("%s in %s is heard of again", key[1], self.declared[key].tenant)

    def label(self, key: Key) -> tuple[str, str]:
        return self.declared[key].tenant, key[1]
