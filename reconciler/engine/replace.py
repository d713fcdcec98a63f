"""Replacing a subscription: nothing is deleted before there is reason to believe in the new one."""

import contextlib
import dataclasses

from reconciler.core.catalog import Version
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.errors import Conflict, EndpointRefused, Full, Gone, Invalid
from reconciler.core.gap import Cause
from reconciler.core.live import Live
from reconciler.core.mark import Mark, addressed, takes_query
from reconciler.engine.amend import create_anew, expect, stay_alive
from reconciler.engine.create import create, post
from reconciler.engine.gaps import Predecessor, gap, open_gap, predecessor
from reconciler.engine.hands import Hands, NotExtended

__all__ = ["evict", "rehearse", "replace", "settle_down"]


async def replace(hands: Hands, change: Change) -> tuple[str, str]:
    live, desired = expect(change.live), expect(change.desired)
    try:
        if change.mark is None:
            change = await located(hands, change)
            live = expect(change.live)
        await rehearse(hands, change)
    except Gone as gone:
        return await create_anew(hands, change, gone)
    wanted = await hands.intend(desired, replaces=live.id)
    mark = change.mark or wanted  # one that is adopted bears none of ours
    if desired.entry and desired.entry.exclusive:
        created = await delete_first(hands, live, mark, desired, wanted)
    else:
        created = await create_first(hands, live, mark, desired, wanted)
    await hands.settle(desired.name)
    return f"replaces {live.id}", created.id


async def located(hands: Hands, change: Change) -> Change:
    """The same, on the Graph version that somebody else has made it on: LIST does not tell. Raises Gone."""
    live = expect(change.live)
    beta = dataclasses.replace(live, asked=dataclasses.replace(live.asked, version=Version.BETA))
    try:
        await hands.party.reader.get(live.id, live.asked.version)
    except Gone:
        await hands.party.reader.get(live.id, beta.asked.version)
        return dataclasses.replace(change, live=beta)
    return change


async def evict(hands: Hands, change: Change) -> None:
    """The first half of a rehearsed replacement, for one whose new place becomes free only when its own is."""
    live, desired = expect(change.live), expect(change.desired)
    wanted = await hands.intend(desired, replaces=live.id)
    await open_gap(hands, desired, Predecessor(live.id, Cause.REPLACED, hands.clock.now()))
    await remove(hands, live, change.mark or wanted)


async def settle_down(hands: Hands, change: Change) -> tuple[str, str]:
    """The second half, for one that was evicted."""
    desired = expect(change.desired)
    async with gap(hands, desired, predecessor(hands, desired)):
        created = await create(hands, desired)
    return f"replaces {expect(change.live).id}", created.id


async def rehearse(hands: Hands, change: Change, heir: Desired | None = None) -> None:
    """PATCH the old one with its old digest in the mark, to where the new one will be delivered.

    That tries the token, the permission and, as far as Graph validates on PATCH (facts 4.6), the endpoint. If it fails
    nothing is deleted. Of one that is not ours yet only the expiration is patched: should the replacement fail, it must
    still deliver to whom it did. So it is between HTTPS and Event Hubs or Event Grid: the mark of the old one has no
    room where the new one is delivered, and whether such a PATCH is taken, no documentation tells.
    """
    live, mark = expect(change.live), change.mark
    if mark is None:
        with contextlib.suppress(EndpointRefused, NotExtended):  # it is somebody else's URL that does not answer
            await hands.prolong(live, None, {})
        return
    url = (heir or expect(change.desired)).notification_url
    stays = takes_query(url) is live.takes_query
    try:
        patched = await hands.prolong(live, None, {"notificationUrl": addressed(url, mark)} if stays else {})
    except NotExtended:
        return  # it is about to go, and all that was tried has worked
    except (EndpointRefused, Invalid) as error:
        raise await stay_alive(hands, change, error) from error
    await hands.remember(patched, mark, certificate_fixed=live.certificate_fixed)


async def delete_first(hands: Hands, live: Live, mark: Mark, desired: Desired, wanted: Mark) -> Live:
    async with gap(hands, desired, Predecessor(live.id, Cause.REPLACED, hands.clock.now())):
        await remove(hands, live, mark)
        return await post(hands, desired, wanted, replacing=True)


async def create_first(hands: Hands, live: Live, mark: Mark, desired: Desired, wanted: Mark) -> Live:
    """Nothing is missed this way; where Graph will not have both, the old one goes first after all.

    But not where Graph names another one that is in the way: then it would be in the way of the new one as well.
    """
    try:
        created = await post(hands, desired, wanted, replacing=True)
    except (Conflict, Full) as refusal:
        other = refusal.subscription_id if isinstance(refusal, Conflict) else None
        if other is not None and other.lower() != live.id.lower():
            raise
        return await delete_first(hands, live, mark, desired, wanted)
    await remove(hands, live, mark)
    return created


async def remove(hands: Hands, live: Live, mark: Mark) -> None:
    with contextlib.suppress(Gone):  # then it is not there any more, which is all that is wanted
        await hands.party.writer.delete(live.id, live.asked.version)
    await hands.bury(live, mark)
