"""Whether there is room for one more subscription: what is asked and what is there in, nothing or a refusal out.

The last part of a creation (facts 4.5). Nothing is awaited here: of two equal requests at once only one may win.
"""

import dataclasses
from typing import Protocol

from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.graph.bodies import Creation
from reconciler.emulator.model import quotas, refusals
from reconciler.emulator.model.resources import Resource
from reconciler.emulator.model.subscriptions import Subscriptions


class Targets(Protocol):
    """The world, as far as it matters here."""

    def knows(self, tenant: str, resource_path: str) -> bool:
        """Whether what a canonical path names is there."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    behaviours: Behaviours
    clock: Clock
    subscriptions: Subscriptions
    world: Targets

    def check(self, asked: Creation, resource: Resource, caller: Caller) -> None:
        """Raises ``Refusal``."""
        self._check_target(resource, caller)
        self._check_slot(asked, resource, caller)
        self._check_quotas(resource, caller)

    def _check_target(self, resource: Resource, caller: Caller) -> None:
        """Facts 3.5: seen refused, and seen accepted without ever notifying."""
        if self.behaviours["unknown-targets"] == "refused" and not self.world.knows(caller.tenant, resource.path):
            raise refusals.target_unknown()

    def _check_slot(self, asked: Creation, resource: Resource, caller: Caller) -> None:
        for other in self.subscriptions.in_slot((caller.tenant, caller.app), resource, self.clock.now()):
            if resource.entry.exclusive:
                path, entry = resource.limit_path, resource.entry
                raise refusals.slot_taken(entry, path=path, app=caller.app, tenant=caller.tenant)
            if other.change_types == asked.change_types and self.behaviours["twins"] == "conflict":
                raise refusals.twin(other.id)

    def _check_quotas(self, resource: Resource, caller: Caller) -> None:
        for quota in resource.entry.quotas:
            key = quotas.key(quota, resource, (caller.tenant, caller.app))
            if self.subscriptions.count(key, self.clock.now()) >= quota.limit:
                path = resource.limit_path
                raise refusals.quota_reached(quota, path=path, app=caller.app, tenant=caller.tenant)
