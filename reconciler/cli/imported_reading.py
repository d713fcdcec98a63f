"""Tenants in, what Graph and the store know of them out; there is nothing here that could write."""

import argparse
import dataclasses
import datetime as dt

from reconciler.cli.problems import print_warnings
from reconciler.cli.remarks import Work
from reconciler.core.catalog import Version
from reconciler.core.source import Problem, Severity, Source
from reconciler.engine.ports import Body, Listing, Reader
from reconciler.engine.report import Report

__all__ = ["Look", "look"]


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    report: Report
    """Of a dry run."""

    on_beta: frozenset[str] = frozenset()
    """Ids of those that only the beta version of Graph lists."""


@dataclasses.dataclass(slots=True)
class Attentive:
    """Satisfies ``Reader``, and keeps which version has shown what."""

    reader: Reader
    on_beta: frozenset[str] = frozenset()

    async def list(self) -> Listing:
        listing = await self.reader.list()
        self.on_beta = listing.on_beta
        return listing

    async def get(self, subscription_id: str, version: Version) -> Body:
        return await self.reader.get(subscription_id, version)


async def look(work: Work, options: argparse.Namespace, now: dt.datetime) -> Look:
    from reconciler.cli.wiring import Store, new_graph, open_tenants, state_location, views
    from reconciler.engine.run import View, dry_run

    store = Store.read(state_location(options))
    if store.warning:
        print_warnings([Problem(Source(str(store.place)), "store", store.warning, Severity.WARNING)])
    async with new_graph(work.loaded) as graph:
        opened, shut = open_tenants(work.tenants, graph, work.loaded, options)
        found = views(opened, store, work.options.owner)
        readers = [Attentive(each.reader) for each in found]
        pairs = zip(found, readers, strict=True)
        looking = [View(view.name, reader, view.memory) for view, reader in pairs]
        report = await dry_run(looking, work.desired, now=now, options=work.options)
    on_beta = frozenset[str]().union(*(each.on_beta for each in readers))
    return Look(report + Report(unread=shut), on_beta)
