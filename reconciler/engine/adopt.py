"""Taking over a foreign subscription by a PATCH of its URL; everything else about it stays as it is."""

import contextlib
import dataclasses
import secrets

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
    for version in sorted(Version, key=lambda each: each is not desired.version):
        with contextlib.suppress(Gone):
            adopted = await adopt_on(version, hands, live, desired)
            return f"adopted, lives until {adopted.expires_at:%Y-%m-%d %H:%M} UTC", adopted.id
    created = await create(hands, desired)
    return f"{live.id} was gone, created instead", created.id


async def adopt_on(version: Version, hands: Hands, live: Live, desired: Desired) -> Live:
    """On which Graph version somebody made it, only trying tells (facts 3.2). Raises Gone where it is not this one."""
    live = dataclasses.replace(live, asked=dataclasses.replace(live.asked, version=version))
    mark = dataclasses.replace(mark_for(hands, live, desired), version=version)
    adopted = await hands.prolong(live, desired.lifetime, {"notificationUrl": marked(desired.notification_url, mark)})
    await hands.remember(adopted, mark)
    return adopted


def mark_for(hands: Hands, live: Live, desired: Desired) -> Mark:
    """Of one that another owner has marked, birth and key are kept: its ``clientState`` is derived from them."""
    if isinstance(live.mark, Mark):
        return desired.mark(hands.owner, birth=live.mark.birth, key=live.mark.key)
    return desired.mark(hands.owner, birth=secrets.token_hex(5), key=FIXED_KEY)
