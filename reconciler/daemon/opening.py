"""Our own public URLs in, whether they answer as Graph wants it out: before that, no pass could create anything.

Behind a load balancer that waits for readiness, the process is ready first, and asks afterwards.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Sequence

from reconciler.core.redaction import redact
from reconciler.daemon.asking import Handshake, Stage, handshake
from reconciler.engine.ports import Clock

__all__ = ["PATIENCE", "OwnUrl", "wait_for_own_endpoints", "wrongly_answered"]

PATIENCE = dt.timedelta(minutes=2)
"""Afterwards it is only warned of: a network may not let one ask oneself, and Graph gets there all the same."""

PAUSE = 2.0
"""Seconds between two looks."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class OwnUrl:
    endpoint: str
    url: str = dataclasses.field(repr=False)
    ca_file: str | None


async def wait_for_own_endpoints(urls: Sequence[OwnUrl], clock: Clock, *, patience: dt.timedelta = PATIENCE) -> bool:
    """Ask each with a validation request of our own until it answers; False where patience has ended before."""
    end, told = clock.now() + patience, False
    waiting = list(urls)
    while waiting:
        problems = dict(zip(waiting, await asyncio.gather(*map(problem, waiting)), strict=True))
        waiting = [each for each, found in problems.items() if found]
        if not waiting:
            break
        if clock.now() >= end:
            for each in waiting:
                logger.warning("%s, Graph may not get an answer there either: %s", named(each), problems[each])
            return False
        if not told:
            told = True
            logger.info("%s does not answer yet: %s", named(waiting[0]), problems[waiting[0]])
        await clock.sleep(PAUSE)
    return True


async def wrongly_answered(urls: Sequence[OwnUrl]) -> frozenset[str]:
    """The endpoints at which somebody answers, and not as Graph wants it: what is created there would be refused.

    That nobody answers says little from inside: many networks do not let one ask oneself.
    """
    asked = await asyncio.gather(*(handshake(own.url, ca_file=own.ca_file) for own in urls))
    found = zip(urls, asked, strict=True)
    return frozenset(own.endpoint for own, said in found if said.problem and not unreachable(said))


def unreachable(asked: Handshake) -> bool:
    failure = asked.reply.failure
    return failure is not None and (failure.stage is Stage.CONNECTION or failure.late)


async def problem(own: OwnUrl) -> str | None:
    return (await handshake(own.url, ca_file=own.ca_file)).problem


def named(own: OwnUrl) -> str:
    return f"The public URL {redact(own.url)} of Endpoint {own.endpoint!r}"
