"""Work in, what a dry run over all tenants sees and what the store tells of them out. Nothing here could write."""

import argparse
import dataclasses
import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.plain import plain
from reconciler.cli.remarks import Work
from reconciler.engine.report import Report

if TYPE_CHECKING:
    from reconciler.cli.wiring import Opened
    from reconciler.engine.chronicle import Trouble

__all__ = ["Looked", "look"]

Troubles = Mapping[tuple[str, str], "Trouble"]
"""By the tenant's name and the subscription's."""

Heard = Mapping[tuple[str, str], dt.datetime]
"""When the last notification came, by the tenant's id and the subscription's name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Looked:
    report: Report
    opened: Sequence["Opened"]
    troubles: Troubles
    heard: Heard


async def look(work: Work, options: argparse.Namespace, now: dt.datetime) -> Looked:
    """What the store cannot tell is said on standard error."""
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
    return Looked(report + Report(unread=shut), opened, troubles, heard)
