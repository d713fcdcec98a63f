"""The options of ``reconcile explain`` and ``reconcile permissions``. Imports nothing heavy."""

import argparse
from collections.abc import Callable

from reconciler.cli.values import moment

__all__ = ["add_explain", "add_permissions", "check_explain", "check_permissions"]


def add_permissions(permissions: argparse.ArgumentParser) -> None:
    permissions.add_argument(
        "--check", action="store_true", help="ask for a token and compare: exit 1 where a permission is missing"
    )
    permissions.add_argument(
        "--delegated", action="store_true", help="for the token of a signed-in user, instead of an application's"
    )
    permissions.add_argument(
        "--no-resync",
        action="store_true",
        help="leave out what reading anew after a gap takes: another application reads",
    )


def check_permissions(options: argparse.Namespace, complain: Callable[[str], None]) -> None:
    if options.check and options.delegated:
        complain("--check and --delegated do not go together: the token that is asked for is an application's")


def add_explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("name", nargs="?", metavar="NAME", help="of a subscription, or the id of a live one")
    # `live` and `now` are the options of a pass.
    explain.add_argument(
        "--live", dest="snapshot", metavar="FILE", help="from a snapshot instead of from Graph and the store"
    )
    explain.add_argument(
        "--now", dest="moment", type=moment, metavar="TIME", help="with --live: as if it were this time"
    )
    explain.add_argument(
        "--error", metavar="TEXT", help="say what this error means: a message, a log line or Graph's JSON; - reads it"
    )
    explain.add_argument("--status", type=int, metavar="CODE", help="with --error: the HTTP status that it came with")


def check_explain(options: argparse.Namespace, complain: Callable[[str], None]) -> None:
    if (options.name is None) == (options.error is None):
        complain("name one subscription, or give --error TEXT")
    if options.status is not None and options.error is None:
        complain("--status goes with --error")
    if options.error is not None and (options.snapshot or options.moment):
        complain("--live and --now go with a subscription's name, not with --error")
    if options.moment and not options.snapshot:
        complain("--now goes with --live")
