"""The manifests that are in force: read anew when something changes, and taken only if all of them are valid."""

import argparse
import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from reconciler.cli.access import Keeper
from reconciler.cli.desk import Arrangement
from reconciler.cli.front import Front
from reconciler.cli.loading import Loaded, load
from reconciler.cli.ordering import Circumstances, orders_of
from reconciler.cli.own_endpoints import own_urls
from reconciler.cli.receiving import current_pairs, kept_keys
from reconciler.cli.referred import referred_files
from reconciler.cli.wiring import allowed_hosts
from reconciler.core.certificate import outline
from reconciler.core.errors import ManifestError, ReconcilerError, UsageError
from reconciler.core.reasons import Reason
from reconciler.core.wanted import certificate_files
from reconciler.daemon.dropping import Affected
from reconciler.daemon.house import House
from reconciler.daemon.metrics import DaemonMetrics
from reconciler.daemon.opening import wait_for_own_endpoints, wrongly_answered
from reconciler.daemon.presence import Presence
from reconciler.daemon.reporting import Reporting
from reconciler.engine.chronicle import ROTATE_CLIENT_STATE, Chronicle
from reconciler.engine.ports import Clock
from reconciler.graph.authentication import CertificateCredential
from reconciler.receiver.kept_keys import Kept
from reconciler.receiver.known import Subscription
from reconciler.sources.watching import Watching

__all__ = ["InForce"]

SHOWN = 20
"""Problems that the log tells of a tree that does not validate; /status.json has all."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """Manifests that can be put in force, and all that was read with them."""

    loaded: Loaded
    """Condensed."""

    spelling: bytes
    """Of the subscriptions."""

    arrangement: Arrangement | None
    """None where no endpoint is ours to serve."""

    kept: tuple[Kept, ...]
    certificate_days: Mapping[str, float]
    credential_days: Mapping[str, float | None]
    """By the tenant's name; None where only Entra knows, as of a client secret."""


class Concerned(Protocol):
    """Those whom new manifests concern."""

    @property
    def front(self) -> Front: ...

    @property
    def house(self) -> House: ...

    @property
    def presence(self) -> Presence: ...

    @property
    def reporting(self) -> Reporting: ...


