"""``reconcile status``: the live subscriptions of each tenant, for people or as a snapshot to plan from."""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.exits import Exit
from reconciler.cli.loading import Loaded, load
from reconciler.cli.plain import plain
from reconciler.cli.selecting import chosen_tenants
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.live import Live, LiveError, read_live
from reconciler.core.redaction import redact
from reconciler.core.snapshot import Snapshot, TenantSnapshot, write_snapshot
from reconciler.core.times import spell_duration, spell_time

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened
    from reconciler.store import ReadStore

__all__ = ["main"]

Found = TenantSnapshot | ReconcilerError


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    loaded = load(options, confined=False, now=now)
    loaded.must_be_valid()
    found = asyncio.run(look(loaded, options))
    tenants = (each if isinstance(each, TenantSnapshot) else unknown(name) for name, each in found.items())
    taken = Snapshot(now, tuple(tenants))
    if options.live_out:
        write(Path(options.live_out), write_snapshot(taken))
    elif options.format == "json":
        print(json.dumps(document(taken, loaded.owner), indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(taken, loaded.owner, now)))
    unread = {name: each for name, each in found.items() if not isinstance(each, TenantSnapshot)}
    for name, error in unread.items():
        print(plain(f"{name} could not be read: {error}"), file=sys.stderr)
    return Exit.FAILED if unread else Exit.OK


def unknown(name: str) -> TenantSnapshot:
    """A tenant that could not be read must not look like one without subscriptions to whoever plans from the file."""
    return TenantSnapshot(name, "", complete=False, subscriptions=(), granted={})


async def look(loaded: Loaded, options: argparse.Namespace) -> dict[str, Found]:
    from reconciler.cli.wiring import Store, new_graph, open_tenants, state_location

    store = Store.read(state_location(options))
    async with new_graph(loaded) as graph:
        tenants = chosen_tenants(loaded.wanted.tenants, options.tenants)
        opened, shut = open_tenants(tenants, graph, loaded, options)
        snapshots = [snapshot(each, store, loaded.owner or "") for each in opened]
        taken = await asyncio.gather(*snapshots, return_exceptions=True)
    found: dict[str, Found] = dict(shut)
    for each, result in zip(opened, taken, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, ReconcilerError):
            raise result
        found[each.name] = result
    return found


async def snapshot(opened: "Opened", store: "ReadStore", owner: str) -> TenantSnapshot:
    """One tenant, as LIST has it, with the lifetimes that we remember."""
    listing = await opened.client.list()
    if listing.incomplete:
        print(plain(f"{opened.name}: the list is not whole: {listing.incomplete}"), file=sys.stderr)
    memory = store.memory(owner=owner, tenant_id=opened.tenant_id, client_id=opened.client_id)
    remembered = await memory.remembered()
    granted = {each.id: each.granted for each in remembered.values() if each.granted and not each.deleted_at}
    return TenantSnapshot(opened.name, opened.tenant_id, listing.incomplete is None, listing.bodies, granted)


def write(path: Path, text: str) -> None:
    """Whole or not at all: a reader never sees half a snapshot."""
    if path.is_dir():
        raise UsageError(f"--live-out {path} is a folder: name a file")
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ReconcilerError(f"--live-out {path} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def read(bodies: Iterable[Any]) -> list[Live]:
    found = []
    for body in bodies:
        try:
            found.append(read_live(body))
        except LiveError as error:
            print(plain(str(error)), file=sys.stderr)
    return sorted(found, key=lambda live: (name_of(live), live.id))


def name_of(live: Live) -> str:
    mark = live.mark or live.lifecycle_mark
    return mark.name if mark else "~"


def whose(live: Live, owner: str | None) -> str:
    mark = live.mark or live.lifecycle_mark
    if mark is None:
        return "foreign"
    return mark.name if mark.owner == owner else f"foreign ({mark.owner}/{mark.name})"


def lines(taken: Snapshot, owner: str | None, now: dt.datetime) -> Iterator[str]:
    for tenant in taken.tenants:
        live = read(tenant.subscriptions)
        yield f"{tenant.name}: {len(live)} live{'' if tenant.complete else ', the list is not whole'}"
        for each in live:
            left = spell_duration(each.expires_at - now)
            yield plain(f"  {whose(each, owner):<28} ends in {left:<16} {each.resource_text}")
            yield plain(f"      {each.id}  {redact(each.notification_url)}")


def document(taken: Snapshot, owner: str | None) -> dict[str, Any]:
    tenants = [tenant_json(tenant, owner) for tenant in taken.tenants]
    return {"schemaVersion": 1, "takenAt": spell_time(taken.taken_at), "owner": owner, "tenants": tenants}


def tenant_json(tenant: TenantSnapshot, owner: str | None) -> dict[str, Any]:
    live: Sequence[Live] = read(tenant.subscriptions)
    return {
        "name": tenant.name,
        "tenantId": tenant.tenant_id,
        "complete": tenant.complete,
        "subscriptions": [live_json(each, owner) for each in live],
    }


def live_json(live: Live, owner: str | None) -> dict[str, Any]:
    mark = live.mark or live.lifecycle_mark
    return {
        "id": live.id,
        "owned": mark is not None and mark.owner == owner,
        "owner": mark.owner if mark else None,
        "name": mark.name if mark else None,
        "resource": live.resource_text,
        "changeTypes": sorted(live.asked.change_types),
        "resourceData": live.asked.rich,
        "notificationUrl": redact(live.notification_url),
        "expiresAt": spell_time(live.expires_at),
    }
