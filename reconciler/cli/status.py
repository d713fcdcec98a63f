"""``reconcile status``: how each subscription stands, for people, for pipelines, or as a check that fails.

It looks at Graph and at the store, and writes nothing but the snapshot that ``--live-out`` asks for.
"""

import argparse
import asyncio
import datetime as dt
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.cli.colours import shows_colours
from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.passes import prepare
from reconciler.cli.plain import plain
from reconciler.cli.remarks import Work
from reconciler.cli.seen import Seen, SeenTenant
from reconciler.cli.snapshots import keep_snapshot
from reconciler.cli.status_arguments import MIN_LEAD
from reconciler.cli.status_check import wrongs
from reconciler.cli.status_document import check_json, status_json
from reconciler.cli.status_text import lines
from reconciler.engine.report import Report
from reconciler.engine.standing import standings

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened
    from reconciler.engine.chronicle import Trouble

__all__ = ["main"]

Troubles = Mapping[tuple[str, str], "Trouble"]
Heard = Mapping[tuple[str, str], dt.datetime]


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    if options.live_out:
        loaded = load(options, confined=False, now=now)
        loaded.must_be_valid()
        unread: Mapping[str, object] = keep_snapshot(loaded, options, now)
        code = Exit.OK
    else:
        seen = asyncio.run(look(prepare(options, now), options, now))
        unread = {each.name: each.unread for each in seen.tenants if each.unread is not None}
        code = check(seen, options) if options.check else show(seen, options)
    for name, error in unread.items():
        print(plain(f"{name} could not be read: {error}"), file=sys.stderr)
    return Exit.FAILED if unread else code


def show(seen: Seen, options: argparse.Namespace) -> Exit:
    if options.format == "json":
        print_json(status_json(seen))
    else:
        for line in lines(seen, colours=shows_colours()):
            print(line)
    return Exit.OK


def check(seen: Seen, options: argparse.Namespace) -> Exit:
    lead = MIN_LEAD if options.min_lead is None else options.min_lead
    found = list(wrongs(seen, lead=lead))
    if options.format == "json":
        print_json(check_json(seen, [each.json for each in found], lead=lead))
    else:
        for each in found:
            print(each.line(seen.at))
    return Exit.FAILED if found else Exit.OK


def print_json(document: Mapping[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


async def look(work: Work, options: argparse.Namespace, now: dt.datetime) -> Seen:
    """A dry run over all tenants, and what the store has to tell of them."""
    from reconciler.cli.wiring import Store, new_graph, open_tenants, state_location, views
    from reconciler.engine.run import dry_run

    owner = work.options.owner
    store = Store.read(state_location(options))
    if store.warning:
        print(plain(store.warning), file=sys.stderr)
    chronicle = store.chronicle(owner)
    troubles, heard = await chronicle.troubles(), await chronicle.heard()
    async with new_graph(work.loaded) as graph:
        opened, shut = open_tenants(work.tenants, graph, work.loaded, options)
        report = await dry_run(views(opened, store, owner), work.desired, now=now, options=work.options)
    report += Report(unread=shut)
    by_name = {each.name: each for each in opened}
    tenants = [tenant(item.name, by_name.get(item.name), report, work, now, troubles, heard) for item in work.tenants]
    return Seen(owner, now, tenants)


def tenant(
    name: str, opened: "Opened | None", report: Report, work: Work, now: dt.datetime, troubles: Troubles, heard: Heard
) -> SeenTenant:
    owner = work.options.owner
    if opened is None or name in report.unread:
        return SeenTenant(name, owner, unread=str(report.unread[name]))
    world, tenant_id = report.worlds[name], opened.tenant_id
    if world.incomplete:
        print(plain(f"{name}: the list is not whole: {world.incomplete}"), file=sys.stderr)
    mine = {subscription: at for (of, subscription), at in heard.items() if of == tenant_id.lower()}
    found = standings(work.desired, world, report.plan, owner=owner, now=now, troubles=troubles, heard=mine)
    return SeenTenant(name, owner, tenant_id, world, found)
