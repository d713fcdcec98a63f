"""Work in, Graph changed, a report out: what every run has in common that writes."""

import argparse
import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

from reconciler.cli.problems import print_warnings
from reconciler.cli.remarks import Work, removed_tenants
from reconciler.core.safety import OWN_RECEIVER
from reconciler.core.source import Problem
from reconciler.engine.report import Report

if TYPE_CHECKING:
    from reconciler.engine.run import Approve

__all__ = ["Carried", "carry_out"]


@dataclasses.dataclass(frozen=True, slots=True)
class Carried:
    """What became of a run; ``said`` are problems that were told before anything was written."""

    report: Report
    problems: list[Problem]
    said: frozenset[Problem]


async def carry_out(work: Work, options: argparse.Namespace, *, approve: "Approve | None" = None) -> Carried:
    """With ``approve``, nothing is written before it has said yes to the whole plan.

    Raises AnotherWrites, StoreError.
    """
    from reconciler.cli.deaf import deaf_endpoints
    from reconciler.cli.granted import missing_permissions
    from reconciler.cli.locking import one_writer
    from reconciler.cli.progress import Progress
    from reconciler.cli.wiring import ClientStates, Store, new_graph, open_tenants, parties, state_location
    from reconciler.engine.clock import SystemClock
    from reconciler.engine.run import run

    async def deaf(names: Collection[str]) -> frozenset[str]:
        return await deaf_endpoints(names, work, options)

    async with Store.open(state_location(options)) as store, new_graph(work.loaded) as graph:
        opened, shut = open_tenants(work.tenants, graph, work.loaded, options)
        unread = Report(unread=shut)
        missing = await missing_permissions(opened, work.desired)
        print_warnings(missing)
        async with one_writer(store, work.options.owner):
            with Progress() as progress:
                report = await run(
                    parties(opened, store, work.options.owner),
                    work.desired,
                    clock=SystemClock(),
                    options=work.options,
                    client_states=ClientStates(work.loaded),
                    watcher=progress,
                    deaf=None if OWN_RECEIVER in work.options.allow else deaf,
                    approve=(lambda found: approve(found + unread)) if approve else None,
                )
        known = await store.known_tenants(work.options.owner, now=SystemClock().now())
    if approve is None:
        report += Report(outcomes=())
    return Carried(report + unread, [*missing, *removed_tenants(work, known, opened)], frozenset(missing))
