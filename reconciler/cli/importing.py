"""``reconcile import``: manifests for what is live and nobody's here, so that the next pass can adopt it.

It reads Graph and the store and writes to neither; what it finds is printed, or written into a folder.
"""

import argparse
import asyncio
import datetime as dt
import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.cli.exits import Exit
from reconciler.cli.imported_files import Beside, check_folder, put_new, written_beside
from reconciler.cli.imported_reading import Look, look
from reconciler.cli.imported_text import as_json, spelled
from reconciler.cli.imported_told import Found, told
from reconciler.cli.passes import prepare
from reconciler.cli.plain import plain
from reconciler.cli.problems import print_warnings
from reconciler.cli.remarks import Work
from reconciler.core.errors import ReconcilerError
from reconciler.core.imported import Sifted, draft, known_in, sift
from reconciler.core.manifest import Manifests, Text
from reconciler.core.options import Options
from reconciler.core.proved import Proved, endpoints_of, prove
from reconciler.core.reasons import Reason
from reconciler.core.wanted import certificate_files, examine, set_files

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    now = dt.datetime.now(dt.UTC)
    if options.into:
        check_folder(Path(options.into))
    work = prepare(options, now)
    seen = asyncio.run(look(work, options, now))
    given = texts_of(work.loaded.wanted.manifests)
    read, folder = written_beside(options.files or ["manifests"], given, options.into)
    sifted = sift_all(work, seen, read, folder, now)
    proved = proved_drafts(work, seen, sifted, now)
    failed = publish(list(found_in(sifted, proved, seen, folder)), options)
    for tenant, error in sorted(seen.report.unread.items()):
        say(f"{tenant} could not be read: {error}")
    if proved.disturbed:
        say("beside the new manifests, these need a change before anything can be planned:")
        print_warnings(proved.disturbed)
    return Exit.FAILED if seen.report.unread or failed else Exit.OK


def sift_all(work: Work, seen: Look, read: Beside, folder: Beside, now: dt.datetime) -> dict[str, Sifted]:
    """By tenant; those that could not be read are left out."""
    return {
        name: sift(
            world,
            owner=work.options.owner,
            previous_owners=work.options.previous_owners,
            adopted=adopted(name, work, seen) | folder.in_force,
            commented=read.commented | folder.commented,
            now=now,
        )
        for name, world in sorted(seen.report.worlds.items())
    }


def texts_of(manifests: Manifests) -> set[Text]:
    items = (*manifests.settings, *manifests.tenants, *manifests.endpoints, *manifests.subscriptions)
    return {item.document.text for item in items}


def adopted(tenant: str, work: Work, seen: Look) -> frozenset[str]:
    """The ids, in lower case, that the manifests take over: those that they name, and those that they find."""
    wanted = (each.adopt.id for each in work.desired if each.tenant == tenant and each.adopt and each.adopt.id)
    asked = [each for each in seen.report.plan.changes if each.reason is Reason.ADOPTION_REQUESTED]
    found = (each.live.id for each in asked if each.live and each.tenant == tenant)
    return frozenset(each.lower() for each in (*wanted, *found))


def proved_drafts(work: Work, seen: Look, sifted: dict[str, Sifted], now: dt.datetime) -> Proved:
    loaded = work.loaded
    manifests, owner = loaded.wanted.manifests, work.options.owner
    files, sets = loaded.referenced.files(certificate_files(manifests)), loaded.referenced.sets(set_files(manifests))
    known = known_in(manifests, files)
    drafts = [
        draft(live, known, tenant=name, now=now, on_beta=live.id in seen.on_beta)
        for name, each in sifted.items()
        for live in each.new
    ]
    return prove(
        sorted(drafts, key=lambda each: (each.tenant, each.name, each.live.id)),
        manifests,
        seen.report.worlds,
        functools.partial(examine, files=files, owner=owner, now=now, sets=sets),
        now=now,
        options=Options(owner, prune=False, previous_owners=work.options.previous_owners),
    )


def found_in(sifted: dict[str, Sifted], proved: Proved, seen: Look, folder: Beside) -> Iterator[Found]:
    """Of each tenant; an endpoint of several is written with the first of them."""
    written = set(folder.endpoints)
    for name, each in sifted.items():
        drafts = [draft for draft in proved.drafts if draft.tenant == name]
        found = Found(name, each, drafts, seen.report.worlds[name].incomplete, frozenset(written))
        written.update(endpoint.name for endpoint in endpoints_of(found.taken))
        yield found


def publish(found: Sequence[Found], options: argparse.Namespace) -> bool:
    """Print or write what there is; whether a file could not be written."""
    failed = False
    for each in found:
        file = values = None
        if each.drafts and options.into:
            text = spelled(each.tenant, each.drafts, each.sifted, written=each.written)
            try:
                file, values = put_new(Path(options.into), f"imported-{each.tenant}", text, each.variables)
            except ReconcilerError as error:
                say(str(error))
                failed = True
                continue
        elif each.drafts and options.format != "json":
            print(spelled(each.tenant, each.drafts, each.sifted, written=each.written), end="")
        for sentence in told(each, file, values):
            say(sentence)
    if options.format == "json":
        drafts = [draft for each in found for draft in each.drafts]
        print(json.dumps(as_json(drafts), indent=2, ensure_ascii=False))
    return failed


def say(sentence: str) -> None:
    print(plain(sentence), file=sys.stderr)
