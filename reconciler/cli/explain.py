"""``reconcile explain NAME``: one subscription's story. ``reconcile explain --error TEXT``: what an error means.

    manifests, Graph and the store, or a snapshot → cases → sections → text or JSON

It writes nothing. With ``--live`` it opens no socket, needs no credential and reads no store.
"""

import argparse
import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from reconciler.cli.case import Case, Seen, cases
from reconciler.cli.exits import Exit
from reconciler.cli.explain_desired import desired_rows
from reconciler.cli.explain_doing import change_rows, permission_rows, trouble_rows
from reconciler.cli.explain_error import explain_error
from reconciler.cli.explain_live import life_rows, live_rows, mark_rows, place_rows, renewal_rows
from reconciler.cli.explained import Section, lines, sections_json
from reconciler.cli.forms.document import change_json
from reconciler.cli.forms.table import Row as Changed
from reconciler.cli.looking import Looked, look
from reconciler.cli.passes import plan_offline, prepare, take_up
from reconciler.cli.plain import plain
from reconciler.cli.remarks import Work

__all__ = ["main"]

SECTIONS = {
    "desired": desired_rows,
    "live": live_rows,
    "mark": mark_rows,
    "lifetime": life_rows,
    "renewal": renewal_rows,
    "permissions": permission_rows,
    "place": place_rows,
    "to be done": change_rows,
    "store": trouble_rows,
}


def main(options: argparse.Namespace) -> int:
    if options.error is not None:
        return explain_error(options)
    work, seen = offline(options) if options.snapshot else online(options)
    found = cases(options.name, work, seen)
    if options.format == "json":
        print(
            json.dumps({"schemaVersion": 1, "subscriptions": list(map(document, found))}, indent=2, ensure_ascii=False)
        )
    else:
        print("\n\n".join("\n".join(told(case)) for case in found))
    return Exit.FAILED if any(case.unread for case in found) else Exit.OK


def offline(options: argparse.Namespace) -> tuple[Work, Seen]:
    """From a snapshot: manifests may be hostile, so they are read as in a dry run."""
    snapshot = take_up(options.snapshot)
    now = options.moment or snapshot.taken_at
    work = prepare(argparse.Namespace(**{**vars(options), "dry_run": True}), now)
    return work, Seen(plan_offline(work, snapshot, now), now)


def online(options: argparse.Namespace) -> tuple[Work, Seen]:
    now = dt.datetime.now(dt.UTC)
    work = prepare(options, now)
    return work, seen_by(asyncio.run(look(work, options, now)), now)


def seen_by(looked: Looked, now: dt.datetime) -> Seen:
    names = {each.tenant_id.lower(): each.name for each in looked.opened}
    heard = {(names[tenant], name): at for (tenant, name), at in looked.heard.items() if tenant in names}
    return Seen(looked.report, now, dict(looked.troubles), heard, store=True)


def story(case: Case) -> Iterator[Section]:
    for key, rows in SECTIONS.items():
        if found := tuple(rows(case)):
            yield Section(key, found)


def told(case: Case) -> Iterator[str]:
    yield plain(f"{case.name} ({case.tenant})")
    yield from lines(story(case))


def document(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "tenant": case.tenant,
        "subscriptionId": case.live.id if case.live else None,
        "unread": case.unread,
        "sections": sections_json(story(case)),
        "changes": [change_json(Changed(change)) for change in case.changes],
    }
