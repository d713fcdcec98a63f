"""What is wanted, what was read and what keeps failing in, the condition of each subscription of one tenant out.

ready     live and as the manifest says; a renewal that is due takes nothing away from that
pending   something else is to be changed: it is planned, withheld, or not made yet
stalled   what was tried has failed, and is tried again later
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.core.change import Change, Plan
from reconciler.core.desired import Desired
from reconciler.core.due import Clockwork, renews_at
from reconciler.core.live import Live
from reconciler.core.matching import by_name, preference
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.times import iso_duration, spell_time
from reconciler.core.world import Owned, World
from reconciler.engine.chronicle import Trouble

__all__ = ["Condition", "Standing", "document", "standings"]


class Condition(enum.StrEnum):
    PENDING = "pending"
    READY = "ready"
    STALLED = "stalled"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one subscription that is wanted stands."""

    tenant: str
    """The name of its Tenant."""

    name: str
    condition: Condition
    resource: str
    """As the manifest spells it."""

    action: str | None = None
    """What is to be done; where it is stalled, what has failed."""

    reason: str | None = None
    """Why, as one word; where it is stalled, the class of the error."""

    message: str | None = None
    withheld: Withheld | None = None
    request_id: str | None = None
    attempts: int = 0
    """How often it has failed in a row."""

    since: dt.datetime | None = None
    """When it first failed."""

    next_try: dt.datetime | None = None
    subscription_id: str | None = None
    """None where there is none; one that has ended may still be listed (facts 3.2)."""

    granted: dt.timedelta | None = None
    """None where we do not remember it."""

    expires_at: dt.datetime | None = None
    renews_at: dt.datetime | None = None
    """None where nothing is left to renew."""

    last_notification: dt.datetime | None = None
    certificate_id: str | None = None


def standings(
    desired: Iterable[Desired],
    world: World,
    plan: Plan,
    *,
    owner: str,
    now: dt.datetime,
    troubles: Mapping[tuple[str, str], Trouble],
    heard: Mapping[str, dt.datetime],
) -> list[Standing]:
    """How all that is wanted in the world's tenant stands, in the order of names.

    ``troubles`` are by tenant and name, ``heard`` has by name when the last notification came.
    """
    clockwork = Clockwork(now, learned=world.learned)
    changes = decisive(plan, world.tenant)
    groups = by_name(world.owned(owner))
    found = []
    for each in sorted((each for each in desired if each.tenant == world.tenant), key=lambda each: each.name):
        change = changes.get(each.name)
        live = change.live if change else best(groups.get(each.name, ()), each, now)
        trouble = troubles.get((each.tenant, each.name))
        found.append(standing(each, live, change, trouble, heard.get(each.name), clockwork))
    return found


def decisive(plan: Plan, tenant: str) -> dict[str, Change]:
    """By name, the change that tells most: what keeps a subscription alive meanwhile stands behind what is withheld."""
    found: dict[str, Change] = {}
    for change in plan.changes:
        if change.tenant != tenant or change.desired is None or change.reason is Reason.DUPLICATE:
            continue
        if change.name not in found or change.action is not Action.RENEW:
            found[change.name] = change
    return found


def best(found: Sequence[Owned], desired: Desired, now: dt.datetime) -> Live | None:
    """Of several, the one that a plan keeps."""
    if len(found) < 2:
        return found[0].live if found else None
    return min(found, key=lambda each: preference(each, desired, now)).live


def standing(
    desired: Desired,
    live: Live | None,
    change: Change | None,
    trouble: Trouble | None,
    heard: dt.datetime | None,
    clockwork: Clockwork,
) -> Standing:
    return Standing(
        tenant=desired.tenant,
        name=desired.name,
        condition=condition_of(change, trouble),
        resource=desired.resource.text,
        withheld=change.withheld if change else None,
        last_notification=heard,
        **said(change, trouble),
        **lived(desired, live, clockwork),
    )


def condition_of(change: Change | None, trouble: Trouble | None) -> Condition:
    if trouble:
        return Condition.STALLED
    if change is None or (change.action is Action.RENEW and change.withheld is None):
        return Condition.READY
    return Condition.PENDING


def said(change: Change | None, trouble: Trouble | None) -> dict[str, Any]:
    """The fields that say what is the matter: an error tells more than a plan."""
    if trouble:
        return {
            "action": trouble.action,
            "reason": trouble.kind,
            "message": trouble.message,
            "request_id": trouble.request_id,
            "attempts": trouble.attempts,
            "since": trouble.since,
            "next_try": trouble.next_try,
        }
    if change is None:
        return {}
    message = f"{change.message}; withheld: {change.why_withheld}" if change.withheld else change.message
    return {"action": change.action.value, "reason": change.reason.value, "message": message}


def lived(desired: Desired, live: Live | None, clockwork: Clockwork) -> dict[str, Any]:
    """The fields that tell of the live one."""
    if live is None:
        return {}
    lives = live.expires_at > clockwork.now
    return {
        "subscription_id": live.id,
        "granted": live.granted,
        "expires_at": live.expires_at,
        "renews_at": renews_at(live, desired.name, clockwork, desired) if lives else None,
        "certificate_id": live.certificate_id,
    }


def document(standing: Standing) -> dict[str, Any]:
    """For JSON, with every key."""
    return {
        "tenant": standing.tenant,
        "name": standing.name,
        "condition": standing.condition.value,
        "resource": standing.resource,
        "action": standing.action,
        "reason": standing.reason,
        "message": standing.message,
        "withheld": standing.withheld.value if standing.withheld else None,
        "requestId": standing.request_id,
        "attempts": standing.attempts,
        "since": spelled(standing.since),
        "nextTry": spelled(standing.next_try),
        "subscriptionId": standing.subscription_id,
        "granted": iso_duration(standing.granted) if standing.granted else None,
        "expiresAt": spelled(standing.expires_at),
        "renewsAt": spelled(standing.renews_at),
        "lastNotification": spelled(standing.last_notification),
        "certificateId": standing.certificate_id,
    }


def spelled(moment: dt.datetime | None) -> str | None:
    return spell_time(moment) if moment else None
