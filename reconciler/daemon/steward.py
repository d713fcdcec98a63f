"""One tenant, looked after: ticks, wishes and new manifests in; passes and renewals out, never two passes at once.

steward = Steward("contoso", means)
steward.want(order)            # what the manifests want now
steward.wish("manifests")      # a full pass, soon
steward.tick()                 # every second: begins what is due
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from reconciler.core.errors import CredentialRefused, ReconcilerError, StoreError
from reconciler.core.gap import Gap
from reconciler.core.lifecycle import Kind, Wish
from reconciler.core.reasons import Action
from reconciler.core.trigger import Due, Trigger
from reconciler.daemon.breaker import Breaker
from reconciler.daemon.holdings import Holdings
from reconciler.daemon.missed import missed
from reconciler.daemon.orders import Means, Order
from reconciler.daemon.passing import Passing
from reconciler.daemon.renewing import Renewing
from reconciler.daemon.time_signal import ask_the_time
from reconciler.daemon.troubles import Troubles
from reconciler.engine.chronicle import Wished
from reconciler.engine.hands import Hands, Party
from reconciler.engine.outcome import Outcome, Result
from reconciler.receiver.complaints import NOW_AND_THEN, Complaints

__all__ = ["Steward"]

logger = logging.getLogger(__name__)


class Steward:
    def __init__(self, tenant: str, means: Means) -> None:
        self.tenant, self.means, self.clock = tenant, means, means.clock
        self.trigger = Trigger(means.pace)
        self.breaker = Breaker(tenant, means.clock)
        self.troubles = Troubles(tenant, means.chronicle, means.clock)
        self.order: Order | None = None
        self.party: Party | None = None
        self.entered: object = None
        """The application whose subscriptions are known."""

        self.holdings: Holdings | None = None
        self.renewing: Renewing | None = None
        self.passing = Passing(self)
        self.granting: dict[Wish, Wished] = {}
        """Those that the next pass fulfils."""

        self.fulfilling: dict[Wish, Wished] = {}
        """Those that the pass under way is to fulfil."""

        self.allow: frozenset[str] = frozenset()
        self.tasks: dict[str, asyncio.Task[None]] = {}
        """By what they do: one of a kind at a time."""

        self.complaints = Complaints(logger, every=NOW_AND_THEN)
        self.failing: str | None = None
        """Why the last full pass failed."""

    def want(self, order: Order) -> None:
        self.order = order
        self.trigger.pace = dataclasses.replace(self.means.pace, interval=order.interval)
        if self.holdings:
            self.holdings.want(dict(order.desired))
        self.wish("manifests")

    def wish(self, reason: str, allow: frozenset[str] = frozenset()) -> None:
        """A full pass, which lets these violations through."""
        self.allow |= allow
        self.trigger.wish(self.clock.now(), reason)
        self.breaker.probe_now()

    def lost(self, name: str) -> None:
        """It is gone, or has ended: a narrow pass looks, and creates it anew."""
        self.trigger.look(self.clock.now(), name=name)

    async def grant(self, wished: Wished) -> None:
        """See to a wish: at once, or by the next pass; before the first one it waits. Raises StoreError."""
        if self.holdings is None or any(taken.get(wished.wish) == wished for taken in (self.granting, self.fulfilling)):
            return
        if wished.wish.kind is Kind.RENEW and self.knows(wished.wish.subscription_id):
            self.challenge(wished.wish)
            await self.means.chronicle.granted([wished])
            return
        self.means.listener.wished(wished.wish.kind)
        if wished.wish.kind is Kind.RESYNC:
            await self.note_missed(wished)
        self.granting[wished.wish] = wished
        self.trigger.look(self.clock.now(), subscription_id=wished.wish.subscription_id)

    async def note_missed(self, wished: Wished) -> None:
        holdings, party = self.holdings, self.party
        memory = holdings.recall.by_id.get(wished.wish.subscription_id) if holdings else None
        desired = holdings.desired.get(memory.name) if holdings and memory else None
        if memory is None or desired is None or party is None:
            return
        gap = missed(memory, desired, tenant_id=party.tenant_id, told_at=wished.at, now=self.clock.now())
        await self.means.chronicle.note_gap(gap)
        self.means.listener.noted(gap)

    def knows(self, subscription_id: str) -> bool:
        return self.holdings is not None and subscription_id in self.holdings.recall.by_id

    def challenge(self, wish: Wish) -> None:
        """Graph wants it to be reauthorized: its renewal is due, unless it was made a moment ago."""
        self.means.listener.wished(wish.kind)
        if self.holdings:
            self.holdings.challenge(wish.subscription_id)

    def tick(self) -> None:
        """Begin what is due, and return."""
        if not self.means.leads() or self.means.stopping() or self.order is None:
            return
        if self.breaker.is_open:
            if self.breaker.probe_is_due:
                self.begin("probe", self.probe)
            return
        now = self.clock.now()
        self.try_again(frozenset(self.troubles.retries.take(now)))
        if self.order.renews and self.renewing and self.has_renewals(now):
            self.renewing.join_in()
            self.begin("renewals", self.renew)
        if not self.means.certain():
            return
        if "pass" not in self.tasks and (due := self.trigger.due(now)):
            self.begin("pass", lambda: self.make_pass(due))

    def try_again(self, names: frozenset[str]) -> None:
        """A renewal by itself, everything else by a narrow pass."""
        renewals = frozenset(name for name in names if self.troubles.by_name[name].action == Action.RENEW)
        renewed = self.holdings.hurry(renewals) if self.holdings and renewals else frozenset[str]()
        for name in names - renewed:
            self.trigger.look(self.clock.now(), name=name)

    def has_renewals(self, now: dt.datetime) -> bool:
        if self.holdings is None or self.renewing is None:
            return False
        following = self.holdings.renewals.next()
        return bool(self.renewing.waiting) or (following is not None and following <= now)

    def begin(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if what in self.tasks:
            return
        task = asyncio.create_task(self.attempt(what, work))
        self.tasks[what] = task
        task.add_done_callback(lambda _: self.tasks.pop(what, None))

    async def attempt(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A mistake of ours must not end what begins anew with the next tick."""
        try:
            await work()
        except ReconcilerError as error:
            logger.warning("%s: %s: %s", self.tenant, what, error)
        except Exception:
            logger.exception("%s: %s has ended in a way that it should not", self.tenant, what)

    async def renew(self) -> None:
        if self.renewing and self.party:
            await self.renewing.run(self.hands(self.party))
            await self.flush()

    def hands(self, party: Party) -> Hands:
        """For renewals: they intend nothing, and learn with everybody else."""
        holdings = self.holdings
        if holdings is None or self.order is None:
            raise AssertionError("there are no renewals before the first party")
        return Hands(
            party=party,
            owner=holdings.owner,
            clock=self.clock,
            client_states=self.order.client_states,
            remembered=holdings.recall.by_id,
            intents={},
            learned=holdings.recall.learned,
            stopping=self.stopping,
        )

    def stopping(self) -> bool:
        return self.means.stopping() or not self.means.leads()

    async def probe(self) -> None:
        """Whether the credential works again, which is read anew."""
        try:
            party = await self.enter()
            if self.order:
                await self.order.probe(party)
        except CredentialRefused as refused:
            self.breaker.refused(refused)
        except ReconcilerError as error:
            self.breaker.refused(error)
        else:
            self.breaker.works()
            self.wish("credential")

    async def enter(self) -> Party:
        """The way in as it is now; what is remembered is read once. Raises ReconcilerError."""
        if self.order is None:
            raise AssertionError("nothing is wanted yet")
        party = await asyncio.to_thread(self.order.open_party)
        if self.holdings is None or self.entered != self.order.application:
            await ask_the_time(party.reader)
            owner = self.order.options().owner
            self.holdings = Holdings(self.tenant, owner, party.journal, self.clock, noted=self.noted)
            self.renewing = Renewing(self.holdings, self.troubles, self.breaker, told=self.told, lost=self.lost)
            await self.holdings.recall.load()
            await self.troubles.load()
            self.holdings.want(dict(self.order.desired))
            self.entered = self.order.application
        self.party = dataclasses.replace(party, journal=self.holdings.recall)
        return self.party

    def noted(self, gap: Gap) -> None:
        """One that is open is told of when it is over."""
        if gap.until is not None:
            self.means.listener.noted(gap)

    def told(self, outcome: Outcome) -> None:
        """Log and count; what keeps being denied was said once."""
        trouble = self.troubles.by_name.get(outcome.name)
        quiet = outcome.result is Result.FAILED and trouble is not None and self.troubles.quiet(trouble)
        level = logging.WARNING if outcome.result is Result.FAILED and not quiet else logging.INFO
        if quiet or outcome.result is Result.WITHHELD:
            level = logging.DEBUG
        fields = {
            "tenant": outcome.tenant,
            "subscription": outcome.name,
            "action": outcome.action.value,
            "reason": outcome.reason.value if outcome.reason else None,
            "result": outcome.result.value,
            "request_id": outcome.request_id,
            "subscription_id": outcome.subscription_id,
        }
        line = "%s %s of %s: %s: %s"
        words = (outcome.result, outcome.action, outcome.name, outcome.tenant, outcome.message)
        logger.log(level, line, *words, extra={name: value for name, value in fields.items() if value})
        if outcome.result is Result.DONE:
            self.passing.undone.pop((outcome.name, outcome.action), None)
        self.means.listener.told(outcome)

    async def make_pass(self, due: Due) -> None:
        self.fulfilling, self.granting = self.granting, {}
        allow, self.allow = self.allow, frozenset()
        fulfilled = False
        try:
            fulfilled = await self.passing.make(due, allow)
        finally:
            await self.settle(fulfilled=fulfilled)

    async def settle(self, *, fulfilled: bool) -> None:
        """What a pass has fulfilled is not wished for any more; the rest is for the next one."""
        wishes, self.fulfilling = self.fulfilling, {}
        try:
            if fulfilled and wishes:
                await self.means.chronicle.granted(wishes.values())
                return
        except StoreError as error:
            logger.warning("%s: what was wished for is done once more: %s", self.tenant, error)
        self.granting = wishes | self.granting
        for wish in wishes:
            self.trigger.look(self.clock.now(), subscription_id=wish.subscription_id)

    async def flush(self) -> None:
        """Write down what fails, what does not any more, and what could not be written down before."""
        try:
            await self.troubles.flush()
            if self.holdings:
                await self.holdings.recall.flush()
        except StoreError as error:
            self.complaints.add(f"{self.tenant}: what is done, and what fails, is not written down: {error}")

    async def idle(self) -> None:
        """Return once nothing is under way."""
        while self.tasks:
            await asyncio.wait(list(self.tasks.values()))

    def forget(self) -> None:
        """Another process has led, or leads now: what is known here is old."""
        self.holdings = self.renewing = self.party = None
        self.trigger.next_full = None
        self.granting = {}
