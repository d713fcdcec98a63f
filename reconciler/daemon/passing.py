"""One pass of one tenant: why it is made in, what became of it told to everybody whom it concerns."""

import dataclasses
import datetime as dt
import logging
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from reconciler.core.change import Change, Plan
from reconciler.core.errors import AnswerLost, CredentialRefused, ReconcilerError, StoreError
from reconciler.core.options import Options
from reconciler.core.reasons import Action
from reconciler.core.rest import Waiting
from reconciler.core.trigger import Due
from reconciler.core.world import World
from reconciler.engine.outcome import Outcome, Result
from reconciler.engine.read import NARROW, Named
from reconciler.engine.report import Report
from reconciler.engine.run import Task, run_one

if TYPE_CHECKING:
    from reconciler.daemon.holdings import Holdings
    from reconciler.daemon.steward import Steward

__all__ = ["Passing"]

logger = logging.getLogger(__name__)


class Passing:
    """The engine's ``Watcher`` while a pass is made."""

    def __init__(self, steward: "Steward") -> None:
        self.steward = steward
        self.report: Report | None = None
        """Of the last full pass that could read the tenant."""

        self.read_at: dt.datetime | None = None
        """When that was."""

        self.full = False
        """Whether the one under way is a full one."""

        self.violated: frozenset[str] = frozenset()
        """What the last full plan said, by code."""

        self.doubt: str | None = None
        """Why the list that the last full pass has read was not whole."""

        self.undone: dict[tuple[str, str], Change] = {}
        """What it had planned and nobody has done since, by name and action."""

    async def make(self, due: Due, allow: frozenset[str]) -> bool:
        """Make a pass; False where the tenant could not be read."""
        steward, pass_id = self.steward, secrets.token_hex(4)
        kind = "full" if due.full else "narrow"
        tracing = steward.means.tracing.span("pass", tenant=steward.tenant, pass_id=pass_id, kind=kind)
        with structlog.contextvars.bound_contextvars(pass_id=pass_id, tenant=steward.tenant), tracing as span:
            report = await self.attempt_and_tell(due, allow)
            unread = report.unread.get(steward.tenant)
            if unread:
                span.failed(str(unread))
            span.note(changes=len(report.outcomes or ()))
        return unread is None and not self.is_in_doubt(due, report)

    async def attempt_and_tell(self, due: Due, allow: frozenset[str]) -> Report:
        steward, began = self.steward, time.monotonic()
        try:
            report = await self.attempt(due, allow)
        except ReconcilerError as error:
            report = Report(outcomes=(), unread={steward.tenant: error})
        except Exception as error:
            logger.exception("a pass of %s has ended in a way that it should not", steward.tenant)
            message = f"internal error, please report it: {error!r}"
            report = Report(outcomes=(), unread={steward.tenant: ReconcilerError(message)})
        unread, in_doubt = report.unread.get(steward.tenant), self.is_in_doubt(due, report)
        steward.trigger.done(steward.clock.now(), due, failed=unread is not None or in_doubt)
        if unread:
            self.failed(due, unread)
        else:
            await self.succeeded(due, report)
        if unread or in_doubt:
            self.look_again(due)
        seconds = time.monotonic() - began
        self.say(due, report, seconds)
        steward.means.listener.passed(steward.tenant, due, report, seconds)
        await steward.flush()
        return report

    def is_in_doubt(self, due: Due, report: Report) -> bool:
        """Whether what a narrow pass was about could not be read after all."""
        world = report.worlds.get(self.steward.tenant)
        return not due.full and world is not None and world.incomplete != NARROW

    async def attempt(self, due: Due, allow: frozenset[str]) -> Report:
        steward = self.steward
        party = await steward.enter()
        order, holdings = steward.order, steward.holdings
        if order is None or holdings is None:
            raise AssertionError("a pass needs an order")
        self.full = due.full
        task = Task(
            desired=list(order.desired.values()),
            clock=steward.clock,
            options=self.options(allow),
            client_states=order.client_states,
            watcher=self,
            named=None if due.full else named(due, holdings),
            alive_at=dict(holdings.seen_at),
            stopping=steward.stopping,
            deaf=order.deaf,
        )
        return await run_one(party, task)

    def options(self, allow: frozenset[str]) -> Options:
        steward = self.steward
        if steward.order is None:
            raise AssertionError("a pass needs an order")
        options = steward.order.options()
        waiting: Waiting = dataclasses.replace(options.waiting, rests=steward.troubles.rests())
        renewed = steward.renewing.looks_after if steward.renewing and steward.order.renews else options.renewed
        allow = options.allow | allow
        return dataclasses.replace(options, allow=allow, waiting=waiting, one_wave=True, renewed=renewed)

    def planned(self, plan: Plan) -> None:
        """A violation is a line when it is new, and when it is over; a narrow pass knows too little to say so."""
        if not self.full:
            return
        found = {violation.code: violation for violation in plan.violations}
        for code, violation in found.items():
            level = logging.DEBUG if code in self.violated else logging.WARNING
            logger.log(level, "%s: %s", code, violation.message, extra={"code": code})
        for code in sorted(self.violated - found.keys()):
            logger.warning("%s: %s: this is over", code, self.steward.tenant, extra={"code": code})
        self.violated = frozenset(found)

    def told(self, outcome: Outcome) -> None:
        steward = self.steward
        if outcome.result is Result.FAILED and outcome.error and not steward.stopping():
            self.fail(outcome)
        elif outcome.result is Result.DONE:
            steward.troubles.worked(outcome.name, outcome.action)
        steward.told(outcome)

    def fail(self, outcome: Outcome) -> None:
        steward, error = self.steward, outcome.error
        if isinstance(error, CredentialRefused):
            steward.breaker.refused(error)
            return
        holdings = steward.holdings
        desired = holdings.desired.get(outcome.name) if holdings else None
        lifetime = desired.lifetime or desired.kind.longest({}) if desired else None
        steward.troubles.failed(outcome, desired, lifetime=lifetime)
        if holdings and outcome.action is Action.CREATE and isinstance(error, AnswerLost):
            # It may stand by now: only a whole list can tell.
            steward.trigger.wish(steward.clock.now(), "answer lost")

    def failed(self, due: Due, error: ReconcilerError) -> None:
        steward = self.steward
        if isinstance(error, CredentialRefused):
            steward.breaker.refused(error)
        if due.full:
            steward.failing = str(error)

    def look_again(self, due: Due) -> None:
        """At what could not be read: a narrow pass comes sooner than a full one, and need not list everything else."""
        steward, now = self.steward, self.steward.clock.now()
        for name in due.names:
            steward.trigger.look(now, name=name)
        for subscription_id in due.ids:
            steward.trigger.look(now, subscription_id=subscription_id)

    async def succeeded(self, due: Due, report: Report) -> None:
        steward, holdings = self.steward, self.steward.holdings
        if not self.is_in_doubt(due, report):
            steward.troubles.succeeded()
        world = report.worlds.get(steward.tenant)
        if holdings is None or world is None:
            return
        await holdings.read(world, full=due.full)
        holdings.absent -= {each.name for each in report.outcomes or () if may_stand(each)}
        if due.full:
            steward.failing, self.read_at = None, steward.clock.now()
            self.doubt_list(world)
            self.report = dataclasses.replace(report, worlds={}, outcomes=())
            done = {(each.name, each.action) for each in report.outcomes or () if each.result is Result.DONE}
            changes = {(change.name, change.action): change for change in report.plan.changes}
            self.undone = {key: change for key, change in changes.items() if key not in done}
            steward.troubles.keep_only({change.name for change in report.plan.changes} | self.failing_renewals())
            try:
                await self.close_gaps(holdings.seen_at)
            except StoreError as error:
                logger.warning("%s: the ledger of gaps is not up to date: %s", steward.tenant, error)

    def doubt_list(self, world: World) -> None:
        """That a list was not whole is a line of its own, once: nothing else may show it for days."""
        why = world.incomplete or world.shrank
        if why and not self.doubt:
            logger.warning("%s: the list is not believed, nothing is deleted by it: %s", self.steward.tenant, why)
        elif self.doubt and not why:
            logger.warning("%s: the list is whole again", self.steward.tenant)
        self.doubt = why

    def failing_renewals(self) -> set[str]:
        """They are in no plan: ``Renewing`` looks after them."""
        troubles, holdings = self.steward.troubles.by_name, self.steward.holdings
        desired = holdings.desired if holdings else {}
        return {name for name, trouble in troubles.items() if trouble.action == Action.RENEW and name in desired}

    async def close_gaps(self, seen: Mapping[str, object]) -> None:
        """Of what stands again although nobody has written that down: the process, or the store, was away then."""
        steward, holdings = self.steward, self.steward.holdings
        if holdings is None:
            return
        alive = {
            memory.name for memory in holdings.recall.by_id.values() if memory.id in seen and not memory.deleted_at
        }
        for gap in await steward.means.chronicle.gaps(since=steward.clock.now()):
            if gap.tenant == steward.tenant and gap.until is None and gap.name in alive and gap.cause.closes_itself:
                over = dataclasses.replace(gap, until=steward.clock.now())
                await steward.means.chronicle.note_gap(over)
                steward.means.listener.noted(over)

    def say(self, due: Due, report: Report, seconds: float) -> None:
        kind = "full" if due.full else "narrow"
        unread = report.unread.get(self.steward.tenant)
        if unread:
            logger.warning("%s pass of %s failed: %s", kind, self.steward.tenant, unread)
            return
        done = sum(outcome.result is Result.DONE for outcome in report.outcomes or ())
        failed = sum(outcome.result is Result.FAILED for outcome in report.outcomes or ())
        withheld = sum(outcome.result is Result.WITHHELD for outcome in report.outcomes or ())
        line = "%s pass of %s: %d done, %d failed, %d withheld, %d unchanged, in %.1f s (%s)"
        why = ", ".join(due.reasons) or "wishes"
        counts = (done, failed, withheld, report.plan.summary.unchanged)
        level = logging.INFO if due.full or done or failed else logging.DEBUG
        logger.log(level, line, kind, self.steward.tenant, *counts, seconds, why)


def named(due: Due, holdings: "Holdings") -> Named:
    by_id = holdings.recall.by_id
    names = holdings.called((*due.names, *(by_id[each].name for each in due.ids if each in by_id)))
    return Named(names, due.ids, frozenset(holdings.absent))


def may_stand(outcome: Outcome) -> bool:
    """What was to be created, after the list was read that does not have it."""
    if outcome.action is not Action.CREATE:
        return False
    return outcome.result is Result.DONE or isinstance(outcome.error, AnswerLost)
