"""``reconcile rotate client-state``: subscriptions with an older key of their endpoint's ring are replaced, in waves.

Where a daemon writes with the same store, it is told to do so, a wave a pass; else this run does it.
"""

import argparse
import asyncio
import dataclasses
import datetime as dt

from reconciler.cli.carrying import carry_out
from reconciler.cli.exits import after
from reconciler.cli.passes import prepare
from reconciler.cli.printing import publish, table_of
from reconciler.cli.remarks import Work
from reconciler.engine.chronicle import ROTATE_CLIENT_STATE

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    from reconciler.cli.locking import AnotherWrites

    work = prepare(options, dt.datetime.now(dt.UTC))
    work = dataclasses.replace(work, options=dataclasses.replace(work.options, rotate_keys=True))
    try:
        made = asyncio.run(carry_out(work, options))
    except AnotherWrites:
        asyncio.run(order(work, options))
        print("ordered: the daemon that writes with this store moves them, a wave a pass; `reconcile status` shows how")
        return 0
    publish(table_of(made, work, options), options)
    return after(made.report, detailed=False)


async def order(work: Work, options: argparse.Namespace) -> None:
    """Raises StoreError."""
    from reconciler.cli.wiring import Store, state_location

    async with Store.open(state_location(options)) as store:
        await store.chronicle(work.options.owner).order(ROTATE_CLIENT_STATE, at=dt.datetime.now(dt.UTC))
