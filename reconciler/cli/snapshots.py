"""Tenants in, a snapshot in a file out: what ``status --live-out`` writes, to plan from with ``--live``."""

import argparse
import asyncio
import contextlib
import datetime as dt
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.loading import Loaded
from reconciler.cli.plain import plain
from reconciler.cli.selecting import chosen_tenants
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.snapshot import Snapshot, TenantSnapshot, write_snapshot

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened
    from reconciler.store import ReadStore

__all__ = ["keep_snapshot"]

Found = TenantSnapshot | ReconcilerError


def keep_snapshot(loaded: Loaded, options: argparse.Namespace, now: dt.datetime) -> Mapping[str, ReconcilerError]:
    """Write it to ``--live-out``, and return why tenants could not be read. Raises ReconcilerError."""
    found = asyncio.run(look(loaded, options))
    tenants = (each if isinstance(each, TenantSnapshot) else unknown(name) for name, each in found.items())
    write(Path(options.live_out), write_snapshot(Snapshot(now, tuple(tenants))))
    return {name: each for name, each in found.items() if not isinstance(each, TenantSnapshot)}


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
