"""What an emulator is made of, put together once: options and a home in, everything that lives while it runs out."""

import dataclasses

from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.entra.tokens import Tokens
from reconciler.emulator.faults import Faults
from reconciler.emulator.graph.service import Service
from reconciler.emulator.graph.subscriptions import Subscriptions
from reconciler.emulator.graph.validation import Endpoints
from reconciler.emulator.home import Home, Identity
from reconciler.emulator.notifications.envelope import Envelopes
from reconciler.emulator.notifications.lifecycle import Lifecycle
from reconciler.emulator.notifications.notifier import Notifier
from reconciler.emulator.notifications.outbox import Outbox
from reconciler.emulator.options import Options
from reconciler.emulator.outgoing import Outgoing
from reconciler.emulator.world.world import World


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    options: Options
    home: Home
    origin: str
    agenda: Agenda
    apps: Apps
    behaviours: Behaviours
    clock: Clock
    faults: Faults
    keys: Keys
    lifecycle: Lifecycle
    outbox: Outbox
    outgoing: Outgoing
    service: Service
    subscriptions: Subscriptions
    tokens: Tokens
    world: World

    def reset(self) -> None:
        """As at the start; the first application and the home stay."""
        self.apps.reset()
        self.behaviours.reset()
        self.clock.reset()
        self.faults.clear()
        self.keys.reset()
        self.tokens.forget()
        self.agenda.clear()
        self.outbox.clear()
        self.subscriptions.clear()
        self.world.clear()

    async def aclose(self) -> None:
        await self.outbox.aclose()
        await self.outgoing.aclose()


def assemble(options: Options, *, home: Home, identity: Identity, origin: str) -> Parts:
    """``home`` is prepared."""
    first = App(tenant_id=identity.tenant_id, client_id=identity.client_id, client_secret=identity.client_secret)
    apps, behaviours, faults = Apps(first), Behaviours(options.behaviours), Faults()
    clock = Clock(scale=options.time_scale)
    agenda, keys, outgoing, subscriptions = (
        Agenda(clock),
        Keys(home.signing_key()),
        Outgoing(home.ca_file),
        Subscriptions(),
    )
    outbox = Outbox(
        agenda=agenda,
        behaviours=behaviours,
        clock=clock,
        envelopes=Envelopes(apps=apps, clock=clock, keys=keys),
        faults=faults,
        options=options,
        outgoing=outgoing,
        subscriptions=subscriptions,
    )
    lifecycle = Lifecycle(agenda=agenda, behaviours=behaviours, clock=clock, outbox=outbox, subscriptions=subscriptions)
    notifier = Notifier(apps=apps, behaviours=behaviours, clock=clock, outbox=outbox, subscriptions=subscriptions)
    service = Service(
        behaviours=behaviours,
        clock=clock,
        endpoints=Endpoints(outgoing, limit=options.validation_limit),
        faults=faults,
        lifecycle=lifecycle,
        subscriptions=subscriptions,
    )
    return Parts(
        options=options,
        home=home,
        origin=origin,
        agenda=agenda,
        apps=apps,
        behaviours=behaviours,
        clock=clock,
        faults=faults,
        keys=keys,
        lifecycle=lifecycle,
        outbox=outbox,
        outgoing=outgoing,
        service=service,
        subscriptions=subscriptions,
        tokens=Tokens(keys, origin=origin),
        world=World(clock=clock, tell=notifier.changed),
    )
