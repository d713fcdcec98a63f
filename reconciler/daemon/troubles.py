"""What keeps failing in one tenant: outcomes in, out until when each change rests, and one line for what is new."""

import collections
import dataclasses
import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping

from reconciler.core.backoff import FIRST, pause, waits_for_a_person
from reconciler.core.desired import Desired
from reconciler.core.errors import AnswerLost, ReconcilerError, Throttled, Transient
from reconciler.core.reasons import Action
from reconciler.core.rest import Rest
from reconciler.core.schedule import Schedule
from reconciler.engine.chronicle import Chronicle, Trouble
from reconciler.engine.outcome import Outcome
from reconciler.engine.ports import Clock

__all__ = ["Troubles"]

PASSING = frozenset(each.__name__ for each in (AnswerLost, Throttled, Transient))
"""Of classes that end by themselves: when Graph is back, what they kept is tried at once."""

MANY = 3
"""Of them in a row, with no success between: then it is Graph that is away, and not a single change that fails."""

JUST_NOW = dt.timedelta(minutes=5)

logger = logging.getLogger(__name__)


class Troubles:
    """Kept in the chronicle as well, so that a restart does not try everything at once."""

    def __init__(self, tenant: str, chronicle: Chronicle, clock: Clock) -> None:
        self.tenant, self.chronicle, self.clock = tenant, chronicle, clock
        self.by_name: dict[str, Trouble] = {}
        self.retries = Schedule()
        """Of names: when each has rested."""

        self.passing_in_a_row = 0
        self.denied = False
        self.renewals_beside: collections.Counter[str] = collections.Counter()
        """How often in a row the renewals of those have failed that are in trouble for something else."""

        self._unwritten: set[str] = set()

    async def load(self) -> None:
        """Raises StoreError."""
        found = await self.chronicle.troubles()
        self.by_name = {name: trouble for (tenant, name), trouble in found.items() if tenant == self.tenant}
        for name, trouble in self.by_name.items():
            self.retries.put(name, trouble.next_try)

    def failed(self, outcome: Outcome, desired: Desired | None, *, lifetime: dt.timedelta | None) -> Trouble:
        error = outcome.error or ReconcilerError(outcome.message)
        now, earlier = self.clock.now(), self.by_name.get(outcome.name)
        essence = desired.essence if desired else ""
        beside = self.is_beside(outcome.name, outcome.action)
        again = earlier is not None and earlier.essence == essence and earlier.action == outcome.action
        attempts = earlier.attempts + 1 if earlier and again else 1
        if beside:
            self.renewals_beside[outcome.name] += 1
            attempts = self.renewals_beside[outcome.name]
        trouble = Trouble(
            tenant=self.tenant,
            name=outcome.name,
            action=outcome.action.value,
            kind=type(error).__name__,
            message=outcome.message,
            request_id=outcome.request_id,
            essence=essence,
            since=earlier.since if earlier and again else now,
            at=now,
            attempts=attempts,
            next_try=now + pause(error, attempts=attempts, lifetime=lifetime, key=outcome.name),
        )
        if not beside:
            self.put(trouble)
        self.passing_in_a_row = self.passing_in_a_row + 1 if trouble.kind in PASSING else 0
        if self.passing_in_a_row == MANY:
            logger.warning("%s: Graph is away, nothing else is said of it until it is back: %s", self.tenant, error)
        if waits_for_a_person(error) and not self.denied:
            self.denied = True
            logger.error("%s: a person must act, nothing else is said of it until it works: %s", self.tenant, error)
        return trouble

    def is_beside(self, name: str, action: Action) -> bool:
        """A renewal of what another change fails for: that is the trouble, and it is not over when it is kept alive."""
        trouble = self.by_name.get(name)
        return action is Action.RENEW and trouble is not None and trouble.action != Action.RENEW.value

    def put(self, trouble: Trouble) -> None:
        self.by_name[trouble.name] = trouble
        self.retries.put(trouble.name, trouble.next_try)
        self._unwritten.add(trouble.name)

    def hurry(self, name: str, at: dt.datetime) -> None:
        """Try it again at that time, which is sooner than it was to be."""
        if trouble := self.by_name.get(name):
            self.put(dataclasses.replace(trouble, next_try=at))

    def worked(self, name: str, action: Action) -> None:
        self.succeeded()
        self.renewals_beside.pop(name, None)
        if self.is_beside(name, action):
            return
        trouble = self.by_name.get(name)
        self.relieve({name})
        if trouble and trouble.kind == "Denied":
            # A person has acted: the others need not wait for their hour, but for the few that were tried just now.
            before = self.clock.now() - JUST_NOW
            self.hurry_all(each for each in self.by_name.values() if each.kind == "Denied" and each.at < before)

    def succeeded(self) -> None:
        """Graph has done something for us: what rests only because it was away rests no longer."""
        if self.passing_in_a_row >= MANY:
            logger.warning("%s: Graph is back", self.tenant)
            self.hurry_all(each for each in self.by_name.values() if each.kind in PASSING)
        self.passing_in_a_row = 0

    def hurry_all(self, troubles: Iterable[Trouble]) -> None:
        soon = self.clock.now() + FIRST
        for trouble in [each for each in troubles if each.next_try > soon]:
            self.put(dataclasses.replace(trouble, next_try=soon))

    def relieve(self, names: Collection[str]) -> None:
        for name in self.by_name.keys() & set(names):
            del self.by_name[name]
            self.retries.drop(name)
            self._unwritten.add(name)
        if self.denied and not any(each.kind == "Denied" for each in self.by_name.values()):
            self.denied = False
            logger.warning("%s: what was denied is not denied any more", self.tenant)

    def keep_only(self, names: Collection[str]) -> None:
        """What no plan wants to change any more has healed by other hands."""
        self.relieve(self.by_name.keys() - set(names))

    def rests(self) -> Mapping[str, Rest]:
        return {name: rest_of(trouble) for name, trouble in self.by_name.items()}

    def quiet(self, trouble: Trouble) -> bool:
        """Whether a line of its own would say nothing new: one is enough for all that have the same cause."""
        return trouble.kind == "Denied" or (trouble.kind in PASSING and self.passing_in_a_row >= MANY)

    async def flush(self) -> None:
        """Write down what is new. Raises StoreError, and keeps it then."""
        names = set(self._unwritten)
        if not names:
            return
        there = [self.by_name[name] for name in names if name in self.by_name]
        gone = [(self.tenant, name) for name in names if name not in self.by_name]
        if there:
            await self.chronicle.trouble(there)
        if gone:
            await self.chronicle.relieve(gone)
        self._unwritten -= names


def rest_of(trouble: Trouble) -> Rest:
    times = "once" if trouble.attempts == 1 else f"{trouble.attempts} times"
    why = f"it has failed {times} ({trouble.message})"
    return Rest(Action(trouble.action), trouble.next_try, why, trouble.essence)
