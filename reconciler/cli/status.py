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
from reconciler.cli.looking import Looked, look
from reconciler.cli.passes import prepare
from reconciler.cli.plain import plain
from reconciler.cli.remarks import Work
from reconciler.cli.seen import Seen, SeenTenant
from reconciler.cli.snapshots import keep_snapshot
from reconciler.cli.status_arguments import MIN_LEAD
from reconciler.cli.status_check import wrongs
from reconciler.cli.status_document import check_json, status_json
from reconciler.cli.status_text import lines
from reconciler.engine.standing import standings

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    if options.live_out:
        loaded = load(options, confined=False, now=now)
        loaded.must_be_valid()
        unread: Mapping[str, object] = keep_snapshot(loaded, options, now)
        code = Exit.OK
    else:
        work = prepare(options, now)
        seen = seen_by(asyncio.run(look(work, options, now)), work, now)
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


def seen_by(looked: Looked, work: Work, now: dt.datetime) -> Seen:
    opened = {each.name: each for each in looked.opened}
    tenants = [tenant(item.name, opened.get(item.name), looked, work, now) for item in work.tenants]
    return Seen(work.options.owner, now, tenants)


def tenant(name: str, opened: "Opened | None", looked: Looked, work: Work, now: dt.datetime) -> SeenTenant:
    owner, report = work.options.owner, looked.report
    if opened is None or name in report.unread:
        return SeenTenant(name, owner, unread=str(report.unread[name]))
    world, tenant_id = report.worlds[name], opened.tenant_id
    if world.incomplete:
        print(plain(f"{name}: the list is not whole: {world.incomplete}"), file=sys.stderr)
    mine = {subscription: at for (of, subscription), at in looked.heard.items() if of == tenant_id.lower()}
    found = standings(work.desired, world, report.plan, owner=owner, now=now, troubles=looked.troubles, heard=mine)
    former = frozenset[str]().union(*(each.previously for each in work.desired if each.tenant == name))
    return SeenTenant(name, owner, tenant_id, world, found, former)