class InForce:
    """Raises ReconcilerError where those that the process begins with cannot be put in force."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace, clock: Clock) -> None:
        self.options, self.clock = options, clock
        self.keys = kept_keys(options)
        self.read = self.take(loaded)
        self.rotating = False
        self.watching = Watching(options.files or ["manifests"])
        self.joined: Concerned | None = None
        self.around: Circumstances | None = None

    @property
    def loaded(self) -> Loaded:
        return self.read.loaded

    @property
    def kept_thumbprints(self) -> frozenset[str]:
        return frozenset(each.thumbprint for each in self.read.kept)

    def show(self, metrics: DaemonMetrics) -> None:
        """What ends some day."""
        metrics.certificates(self.read.certificate_days)
        for tenant, days in self.read.credential_days.items():
            metrics.credential_left(tenant, days)

    @property
    def paths(self) -> str:
        routes = self.read.arrangement.receiving.routes if self.read.arrangement else None
        return ", ".join(sorted(routes.notifications | routes.lifecycle)) if routes else ""

    def join(self, around: Circumstances, joined: Concerned) -> None:
        self.around, self.joined = around, joined

    def take(self, loaded: Loaded) -> Read:
        """Read keys and secrets, and open sinks. On a thread, once the process runs. Raises ReconcilerError."""
        now = self.clock.now()
        problems = self.keys.keep(current_pairs(loaded), now=now)
        kept, more = self.keys.load(now=now)
        for problem in (*problems, *more, *self.keys.expire(now=now)):
            logger.warning("%s", problem)
        served = any(item.manifest.spec.receiver == "self" for item in loaded.wanted.manifests.endpoints)
        arrangement = Arrangement(loaded, self.options, kept=kept) if served else None
        return Read(
            loaded.condensed,
            loaded.spelling,
            arrangement,
            kept,
            days_left(loaded, now),
            credential_days(loaded, self.options, now),
        )

    def enforce(self) -> None:
        """From now on all goes by them."""
        joined, around, read = self.joined, self.around, self.read
        if joined is None or around is None:
            raise AssertionError("nobody is there whom it would concern")
        joined.front.arrange(read.arrangement)
        if read.arrangement:
            keys = read.arrangement.receiving.keys
            joined.presence.thumbprints = frozenset(keys.by_thumbprint) | keys.elsewhere
        joined.reporting.manifests.loaded_at, joined.reporting.manifests.problems = self.clock.now(), ()
        joined.reporting.metrics.tenants([item.name for item in read.loaded.wanted.tenants])
        joined.reporting.metrics.manifests(valid=True, at=self.clock.now())
        joined.house.want(orders_of(read.loaded, around))
        self.watching.also(referred_files(read.loaded.wanted))

    async def watch(self) -> None:
        """Until it is cancelled."""
        changes = self.watching.changes()
        async for _ in changes:
            await self.reload()

    async def reload(self) -> None:
        """What does not validate changes nothing, and is said."""
        try:
            read = await asyncio.to_thread(self.read_anew)
        except ManifestError as error:
            self.refuse(tuple(map(str, error.problems)))
        except ReconcilerError as error:
            self.refuse((str(error),))
        else:
            if await asyncio.to_thread(self.is_news, read):
                logger.info("The manifests have changed and are in force from now on")
                self.read = read
                self.enforce()
                if self.joined:
                    await self.joined.presence.show()
                return
            if self.joined:
                self.joined.house.probe()
            if read.arrangement:
                await read.arrangement.close()

    def read_anew(self) -> Read:
        loaded = load(self.options, confined=False, now=self.clock.now())
        loaded.must_be_valid()
        if loaded.owner != self.loaded.owner:
            raise UsageError(f"the owner is {loaded.owner!r} now and was {self.loaded.owner!r}: that takes a restart")
        read = self.take(loaded)
        if read.arrangement and not self.options.listen:
            raise UsageError(
                "an Endpoint has receiver: self now, and nothing listens: that takes a restart with --listen"
            )
        return read

    def is_news(self, read: Read) -> bool:
        before, after = self.read, read
        if not (self.joined and self.joined.reporting.manifests.valid):
            return True
        if before.loaded.wanted.manifests.spec != after.loaded.wanted.manifests.spec:
            return True
        return fingerprint(before) != fingerprint(after)

    def refuse(self, problems: tuple[str, ...]) -> None:
        if self.joined is None or self.joined.reporting.manifests.problems == problems:
            return
        self.joined.reporting.manifests.problems = problems
        self.joined.reporting.metrics.manifests(valid=False, at=self.clock.now())
        logger.error("The manifests are not valid, those before stay in force (problems: %d)", len(problems))
        for problem in problems[:SHOWN]:
            logger.error("%s", problem)

    async def own_endpoints(self) -> None:
        """Return once they answer, or there is no sense in waiting any longer."""
        urls = list(own_urls(self.loaded, self.options, self.clock.now()))
        await wait_for_own_endpoints(urls, self.clock)

    async def deaf(self, names: Collection[str]) -> frozenset[str]:
        """Of these endpoints, those at which no replacement may be tried."""
        urls = await asyncio.to_thread(lambda: list(own_urls(self.loaded, self.options, self.clock.now())))
        return await wrongly_answered([url for url in urls if url.endpoint in names])

    async def keep_keys(self) -> None:
        """Note that they are current still, and forget those that have not been for a week."""
        read = await asyncio.to_thread(self.read_kept)
        self.read = dataclasses.replace(self.read, kept=read)

    def read_kept(self) -> tuple[Kept, ...]:
        now = self.clock.now()
        problems = self.keys.keep(current_pairs(self.loaded), now=now)
        kept, more = self.keys.load(now=now)
        for problem in (*problems, *more, *self.keys.expire(now=now)):
            logger.warning("%s", problem)
        return kept

    async def look_at_orders(self, chronicle: Chronicle) -> None:
        """Raises StoreError."""
        ordered = ROTATE_CLIENT_STATE in await chronicle.orders()
        if ordered and not self.rotating and self.joined:
            logger.info("All subscriptions are moved to the first clientState key of their endpoint, a wave a pass")
            self.rotating = True
            self.joined.house.wish("rotate client-state")
        elif ordered and self.joined and self.joined.house.has_rotated(Reason.KEY_ROTATED):
            logger.info("All subscriptions have the first clientState key of their endpoint")
            await chronicle.fulfilled(ROTATE_CLIENT_STATE)
            self.rotating = False
        elif not ordered:
            self.rotating = False

    def affected(self, known: Mapping[str, Subscription]) -> Iterator[Affected]:
        """Subscriptions that deliver to us, of those that the store knows by id."""
        ids = {(each.tenant_id, each.name): subscription_id for subscription_id, each in known.items()}
        receiving = self.read.arrangement.receiving if self.read.arrangement else None
        tenants = {each.tenant: each.tenant_id for each in receiving.declared} if receiving else {}
        endpoints = self.loaded.wanted.manifests.endpoints
        ours = {item.name for item in endpoints if item.manifest.spec.receiver == "self"}
        for desired in self.loaded.wanted.desired:
            tenant_id = tenants.get(desired.tenant, "")
            subscription_id = ids.get((tenant_id, desired.name))
            if desired.endpoint in ours and subscription_id:
                yield Affected(desired, tenant_id, subscription_id)


def fingerprint(read: Read) -> object:
    """What must be equal for nothing to have changed."""
    manifests = read.loaded.wanted.manifests
    kinds = (manifests.tenants, manifests.endpoints, manifests.certificates, manifests.sinks)
    written = [[item.manifest for item in kind] for kind in kinds]
    receiving = read.arrangement.receiving if read.arrangement else None
    secrets = (receiving.client_states, sorted(receiving.keys.by_thumbprint)) if receiving else None
    certificates = [each.certificate for each in read.loaded.wanted.desired]
    return written, read.spelling, secrets, certificates


def days_left(loaded: Loaded, now: dt.datetime) -> dict[str, float]:
    """By the name of its Certificate."""
    found = {}
    for each in certificate_files(loaded.wanted.manifests):
        content = loaded.referenced.file(each.path, each.base)
        read = outline(content) if isinstance(content, bytes) and not each.previous else None
        if read:
            found[each.name] = (read.not_after - now) / dt.timedelta(days=1)
    return found


def credential_days(loaded: Loaded, options: argparse.Namespace, now: dt.datetime) -> dict[str, float | None]:
    """Of the credential that is in use."""
    keeper = Keeper(loaded.referenced, allowed_hosts(options))
    found: dict[str, float | None] = {}
    for item in loaded.wanted.tenants:
        found[item.name] = None
        with contextlib.suppress(ReconcilerError):  # that there is no way in is said when it is tried
            credential = keeper.access(item).credential
            read = outline(credential.certificate.encode()) if isinstance(credential, CertificateCredential) else None
            found[item.name] = (read.not_after - now) / dt.timedelta(days=1) if read else None
    return found
