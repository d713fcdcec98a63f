"""What an emulator is made of, put together once: options and a home in, everything that lives while it runs out."""

import dataclasses

from reconciler.emulator import faults_file
from reconciler.emulator.agenda import Agenda
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.entra.tokens import Tokens
from reconciler.emulator.faults import Faults
from reconciler.emulator.graph.admission import Admission
from reconciler.emulator.graph.service import Service
from reconciler.emulator.graph.throttling import Throttle
from reconciler.emulator.graph.validation import Endpoints
from reconciler.emulator.home import Home, Identity
from reconciler.emulator.model.requests import Requests
from reconciler.emulator.model.subscriptions import Subscriptions
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
    requests: Requests
    service: Service
    subscriptions: Subscriptions
    throttle: Throttle
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
        self.lifecycle.clear()
        self.outbox.clear()
        self.requests.clear()
        self.subscriptions.clear()
        self.throttle.clear()
        self.world.clear()
        self.world.make(self.options.world, tenant=self.apps.first.tenant_id)

    async def aclose(self) -> None:
        await self.outbox.aclose()
        await self.outgoing.aclose()


def assemble(options: Options, *, home: Home, identity: Identity, origin: str) -> Parts:
    """``home`` is prepared."""
    first = App(tenant_id=identity.tenant_id, client_id=identity.client_id, client_secret=identity.client_secret)
    apps, behaviours, faults = Apps(first), Behaviours(options.behaviours), faults_file.read(options.faults)
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
    world = World(clock=clock, tell=notifier.changed)
    world.make(options.world, tenant=first.tenant_id)
    service = Service(
        admission=Admission(behaviours=behaviours, clock=clock, subscriptions=subscriptions, world=world),
        behaviours=behaviours,
        clock=clock,
        endpoints=Endpoints(outgoing, faults=faults, limit=options.validation_limit),
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
        requests=Requests(log=home.log),
        service=service,
        subscriptions=subscriptions,
        throttle=Throttle(),
        tokens=Tokens(keys, origin=origin),
        world=world,
    )
