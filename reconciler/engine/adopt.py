"""Taking over a foreign subscription by a PATCH of its URL; everything else about it stays as it is."""

import contextlib
import dataclasses

from reconciler.core.catalog import Version
from reconciler.core.change import Change
from reconciler.core.client_state import FIXED_KEY
from reconciler.core.desired import Desired
from reconciler.core.errors import Gone
from reconciler.core.live import Live
from reconciler.core.mark import Mark, marked
from reconciler.engine.amend import expect
from reconciler.engine.create import create
from reconciler.engine.hands import Hands

__all__ = ["adopt"]


async def adopt(hands: Hands, change: Change) -> tuple[str, str]:
    """Write our mark into its URL, and renew it on the way. One that is gone by now is created instead."""
    live, desired = expect(change.live), expect(change.desired)
    mark = await intended(hands, live, desired)
    for version in sorted(Version, key=lambda each: each is not desired.version):
        with contextlib.suppress(Gone):
            adopted = await adopt_on(version, hands, live, desired, mark)
            return f"adopted, lives until {adopted.expires_at:%Y-%m-%d %H:%M} UTC", adopted.id
    created = await create(hands, desired)
    return f"{live.id} was gone, created instead", created.id


async def adopt_on(version: Version, hands: Hands, live: Live, desired: Desired, mark: Mark) -> Live:
    """On which Graph version somebody made it, only trying tells (facts 3.2). Raises Gone where it is not this one."""
    live = dataclasses.replace(live, asked=dataclasses.replace(live.asked, version=version))
    mark = dataclasses.replace(mark, version=version)
    adopted = await hands.prolong(live, desired.lifetime, {"notificationUrl": marked(desired.notification_url, mark)})
    await hands.remember(adopted, mark)
    await hands.settle(desired.name)
    return adopted


async def intended(hands: Hands, live: Live, desired: Desired) -> Mark:
    """Its mark, whose birth is written down first: else a PATCH without an answer would look like another writer's.

    Of one that another owner has marked, birth and key are kept: its ``clientState`` is derived from them.
    """
    theirs = live.whole_mark or live.lifecycle_mark
    if isinstance(theirs, Mark):
        return dataclasses.replace(await hands.intend(desired, birth=theirs.birth), key=theirs.key)
    return dataclasses.replace(await hands.intend(desired), key=FIXED_KEY)
