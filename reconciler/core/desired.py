"""A subscription as the manifests want it, every default filled in."""

import dataclasses
import datetime as dt
import hashlib

from reconciler.core.asked import Asked
from reconciler.core.catalog import Entry, Version
from reconciler.core.certificate import PublicCertificate
from reconciler.core.client_state import FIXED_KEY
from reconciler.core.mark import Mark, takes_query
from reconciler.core.renewal import Kind
from reconciler.core.resource import Resource
from reconciler.core.source import Source

__all__ = ["Adopt", "Desired"]


@dataclasses.dataclass(frozen=True, slots=True)
class Adopt:
    """Take over a foreign subscription: that with this ``id``, else the only one that is about the same."""

    id: str | None = None
    verifiable: bool = False
    """The manifest says where its ``clientState`` stands, so that our receiver can verify it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Desired:
    """What one ``Subscription`` comes to in one tenant."""

    name: str
    tenant: str
    resource: Resource
    asked: Asked
    notification_url: str
    lifecycle_url: str
    endpoint: str
    key_ids: tuple[str, ...]
    """The endpoint's ring of ``clientState`` keys; the first one is for new subscriptions."""

    source: Source
    certificate: PublicCertificate | None = None
    lifetime: dt.timedelta | None = None
    renew_before: dt.timedelta | None = None
    suspend: bool = False
    protect: bool = False
    leave: bool = False
    sink: str | None = None
    """Where our receiver forwards its notifications to; neither Graph nor the digest knows of it."""

    silent_after: dt.timedelta | None = None
    """How long it may be without a notification before that is worth a word."""

    external: bool = False
    """Another application receives, so nobody here need know its ``clientState``."""

    previously: frozenset[str] = frozenset()
    """Names that it had: what bears one of them is this one, to be renamed."""

    adopt: Adopt | None = None
    template: str | None = None
    """The name of the ``Subscription`` with ``forEach`` that it was made from."""

    labels: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its own, and those that it had before."""
        return (self.name, *sorted(self.previously))

    @property
    def entry(self) -> Entry | None:
        return self.resource.entry

    @property
    def kind(self) -> Kind:
        return Kind(self.entry, self.asked.resource, self.asked.rich)

    @property
    def version(self) -> Version:
        return self.asked.version

    @property
    def slot(self) -> str:
        return self.resource.slot(sorted(self.asked.change_types))

    @property
    def accepted_keys(self) -> tuple[str, ...]:
        """What ``clientState`` may have been made with: the ring, and what an adopted one was given by others."""
        known = self.external or (self.adopt is not None and self.adopt.verifiable)
        return (*self.key_ids, FIXED_KEY) if known else self.key_ids

    @property
    def takes_query(self) -> bool:
        return takes_query(self.notification_url)

    def mark(self, owner: str, *, birth: str, key: str) -> Mark:
        """The mark that a subscription in agreement with this bears."""
        return Mark(owner, self.name, birth, key, self.asked.digest, self.version, self.protect, self.leave)

    @property
    def essence(self) -> str:
        """16 hex digits over all that a change of it may fail for: another essence is tried at once."""
        sent = (
            self.asked.digest,
            self.resource.text,
            self.notification_url,
            self.certificate,
            self.key_ids,
            self.adopt,
        )
        said = (*sent, self.lifetime, self.renew_before, self.endpoint)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
