"""Changing a subscription that stays: renew, update, delete."""

import dataclasses
import datetime as dt
from typing import TypeVar

from reconciler.core.bodies import certificate_body
from reconciler.core.change import Change
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork, due
from reconciler.core.errors import EndpointRefused, Gone, GraphError, Invalid, LifetimeRefused, Unsorted
from reconciler.core.live import Live
from reconciler.core.mark import Mark, addressed, marked
from reconciler.core.reasons import Reason
from reconciler.engine.create import create
from reconciler.engine.gaps import gap, predecessor
from reconciler.engine.hands import Hands
from reconciler.engine.ports import Body

__all__ = ["create_anew", "delete", "expect", "keep_alive", "renew", "renew_alone", "stay_alive", "update"]

T = TypeVar("T")

YOUNG = dt.timedelta(minutes=5)
"""Graph may not find a subscription that it has just made: it is looked for again before it is called gone."""


async def renew(hands: Hands, change: Change) -> tuple[str, str]:
    """Push the expiration forward. What is gone is created anew, where a manifest wants it."""
    try:
        return await renew_alone(hands, change)
    except Gone as gone:
        return await create_anew(hands, change, gone)


async def renew_alone(hands: Hands, change: Change) -> tuple[str, str]:
    """Push the expiration forward, and do nothing else. Raises Gone.

    A challenge is answered all the same where it lives as long already as we would ask for.
    """
    live = expect(change.live)
    fresh = refreshed_url(live, change.mark, change.desired)
    try:
        renewed = await extend(hands, change, fresh)
    except (EndpointRefused, Invalid):
        if not fresh:
            raise
        # Graph may ask only a URL that changes: the mark is refreshed another time, the renewal cannot wait.
        renewed = await extend(hands, change, {})
    if renewed is live and change.reason is Reason.REAUTHORIZATION_REQUIRED:
        await hands.party.writer.reauthorize(live.id, live.asked.version)
        return "reauthorized", live.id
    return f"lives until {renewed.expires_at:%Y-%m-%d %H:%M} UTC", renewed.id


async def extend(hands: Hands, change: Change, more: Body) -> Live:
    """PATCH with a later expiration, and whatever else is to be changed with it."""
    live, mark = expect(change.live), expect(change.mark)
    renewed = await hands.prolong(live, change.desired.lifetime if change.desired else None, more)
    if renewed is not live:
        await hands.remember(renewed, mark, certificate_fixed=live.certificate_fixed)
    return renewed


def refreshed_url(live: Live, mark: Mark | None, desired: Desired | None) -> Body:
    """A new digest for a mark whose digest is old though nothing differs: only our canonical form has changed.

    Where the lifecycle URL bears the mark, it stays old: each pass then compares the fields, and finds them equal.
    """
    if desired is None or mark is None or mark.digest in (None, desired.asked.digest) or not live.takes_query:
        return {}
    if live.asked.differences(desired.asked):
        return {}
    fresh = dataclasses.replace(mark, digest=desired.asked.digest)
    return {"notificationUrl": marked(live.notification_url, fresh)}


async def create_anew(hands: Hands, change: Change, gone: Gone) -> tuple[str, str]:
    """A PATCH said that it is gone. Where no manifest wants it, or its twin stands, that is all there is to it."""
    live, desired = expect(change.live), change.desired
    memory = hands.remembered.get(live.id)
    if memory and memory.created_at and hands.clock.now() - memory.created_at < YOUNG:
        raise gone.adding(": it is younger than 5 minutes, so the next run looks again") from gone
    if desired is None or change.twin_of:
        await hands.party.journal.forget([live.id])
        return "it is gone already", live.id
    if desired.suspend:
        raise gone
    async with gap(hands, desired, predecessor(hands, desired, live)):
        created = await create(hands, desired)
    # Not before: while it is known, GET can say that it is gone, even where the list is not whole.
    await hands.party.journal.forget([live.id])
    return f"{live.id} was gone, created anew: notifications may have been missed", created.id


