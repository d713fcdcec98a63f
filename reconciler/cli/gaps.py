"""``reconcile gaps``: when notifications may have been missed, by the ledger in the store. Graph is not asked."""

import argparse
import asyncio
import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.cli.columns import NOTHING, aligned
from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.passes import owner_missing
from reconciler.cli.plain import plain
from reconciler.cli.wiring import state_location
from reconciler.core.errors import ManifestError
from reconciler.core.gap import Gap
from reconciler.core.times import spell_duration, spell_time
from reconciler.store import ReadStore, Store

__all__ = ["main"]

SCHEMA_VERSION = 1
HEADINGS = ("subscription", "cause", "from (UTC)", "to (UTC)", "how long", "announced")


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    owner = owner_of(options, now)
    store = Store.read(state_location(options))
    if store.warning:
        print(plain(store.warning), file=sys.stderr)
    found = [gap for gap in asyncio.run(store.chronicle(owner).gaps(since=now - options.since)) if chosen(gap, options)]
    if options.format == "json":
        print(json.dumps(document(found, owner), indent=2, ensure_ascii=False))
    elif found:
        print("\n".join(lines(found, now)))
    else:
        print(plain(f"Nothing is on record{none_of(store, options.since)}."))
    return Exit.OK


def owner_of(options: argparse.Namespace, now: dt.datetime) -> str:
    """Manifests that are not valid are none of the ledger's business, as long as somebody says whose it is."""
    loaded = load(options, confined=False, now=now)
    if loaded.owner is None:
        loaded.must_be_valid()
        raise ManifestError([*loaded.wanted.problems, owner_missing(loaded)])
    return loaded.owner


def none_of(store: ReadStore, since: dt.timedelta) -> str:
    if store.empty and not store.warning:
        return f": {store.place} does not exist yet"
    return f" of the last {spell_duration(since)}"


def chosen(gap: Gap, options: argparse.Namespace) -> bool:
    """A name that nobody has is no mistake here: its manifest may be gone."""
    return (not options.names or gap.name in options.names) and (not options.tenants or gap.tenant in options.tenants)


def lines(gaps: Sequence[Gap], now: dt.datetime) -> Iterator[str]:
    for row in aligned([HEADINGS, *(cells(gap, now) for gap in gaps)]):
        yield "  ".join(row)


def cells(gap: Gap, now: dt.datetime) -> tuple[str, ...]:
    return (
        plain(f"{gap.tenant}/{gap.name}"),
        gap.cause.value,
        minute(gap.since),
        minute(gap.until) if gap.until else "still open",
        spell_duration((gap.until or now) - gap.since),
        "yes" if gap.announced_at else "not yet" if gap.until else NOTHING,
    )


def minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def document(gaps: Sequence[Gap], owner: str) -> dict[str, Any]:
    return {"schemaVersion": SCHEMA_VERSION, "owner": owner, "gaps": [gap_json(gap) for gap in gaps]}


def gap_json(gap: Gap) -> dict[str, Any]:
    return {
        "subscription": gap.name,
        "tenant": gap.tenant,
        "tenantId": gap.tenant_id,
        "subscriptionId": gap.subscription_id,
        "resource": gap.resource,
        "cause": gap.cause.value,
        "from": spell_time(gap.since),
        "to": spell_time(gap.until) if gap.until else None,
        "notedAt": spell_time(gap.noted_at),
        "announcedAt": spell_time(gap.announced_at) if gap.announced_at else None,
    }
