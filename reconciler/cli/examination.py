"""Joins the checks of ``reconcile doctor``: manifests in, findings out."""

import argparse
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping

from reconciler.cli.access import Keeper
from reconciler.cli.loading import Loaded
from reconciler.cli.receiving import lifecycle_path, notification_path
from reconciler.cli.selecting import chosen_tenants
from reconciler.cli.wiring import Opened, allowed_hosts, open_tenants, state_location
from reconciler.core.errors import Denied, ReconcilerError, SecretError
from reconciler.core.manifest.kinds import Endpoint as EndpointManifest
from reconciler.core.manifest.kinds import KeyPair, SecretReference
from reconciler.core.manifest.kinds import Tenant as TenantManifest
from reconciler.core.manifest.read import Item
from reconciler.daemon.checks.encryption import EncryptionPair, encryption_checks
from reconciler.daemon.checks.endpoints import Endpoint, Patience, endpoint_checks
from reconciler.daemon.checks.finding import Finding, Verdict, failed, fine
from reconciler.daemon.checks.receivers import receiver_checks
from reconciler.daemon.checks.running import Check, run, said
from reconciler.daemon.checks.stores import store_checks
from reconciler.daemon.checks.tenants import Tenant, Way, tenant_checks
from reconciler.engine.clock import SystemClock
from reconciler.engine.ports import Remembered
from reconciler.graph import calls
from reconciler.graph.client import Graph
from reconciler.graph.transport import Timeouts
from reconciler.store import Store

__all__ = ["examine"]

BRIEF = calls.Patience(tries=2, waiting=5)
"""Somebody waits for the result, and what works at the second try only is not well."""

TIMEOUTS = Timeouts(connect=10, read=20, total=30)


async def examine(loaded: Loaded, options: argparse.Namespace, *, now: dt.datetime) -> list[Finding]:
    """Raises ReconcilerError only for wrong usage; what is wrong with the rest is a finding."""
    examination = Examination(loaded, options, now)
    async with Graph(clock=SystemClock(), patience=BRIEF, timeouts=TIMEOUTS) as graph:
        return await run(list(examination.checks(graph)))


class Examination:
    def __init__(self, loaded: Loaded, options: argparse.Namespace, now: dt.datetime) -> None:
        self.loaded, self.options, self.now = loaded, options, now
        self.keeper = Keeper(loaded.referenced, allowed_hosts(options))
        self.location = state_location(options)
        self.tenants = chosen_tenants(loaded.wanted.tenants, options.tenants)
        names = {item.name for item in self.tenants}
        self.desired = [each for each in loaded.wanted.desired if each.tenant in names]

    def checks(self, graph: Graph) -> Iterator[Check]:
        """From outside in."""
        store = store_checks(self.location)
        endpoints = self.endpoints()
        for item in endpoints:
            yield from self.client_state(item)
        made = [self.endpoint(item) for item in endpoints]
        yield from endpoint_checks(made, now=self.now, patience=Patience())
        yield from receiver_checks(self.options.private)
        yield from store
        yield from tenant_checks(self.opened(graph), now=SystemClock().now, store=store[0])
        yield from encryption_checks(self.pairs(), now=self.now)

    def cheap_checks(self) -> Iterator[Check]:
        """Those that ask neither Graph nor the store."""
        served = [item for item in self.endpoints() if item.manifest.spec.receiver == "self"]
        yield from endpoint_checks(map(self.endpoint, served), now=self.now, patience=Patience())
        yield from encryption_checks(self.pairs(), now=self.now)

    def endpoints(self) -> list[Item[EndpointManifest]]:
        """All, or with --tenant those that the tenants' subscriptions use."""
        used = {each.endpoint for each in self.desired}
        every = self.loaded.wanted.manifests.endpoints
        return [item for item in every if not self.options.tenants or item.name in used]

    def endpoint(self, item: Item[EndpointManifest]) -> Endpoint:
        spec = item.manifest.spec
        return Endpoint(
            name=item.name,
            notification_url=spec.notification_url,
            lifecycle_url=spec.lifecycle,
            served=(notification_path(spec), lifecycle_path(spec)) if spec.receiver == "self" else None,
            ca_file=self.ca_file(item.name),
        )

    def ca_file(self, endpoint: str) -> str | None:
        """The emulator's own authority where only its tenants use the endpoint: a real Graph would not take that."""
        users = {each.tenant for each in self.desired if each.endpoint == endpoint}
        tenants = [item for item in self.tenants if not users or item.name in users]
        if not tenants or not all(item.manifest.spec.cloud == "emulator" for item in tenants):
            return None
        try:
            return self.keeper.cloud(tenants[0]).ca_file
        except Denied:
            return None  # there is no way to it, and that is said of the tenant

    def client_state(self, item: Item[EndpointManifest]) -> Iterator[Check]:
        """An external receiver may do without."""
        base = item.document.text.base
        read = {key: self.secret(reference, base) for key, reference in item.manifest.spec.secrets.items()}
        if read:
            yield Check(id="client-state-keys", subject=f"Endpoint {item.name}", ask=said(keys_verdict(read)))

    def secret(self, reference: SecretReference, base: str) -> bytes | str:
        """Its value, or a sentence why there is none."""
        try:
            return self.loaded.referenced.secret(reference, base)
        except SecretError as error:
            return str(error)

    def opened(self, graph: Graph) -> Iterator[Tenant]:
        opened, shut = open_tenants(self.tenants, graph, self.loaded, self.options)
        ways = {each.name: each for each in opened}
        for item in self.tenants:
            yield self.tenant(item, ways.get(item.name) or shut[item.name])

    def tenant(self, item: Item[TenantManifest], found: Opened | ReconcilerError) -> Tenant:
        way = Way(self.keeper.access(item), found.client) if isinstance(found, Opened) else str(found)

        async def remembered() -> Mapping[str, Remembered]:
            if not isinstance(way, Way):
                return {}
            ids = {"tenant_id": way.access.tenant_id, "client_id": way.access.client_id}
            return await Store.read(self.location).memory(owner=self.loaded.owner or "", **ids).remembered()

        return Tenant(
            name=item.name,
            way=way,
            desired=[each for each in self.desired if each.tenant == item.name],
            owner=self.loaded.owner or "",
            remembered=remembered,
        )

    def pairs(self) -> Iterator[EncryptionPair]:
        for item in self.loaded.wanted.manifests.certificates:
            spec, base, name = item.manifest.spec, item.document.text.base, f"Certificate {item.name}"
            yield self.pair(spec, base, name)
            for previous in spec.previous:
                made = self.pair(previous, base, f"{name}, previous {previous.certificate.file}")
                yield dataclasses.replace(made, previous=True)

    def pair(self, declared: KeyPair, base: str, subject: str) -> EncryptionPair:
        return EncryptionPair(
            subject=subject,
            certificate=self.loaded.referenced.file(declared.certificate.file, base),
            private_key=self.secret(declared.private_key, base) if declared.private_key else None,
        )


def keys_verdict(read: Mapping[str, bytes | str]) -> Verdict:
    absent = [f"{key}: {why}" for key, why in read.items() if isinstance(why, str)]
    if absent:
        return failed(
            f"it cannot be verified who delivers: {'; '.join(absent)}",
            cause="the environment variable or the file is not there for this user on this machine",
            remedy="run this where the receiver runs, with the same environment",
        )
    return fine(f"{'the key' if len(read) == 1 else 'every key'} can be read: {', '.join(read)}")
