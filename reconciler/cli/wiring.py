"""Joins the parts: manifests to Graph clients, the store to the engine. The one module that knows them all."""

import argparse
import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from reconciler.cli.access import Application, Keeper
from reconciler.cli.loading import Loaded
from reconciler.core.client_state import FIXED_KEY, LONGEST
from reconciler.core.errors import Denied, ReconcilerError, SecretError, UsageError
from reconciler.core.manifest.kinds import Pacing, PacingOfApp, Tenant
from reconciler.core.manifest.read import Item
from reconciler.engine.clock import SystemClock
from reconciler.engine.hands import Party
from reconciler.engine.ports import Clock
from reconciler.engine.run import View
from reconciler.graph.calls import OnAnswer
from reconciler.graph.client import Graph, TenantClient
from reconciler.graph.pacing import Kind, Limits
from reconciler.store import ReadStore, Store

__all__ = ["ClientStates", "Opened", "Store", "new_graph", "open_tenants", "parties", "state_location", "views"]


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A tenant that there is a way into."""

    item: Item[Tenant]
    tenant_id: str
    client_id: str
    client: TenantClient

    @property
    def name(self) -> str:
        return self.item.name


def new_graph(loaded: Loaded, *, clock: Clock | None = None, on_answer: OnAnswer | None = None) -> Graph:
    """A Graph client that keeps to the request limits of the Settings."""
    pacing = loaded.wanted.settings.pacing
    limits = Limits()
    per_tenant = {**limits.per_tenant, **figures(pacing)}
    per_app = {**limits.per_app, **figures(pacing.per_app)}
    limits = dataclasses.replace(limits, per_tenant=per_tenant, per_app=per_app)
    return Graph(clock=clock or SystemClock(), limits=limits, on_answer=on_answer)


def figures(pacing: Pacing | PacingOfApp) -> dict[Kind, int]:
    return {Kind.WRITE: pacing.writes, Kind.GET: pacing.reads, Kind.LIST: pacing.lists}


def open_tenants(
    tenants: Iterable[Item[Tenant]], graph: Graph, loaded: Loaded, options: argparse.Namespace
) -> tuple[list[Opened], dict[str, ReconcilerError]]:
    """Find the way into each tenant; one that there is no way into fails alone, and so does another's double."""
    keeper = Keeper(loaded.referenced, allowed_hosts(options))
    firsts = first_tenants(loaded.wanted.tenants, keeper)
    opened: list[Opened] = []
    shut: dict[str, ReconcilerError] = {}
    for item in tenants:
        try:
            check_alone(item, firsts[item.name])
            access = keeper.access(item)
            opened.append(Opened(item, access.tenant_id, access.client_id, graph.tenant(access)))
        except ReconcilerError as error:
            shut[item.name] = error
    return opened, shut


def first_tenants(tenants: Iterable[Item[Tenant]], keeper: Keeper) -> dict[str, str]:
    """By the name of each tenant, the name of the first that leads to the same application: its own, as it should be.

    Of all tenants, chosen or not, with a credential or not: a double does the harm, whatever becomes of the other.
    ``duplicate-tenant`` misses one that hides behind another name of the cloud, or behind ids that are left out.
    """
    seen: dict[Application, str] = {}
    firsts = {}
    for item in tenants:
        try:
            firsts[item.name] = seen.setdefault(keeper.application(item), item.name)
        except Denied:
            firsts[item.name] = item.name  # there is no way in, and that is said when it is opened
    return firsts


def check_alone(item: Item[Tenant], first: str) -> None:
    if first != item.name:
        raise Denied(
            f"the Tenants {first!r} and {item.name!r} lead to one application in one tenant, each would take the"
            " other's subscriptions for its own: keep one of them"
        )


def allowed_hosts(options: argparse.Namespace) -> frozenset[str]:
    environment = os.environ.get("RECONCILER_ALLOW_CLOUD", "").replace(",", " ").split()
    return frozenset((*options.allow_cloud, *environment))


def state_location(options: argparse.Namespace) -> Path | str:
    """``--state``, else the user's state folder. Raises UsageError where there is none."""
    if options.state and "://" in options.state:
        return str(options.state)
    try:
        if options.state:
            return Path(options.state).expanduser()
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(home).expanduser() / "reconciler"
    except RuntimeError as error:
        # A container's user may have neither HOME nor an entry in the passwd file.
        said = str(error).rstrip(".")
        raise UsageError(f"nobody knows the store's folder ({said}): name one without ~ with --state") from error


def views(opened: Sequence[Opened], store: ReadStore, owner: str) -> list[View]:
    return [
        View(each.name, each.client, store.memory(owner=owner, tenant_id=each.tenant_id, client_id=each.client_id))
        for each in opened
    ]


def parties(opened: Sequence[Opened], store: Store, owner: str) -> list[Party]:
    return [
        Party(
            name=each.name,
            tenant_id=each.tenant_id,
            reader=each.client,
            writer=each.client,
            journal=store.journal(owner=owner, tenant_id=each.tenant_id, client_id=each.client_id),
        )
        for each in opened
    ]


class ClientStates:
    """The secrets that the endpoints' ``clientState`` is made with, read when they are first used."""

    def __init__(self, loaded: Loaded) -> None:
        self._endpoints = {item.name: item for item in loaded.wanted.manifests.endpoints}
        self._referenced = loaded.referenced

    def secret(self, endpoint: str, key: str) -> bytes | None:
        item = self._endpoints[endpoint]
        reference = item.manifest.spec.secrets.get(key)
        if reference is None:
            return None
        try:
            secret = self._referenced.secret(reference, item.document.text.base)
        except SecretError as error:
            raise SecretError(f"clientState of Endpoint {endpoint!r}, key {key!r}: {error}") from error
        if key == FIXED_KEY and not (secret.isascii() and len(secret) <= LONGEST):
            raise SecretError(
                f"clientState of Endpoint {endpoint!r}: Graph takes {LONGEST} ASCII characters at the most"
            )
        return secret
