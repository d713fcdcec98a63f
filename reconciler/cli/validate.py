"""``reconcile validate``: every problem of every manifest, without any call."""

import argparse
import datetime as dt

from reconciler.cli.exits import Exit
from reconciler.cli.forms import names
from reconciler.cli.forms.sentences import faults
from reconciler.cli.forms.table import Table
from reconciler.cli.loading import Loaded, load
from reconciler.cli.printing import publish
from reconciler.cli.problems import count, print_warnings
from reconciler.cli.selecting import chosen_tenants

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=True, now=dt.datetime.now(dt.UTC))
    if not loaded.wanted.errors:
        chosen_tenants(loaded.wanted.tenants, options.tenants)
    table = examined(loaded)
    if not table.errors and options.format == names.TEXT:
        print_warnings(table.problems)
    publish(table, options)
    return Exit.INVALID if table.errors else Exit.OK


def examined(loaded: Loaded) -> Table:
    wanted = loaded.wanted
    if wanted.errors:
        return Table(tuple(wanted.problems), verdict=faults(wanted.problems))
    subscriptions, tenants = len(wanted.desired), len(wanted.tenants)
    verdict = f"{count(subscriptions, 'subscription')} in {count(tenants, 'tenant')}: valid"
    places = {item.name: item.source for item in wanted.tenants}
    return Table(tuple(wanted.problems), desired=tuple(wanted.desired), places=places, verdict=verdict)
