"""Creating a subscription.

POST is not idempotent, and Graph may well take it twice (facts 2.1): a subscription whose creation was not answered is
looked for by the birth that was written down before.
"""

import dataclasses

from reconciler.core.desired import Desired
from reconciler.core.errors import AnswerLost, Conflict, Gone, GraphError, LifetimeRefused
from reconciler.core.live import Live, LiveError, read_live
from reconciler.core.mark import Mark, addressed
from reconciler.engine.hands import Hands, answered

__all__ = ["create", "post"]

TRIES = 3
PAUSE = 2.0
"""Seconds until LIST is asked for a subscription whose creation was not answered."""


async def create(hands: Hands, desired: Desired) -> Live:
    """Create it, or find that an earlier try has. Raises GraphError, StoreError, SecretError."""
    mark = await hands.intend(desired)
    live = await post(hands, desired, mark)
    await hands.settle(desired.name)
    return live


async def post(hands: Hands, desired: Desired, mark: Mark, *, replacing: bool = False) -> Live:
    """POST until it is known what became of it; ask for less where Graph names a lower ceiling."""
    failure: GraphError
    for _ in range(TRIES):
        known = desired.kind.longest(hands.learned)
        try:
            return await post_once(hands, desired, mark, replacing=replacing)
        except LifetimeRefused as refusal:
            failure = refusal
            await hands.learn(desired.kind, refusal, known=known)
        except AnswerLost as lost:
            failure = lost
            if found := await find_birth(hands, mark, lost):
                return await stands(hands, found, mark)
    raise failure


async def post_once(hands: Hands, desired: Desired, mark: Mark, *, replacing: bool) -> Live:
    try:
        live = answered(await hands.party.writer.create(hands.creation(desired, mark), desired.version))
    except Conflict as conflict:
        return await settle_conflict(hands, desired, mark, conflict, replacing=replacing)
    return await stands(hands, live, mark)


async def stands(hands: Hands, live: Live, mark: Mark) -> Live:
    await hands.remember(live, mark, created=True)
    return live


async def find_birth(hands: Hands, mark: Mark, lost: AnswerLost) -> Live | None:
    """Look whether a POST was carried out. Raises ``lost`` where that cannot be known: another POST may make a twin."""
    await hands.clock.sleep(PAUSE)
    try:
        listing = await hands.looking.after_now()
    except GraphError as error:
        raise lost from error
    for body in listing.bodies:
        try:
            live = read_live(body)
        except LiveError:
            continue  # not ours then: ours was answered in the documented form when its URL was validated
        found = live.whole_mark
        if isinstance(found, Mark) and (found.name, found.birth) == (mark.name, mark.birth):
            return live
    if listing.incomplete:
        raise lost
    return None


async def settle_conflict(hands: Hands, desired: Desired, mark: Mark, conflict: Conflict, *, replacing: bool) -> Live:
    """Graph says that another one has the place. It may be our own, of a POST that was not answered."""
    if conflict.subscription_id is None:
        raise conflict
    try:
        body = await hands.party.reader.get(conflict.subscription_id, desired.version)
    except Gone:
        raise conflict from None
    found = answered(body)
    theirs = found.whole_mark
    if not isinstance(theirs, Mark) or (theirs.owner, theirs.name) != (mark.owner, mark.name):
        raise conflict
    if theirs.birth == mark.birth:
        return await stands(hands, found, mark)
    if replacing or found.takes_query is not desired.takes_query:
        raise conflict
    as_wanted = not found.asked.differences(desired.asked)
    digest = mark.digest if as_wanted else theirs.digest  # else the next pass would not see the difference
    kept = dataclasses.replace(mark, birth=theirs.birth, key=theirs.key, digest=digest)
    live = await hands.prolong(found, desired.lifetime, {"notificationUrl": addressed(desired.notification_url, kept)})
    await hands.remember(live, kept)
    return live
