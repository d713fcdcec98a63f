"""``reconcile certificates``: which certificate is in use where, and when an old private key is safe to take away.

It looks at the manifests, at the keys that were kept, at Graph and at the store, and writes nothing.
"""

import argparse
import asyncio
import datetime as dt
import json
from collections.abc import Iterator, Mapping

from reconciler.cli.certificate_use import Uses, uses_of
from reconciler.cli.exits import Exit
from reconciler.cli.passes import prepare
from reconciler.cli.problems import print_warnings
from reconciler.cli.remarks import Work
from reconciler.cli.serving import MissingExtra
from reconciler.core.errors import ReconcilerError
from reconciler.core.manifest.kinds import Tenant
from reconciler.core.manifest.read import Item
from reconciler.core.source import Problem, Severity, Source
from reconciler.engine.read import Reading

__all__ = ["main"]

Read = Mapping[str, Reading | ReconcilerError]


def main(options: argparse.Namespace) -> int:
    if options.errand == "new":
        from reconciler.cli.certificate_new import new

        return new(options)
    return show(options)


def show(options: argparse.Namespace) -> int:
    try:
        # Private keys are the receiver's business.
        from reconciler.cli.certificate_table import Report, document, lines
        from reconciler.cli.certified import certified
        from reconciler.cli.receiving import kept_keys
    except ImportError as error:
        raise MissingExtra(error) from error
    now = dt.datetime.now(dt.UTC)
    work = prepare(options, now)
    kept, kept_problems = kept_keys(options).load(now=now)
    found, key_problems = certified(work.loaded, kept)
    read, read_problems = asyncio.run(look(work, options, now))
    uses = used(work, read, now)
    known = work.loaded.wanted.known_thumbprints | {each.thumbprint for each in kept}
    problems = [
        *work.loaded.wanted.problems,
        *kept_problems,
        *key_problems,
        *read_problems,
        *strange(uses, known, work),
    ]
    report = Report(work.options.owner, now, found, uses, known, sorted(problems))
    if options.format == "json":
        print(json.dumps(document(report), indent=2, ensure_ascii=False))
    else:
        print_warnings(report.problems)
        print("\n".join(lines(report)))
    return Exit.FAILED if any(isinstance(each, ReconcilerError) for each in read.values()) else Exit.OK


async def look(work: Work, options: argparse.Namespace, now: dt.datetime) -> tuple[Read, list[Problem]]:
    from reconciler.cli.wiring import Store, new_graph, open_tenants, state_location, views
    from reconciler.engine.read import read_world

    owner, store = work.options.owner, Store.read(state_location(options))
    async with new_graph(work.loaded) as graph:
        opened, shut = open_tenants(work.tenants, graph, work.loaded, options)
        looks = [
            read_world(view.name, owner=owner, reader=view.reader, memory=view.memory, now=now)
            for view in views(opened, store, owner)
        ]
        taken = await asyncio.gather(*looks, return_exceptions=True)
    read: dict[str, Reading | ReconcilerError] = dict(shut)
    for each, result in zip(opened, taken, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, ReconcilerError):
            raise result
        read[each.name] = result
    remarks = [Problem(Source(str(store.place)), "store", store.warning, Severity.WARNING)] if store.warning else []
    return read, [*remarks, *(problem for item in work.tenants for problem in doubts(item, read[item.name]))]


def doubts(item: Item[Tenant], read: Reading | ReconcilerError) -> Iterator[Problem]:
    if isinstance(read, ReconcilerError):
        message = f"this tenant could not be read, what is in use there is not known: {read}"
        yield Problem(item.source, "tenant-unread", message, Severity.ERROR, item.name)
    elif why := read.world.incomplete or read.world.shrank:
        message = f"the list is not whole, more may be in use there: {why}"
        yield Problem(item.source, "list-incomplete", message, Severity.WARNING, item.name)


def used(work: Work, read: Read, now: dt.datetime) -> Uses:
    """Of all tenants, chosen or not: what was not looked at is not known."""
    found = {item.name: read.get(item.name) for item in work.loaded.wanted.tenants}
    readings = {name: each if isinstance(each, Reading) else None for name, each in found.items()}
    return uses_of(readings, owner=work.options.owner, now=now)


def strange(uses: Uses, known: frozenset[str], work: Work) -> Iterator[Problem]:
    """Certificates in use that nobody knows: what Graph encrypts for them stays closed."""
    wanted = work.loaded.wanted
    place = next(iter((*wanted.manifests.certificates, *wanted.manifests.settings))).source
    unsure = "" if wanted.thumbprints_whole else ", unless it is of a previous file that cannot be read"
    for thumbprint, users in uses.ours.items():
        if thumbprint in known:
            continue
        count = "1 subscription of ours carries" if len(users) == 1 else f"{len(users)} subscriptions of ours carry"
        message = (
            f"{count} resource data for the certificate {thumbprint or '(without a name)'}, which no Certificate"
            f" has{unsure}: put it under previous with its private key, and let a run move them to the current one"
        )
        yield Problem(place, "key-in-use", message, Severity.WARNING)
