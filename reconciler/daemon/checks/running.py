"""Checks in, a finding for each out: all at once, each within its time, none able to end the others.

A check that needs another one waits for it, and is skipped where that failed or was itself skipped for such a reason.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from reconciler.core.refusals import redacted
from reconciler.daemon.checks.finding import Finding, Level, Verdict, failed, skipped

__all__ = ["Ask", "Check", "Once", "run", "said"]

SECONDS = 30.0

T = TypeVar("T")

Ask = Callable[[], Awaitable[Verdict]]

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Check:
    """One question about one subject."""

    id: str
    subject: str
    ask: Ask
    needs: tuple["Check", ...] = ()
    """What must not have failed before; they stand earlier in the list."""

    seconds: float = SECONDS


class Once(Generic[T]):
    """What several checks want to know is asked for by the first of them, and told to all."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._task: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._task is None:
            self._task = asyncio.ensure_future(self._ask())
        # One check's time may be up while others still wait.
        return await asyncio.shield(self._task)


def said(verdict: Verdict) -> Ask:
    """For a check whose verdict is known before anybody is asked."""

    async def ask() -> Verdict:
        return verdict

    return ask


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    finding: Finding
    stops: bool
    """Whether what needs it has no ground to stand on."""


async def run(checks: Sequence[Check]) -> list[Finding]:
    """In the order of the checks."""
    tasks: dict[Check, asyncio.Task[Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        for check in checks:
            needed = [tasks[each] for each in check.needs]
            tasks[check] = group.create_task(outcome(check, needed))
    return [task.result().finding for task in tasks.values()]


async def outcome(check: Check, needed: Sequence[asyncio.Task[Outcome]]) -> Outcome:
    for task in needed:
        before = await task
        if before.stops:
            why = "failed" if before.finding.level is Level.FAILURE else "was not checked either"
            verdict = skipped(f"not checked: {before.finding.check} of {before.finding.subject} {why}")
            return Outcome(Finding(check.id, check.subject, verdict), stops=True)
    verdict = await verdict_of(check)
    return Outcome(Finding(check.id, check.subject, verdict), stops=verdict.level is Level.FAILURE)


async def verdict_of(check: Check) -> Verdict:
    try:
        async with asyncio.timeout(check.seconds):
            return await check.ask()
    except TimeoutError:
        return failed(
            f"there was no result within {check.seconds:g} s",
            cause="whoever is asked answers too slowly, or not at all",
            remedy="look at what the other checks of the same subject say, and try again",
        )
    except Exception as error:  # one check's mistake must not hide what the others found
        log.debug("the check %s of %s ended with an error", check.id, check.subject, exc_info=error)
        return failed(
            f"the check itself failed: {type(error).__name__}: {redacted(str(error), ())}",
            cause="something that this check did not reckon with",
            remedy="try again; if it stays, report it as a mistake of reconcile, with this text",
        )