async def update(hands: Hands, change: Change) -> tuple[str, str]:
    """Write the URL with the mark as it should be, the certificate where it differs, and renew on the way."""
    live, desired, mark = expect(change.live), expect(change.desired), expect(change.mark)
    # On the Graph version that it was made on, which for one that was adopted need not be the manifest's.
    wanted = dataclasses.replace(desired.mark(hands.owner, birth=mark.birth, key=mark.key), version=live.asked.version)
    more: dict[str, str] = {"notificationUrl": addressed(desired.notification_url, wanted)}
    turns = change.reason is Reason.CERTIFICATE_CHANGED
    if turns:
        more |= certificate_body(desired)
    try:
        updated = await extend(hands, change, more)
    except Gone as gone:
        return await create_anew(hands, change, gone)
    except (EndpointRefused, Invalid) as error:
        if turns and isinstance(error, Invalid) and not isinstance(error, LifetimeRefused):
            hint = "; the certificate will not be patched again, the next run replaces the subscription"
            raise await stay_alive(hands, change, error.adding(hint), certificate_fixed=True) from error
        raise await stay_alive(hands, change, error) from error
    if turns and updated.certificate_id != expect(desired.certificate).thumbprint:
        await hands.remember(updated, wanted, certificate_fixed=True)
        raise Invalid(f"Graph took the PATCH of {live.id} and kept the old certificate: the next run replaces it")
    return f"lives until {updated.expires_at:%Y-%m-%d %H:%M} UTC", updated.id


async def stay_alive(hands: Hands, change: Change, error: GraphError, *, certificate_fixed: bool = False) -> GraphError:
    """A change that fails must not let its subscription lapse; the error says what became of that."""
    return error.adding(await keep_alive(hands, change, certificate_fixed=certificate_fixed))


async def keep_alive(hands: Hands, change: Change, *, certificate_fixed: bool = False) -> str:
    """Renew what is not changed after all, where that is due. Says so in words, none where it is not due."""
    live, mark, desired = change.live, change.mark, change.desired
    if live is None or mark is None:
        return ""
    fixed = certificate_fixed or live.certificate_fixed
    clockwork = Clockwork(hands.clock.now(), hands.renew_within, hands.learned)
    if live.expires_at > clockwork.now and due(live, change.name, clockwork, desired):
        try:
            renewed = await hands.prolong(live, desired.lifetime if desired else None, {})
        except GraphError as second:
            if certificate_fixed:
                await hands.fix_certificate(live, mark)
            return f"; its renewal failed as well: {second.message}"
        await hands.remember(renewed, mark, certificate_fixed=fixed)
        return f"; it was renewed all the same and lives until {renewed.expires_at:%Y-%m-%d %H:%M} UTC"
    if certificate_fixed:
        await hands.fix_certificate(live, mark)
    return ""


async def delete(hands: Hands, change: Change) -> tuple[str, str]:
    """Delete it; that it is gone already is as good. A twin is only deleted once GET has shown both."""
    live, mark = expect(change.live), expect(change.mark)
    try:
        if change.reason is Reason.DUPLICATE:
            await confirm(hands, change)
        await hands.party.writer.delete(live.id, live.asked.version)
    except Gone:
        await hands.bury(live, mark)
        return "it was gone already", live.id
    await hands.bury(live, mark)
    return "deleted", live.id


async def confirm(hands: Hands, change: Change) -> None:
    live, kept = expect(change.live), expect(change.twin_of)
    await hands.party.reader.get(live.id, live.asked.version)
    try:
        await hands.party.reader.get(kept.id, kept.asked.version)
    except Gone as gone:
        raise Unsorted(f"{kept.id} was to be kept and is gone, so {live.id} stays: run again") from gone


def expect(value: T | None) -> T:
    """What a change of this kind always has."""
    if value is None:
        raise AssertionError("the plan left out what this change is about")
    return value
