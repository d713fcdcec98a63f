"""Manifests in, an order for the steward of each tenant out."""

import argparse
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cli.access import Application, Keeper
from reconciler.cli.loading import Loaded
from reconciler.cli.passes import pass_options
from reconciler.cli.selecting import chosen_tenants
from reconciler.cli.wiring import ClientStates, Opened, allowed_hosts, open_tenants
from reconciler.core.catalog import Version
from reconciler.core.errors import CredentialRefused, Denied, Gone, Invalid
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item
from reconciler.core.options import Options
from reconciler.core.reasons import Action
from reconciler.core.rest import Waiting
from reconciler.daemon.leading import Fenced, Leading
from reconciler.daemon.orders import Order
from reconciler.daemon.tracing import Tracing
from reconciler.engine.hands import Party
from reconciler.engine.ports import Reader
from reconciler.engine.run import Deaf
from reconciler.graph.client import Graph
from reconciler.store import Store

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Circumstances", "orders_of"]

NOBODY = "00000000-0000-0000-0000-000000000000"
"""No subscription has this id."""

INTERVALS_UNSEEN = 2
"""So many of them one of ours that was not made here is known before it is pruned."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What an order needs besides the manifests."""

    options: argparse.Namespace
    store: Store
    graph: Graph
    leading: Leading
    tracing: Tracing
    loaded_keys: "Callable[[], Collection[str] | None]"
    """Thumbprints whose private keys every replica has loaded; None where nobody here receives."""

    kept: "Callable[[], Collection[str]]"
    """Thumbprints of which an old private key is still there."""

    rotating: Callable[[], bool]
    """Whether a person has ordered to move everything to the first clientState key."""

    deaf: Deaf
    """Which endpoints of our own receiver somebody answers at, and wrongly."""

    reader: Callable[[str, str, Reader], Reader]
    """Of a tenant's name and id, the reader that is to be used instead of a given one."""


def orders_of(loaded: Loaded, around: Circumstances) -> dict[str, Order]:
    """By the tenant's name. A tenant of which not even the id is known is looked after once it can be entered."""
    owner = loaded.owner or ""
    keeper = Keeper(loaded.referenced, allowed_hosts(around.options))
    states = ClientStates(loaded)
    settings = loaded.wanted.settings
    found = {}
    for item in chosen_tenants(loaded.wanted.tenants, around.options.tenants):
        entrance = Entrance(item, loaded, around, owner)
        application = application_of(item, keeper)
        found[item.name] = Order(
            tenant_id=application.tenant_id if application else "",
            application=application,
            open_party=entrance.party,
            probe=entrance.probe,
            desired={each.name: each for each in loaded.wanted.desired if each.tenant == item.name},
            options=entrance.pass_options,
            client_states=states,
            deaf=around.deaf,
            interval=settings.interval,
            renews=pass_options(around.options, loaded, None, owner).policy.allows(Action.RENEW),
        )
    return found


def application_of(item: Item[Tenant], keeper: Keeper) -> Application | None:
    try:
        return keeper.application(item)
    except Denied:
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Entrance:
    """The way into one tenant, as the manifests and their secrets are when it is taken."""

    item: Item[Tenant]
    loaded: Loaded
    around: Circumstances
    owner: str

    def opened(self) -> Opened:
        """Raises ReconcilerError."""
        opened, shut = open_tenants([self.item], self.around.graph, self.loaded, self.around.options)
        for error in shut.values():
            raise error
        return opened[0]

    def party(self) -> Party:
        found, around = self.opened(), self.around
        return Party(
            name=found.name,
            tenant_id=found.tenant_id,
            reader=around.reader(found.name, found.tenant_id, found.client),
            writer=Fenced(found.client, around.leading, around.tracing, tenant=found.name),
            journal=around.store.journal(owner=self.owner, tenant_id=found.tenant_id, client_id=found.client_id),
        )

    async def probe(self, party: Party) -> None:
        """Whether Graph takes the token. Raises CredentialRefused, and GraphError where nobody answers."""
        try:
            await party.reader.get(NOBODY, Version.V1)
        except CredentialRefused:
            raise
        except (Denied, Gone, Invalid):
            return  # Graph has looked at the token, and says something about the subscription

    def pass_options(self) -> Options:
        around, settings = self.around, self.loaded.wanted.settings
        options = pass_options(around.options, self.loaded, None, self.owner)
        waiting = Waiting(loaded=around.loaded_keys(), prune_after=settings.interval * INTERVALS_UNSEEN)
        known = options.thumbprints
        return dataclasses.replace(
            options,
            waiting=waiting,
            rotate_keys=around.rotating(),
            thumbprints=None if known is None else known | set(around.kept()),
        )
