"""What was seen of tenants in, lines for people out. What was seen alike gives the same lines."""

import datetime as dt
from collections.abc import Iterator

from reconciler.cli.colours import painted
from reconciler.cli.columns import NOTHING, aligned, short
from reconciler.cli.plain import plain
from reconciler.cli.seen import Seen, SeenTenant
from reconciler.engine.standing import Condition, Standing

__all__ = ["lines", "matter"]

HEADINGS = ("subscription", "condition", "ends in", "renews in", "granted", "last notification")
COLOURS = {Condition.PENDING: "33", Condition.READY: "32", Condition.STALLED: "31"}
DIM = "2"


def lines(seen: Seen, *, colours: bool) -> Iterator[str]:
    """Each tenant that could be read, with a line for each subscription that is wanted, and why one is not ready."""
    for tenant in seen.tenants:
        if tenant.unread is not None:
            continue
        yield plain(headline(tenant))
        if tenant.standings:
            yield from table(tenant, seen.at, colours=colours)


def headline(tenant: SeenTenant) -> str:
    conditions = [f"{tenant.count(each)} {each}" for each in (Condition.READY, Condition.PENDING, Condition.STALLED)]
    counts = {f"wanted ({', '.join(conditions)})": len(tenant.standings)}
    counts |= {"that no manifest wants": tenant.unwanted, "foreign": tenant.foreign}
    beside = [f"{count} {word}" for word, count in counts.items() if count]
    whole = [] if tenant.complete else ["the list is not whole"]
    return f"{tenant.name}: {', '.join([f'{len(tenant.live)} live', *beside, *whole])}"


def table(tenant: SeenTenant, now: dt.datetime, *, colours: bool) -> Iterator[str]:
    heading, *rows = aligned([HEADINGS, *(cells(each, now) for each in tenant.standings)])
    yield f"  {painted('  '.join(heading), DIM, colours=colours)}"
    for standing, (name, condition, *rest) in zip(tenant.standings, rows, strict=True):
        shown = painted(condition, COLOURS[standing.condition], colours=colours)
        yield "  ".join(["", name, shown, *rest])
        if standing.condition is not Condition.READY:
            yield plain(f"      {matter(standing, now)}")


def cells(standing: Standing, now: dt.datetime) -> tuple[str, ...]:
    heard = standing.last_notification
    return (
        plain(standing.name),
        standing.condition.value,
        until(standing.expires_at, now, passed="ended"),
        until(standing.renews_at, now, passed="now"),
        short(standing.granted) if standing.granted else NOTHING,
        f"{short(max(now - heard, dt.timedelta()))} ago" if heard else NOTHING,
    )


def until(moment: dt.datetime | None, now: dt.datetime, *, passed: str) -> str:
    if moment is None:
        return NOTHING
    return short(moment - now) if moment > now else passed


def matter(standing: Standing, now: dt.datetime) -> str:
    """Why it is not ready."""
    if standing.condition is not Condition.STALLED:
        return f"{standing.action}: {standing.message} ({standing.withheld or standing.reason})"
    request = f" (request-id {standing.request_id})" if standing.request_id else ""
    return f"{standing.action} failed{tries(standing, now)}: {standing.message}{request} ({standing.reason})"


def tries(standing: Standing, now: dt.datetime) -> str:
    often = "once" if standing.attempts == 1 else f"{standing.attempts} times"
    since = f" in {short(now - standing.since)}" if standing.since and standing.attempts > 1 else ""
    again = until(standing.next_try, now, passed="")
    return f" {often}{since}, {f'again in {again}' if again else 'again now'}"
