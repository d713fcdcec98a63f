"""What Graph encrypts for in, out which changes of a certificate it took and did not carry out (decision 14).

A PATCH of the certificate is believed on its answer. What is delivered later and still names the old one contradicts
it: then only a replacement helps, and that is remembered.
"""

import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Callable, Iterator

from reconciler.core.errors import StoreError
from reconciler.core.gap import RETRIES
from reconciler.daemon.steward import Steward
from reconciler.engine.inbox import Entry
from reconciler.engine.ports import Clock, Remembered
from reconciler.receiver.observing import Content, Told

__all__ = ["Contradicting"]

LATE = RETRIES + dt.timedelta(minutes=15)
"""Until then it may be an old notification that Graph tries to deliver once more (facts 5.1)."""

WATCHED = dt.timedelta(days=3)
"""After that nobody looks at what each notification is encrypted for."""

logger = logging.getLogger(__name__)


class Contradicting:
    """An observer of the receiver."""

    def __init__(self, clock: Clock, stewards: Callable[[], Iterator[tuple[str, Steward]]]) -> None:
        self.clock, self.stewards = clock, stewards
        self.contradicted: dict[str, tuple[Steward, Remembered]] = {}
        """By subscription id, with what is to be remembered: the certificate that Graph really goes by."""

    def told(self, what: Told, entry: Entry, content: Content = None) -> None:
        del content
        if what is not Told.ACCEPTED or not entry.encrypted or entry.subscription_id in self.contradicted:
            return
        for _, steward in self.stewards():
            memory = steward.holdings.recall.by_id.get(entry.subscription_id) if steward.holdings else None
            if memory is None or not self.is_watched(memory):
                continue
            names = names_in(entry)
            if names and (memory.certificate_id or "").upper() not in names:
                real = dataclasses.replace(memory, certificate_fixed=True, certificate_id=min(names))
                self.contradicted[entry.subscription_id] = (steward, real)

    def is_watched(self, memory: Remembered) -> bool:
        if memory.certified_at is None or memory.certificate_fixed or memory.certified_at == memory.created_at:
            return False
        return LATE < self.clock.now() - memory.certified_at < WATCHED

    async def remember(self) -> None:
        """Write down what was found; the next pass replaces it. Raises nothing, and keeps it where it cannot."""
        for subscription_id, (steward, memory) in list(self.contradicted.items()):
            if steward.holdings is None:
                continue
            try:
                await steward.holdings.recall.remember([memory])
            except StoreError as error:
                logger.warning("That Graph keeps an old certificate is not written down: %s", error)
                continue
            del self.contradicted[subscription_id]
            logger.warning(
                "%s of %s is still encrypted for its old certificate although Graph took the new one: it is replaced",
                memory.name,
                steward.tenant,
            )
            steward.wish("certificate")


def names_in(entry: Entry) -> frozenset[str]:
    """The certificate's thumbprint and its id, in upper case: letter case does not count (facts 7.1)."""
    try:
        content = json.loads(entry.body).get("encryptedContent")
    except (AttributeError, ValueError):
        return frozenset()
    if not isinstance(content, dict):
        return frozenset()
    names = (content.get("encryptionCertificateThumbprint"), content.get("encryptionCertificateId"))
    return frozenset(name.upper() for name in names if isinstance(name, str))
