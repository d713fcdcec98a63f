"""``reconcile validate``: every problem of every manifest, without any call."""

import argparse
import datetime as dt

from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.problems import count, print_warnings, report_problems
from reconciler.cli.selecting import chosen_tenants

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=True, now=dt.datetime.now(dt.UTC))
    if not loaded.wanted.errors:
        chosen_tenants(loaded.wanted.tenants, options.tenants)
    problems, manifests = loaded.wanted.problems, loaded.wanted.manifests
    if loaded.wanted.errors or options.format == "json":
        report_problems(problems, options.format)
        return Exit.INVALID if loaded.wanted.errors else Exit.OK
    print_warnings(problems)
    print(f"{count(len(manifests.subscriptions), 'subscription')} in {count(len(manifests.tenants), 'tenant')}: valid")
    return Exit.OK
