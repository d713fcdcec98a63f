"""The options of ``reconcile inbox``. Imports nothing heavy."""

import argparse
from collections.abc import Callable

from reconciler.cli.values import whole

__all__ = ["add_inbox", "check_inbox"]

STATES = ("waiting", "dead", "set-aside", "done")
LETTERS = ("dead", "set-aside")


def add_inbox(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """``add`` makes a command of ``inbox``, with the options that all of them have."""
    listing = add("list", "what is in the inbox, the oldest first: dead letters and what was set aside")
    listing.add_argument(
        "--status", dest="states", action="append", choices=STATES, help="what to list instead; several times"
    )
    add_filters(listing)
    listing.add_argument("--limit", type=whole, default=100, metavar="N", help="at most so many (default: 100)")
    listing.add_argument("--newest-first", action="store_true", help="the other way round")
    show = add("show", "everything about one notification, as it came")
    show.add_argument("id", type=whole, metavar="ID")
    for name, summary in (
        ("retry", "let letters be judged, opened and forwarded again"),
        ("drop", "remove letters for good"),
    ):
        deed = add(name, summary)
        deed.add_argument("ids", type=whole, nargs="*", metavar="ID")
        deed.add_argument("--all", action="store_true", help="all letters, or all that the options below leave")
        deed.add_argument(
            "--status", dest="states", action="append", choices=LETTERS, help="only those with this status"
        )
        add_filters(deed)


def add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sink", metavar="NAME", help="only those for this sink")
    parser.add_argument("--reason", metavar="CODE", help="only those with this reason, as client-state or no-key")
    parser.add_argument("--subscription", metavar="NAME", help="only those of this subscription")


def check_inbox(options: argparse.Namespace, complain: Callable[[str], None]) -> None:
    """What argparse cannot check by itself."""
    if options.errand is None:
        complain("name what to do with the inbox: list, show, retry or drop")
    elif options.errand in {"retry", "drop"} and bool(options.ids) == options.all:
        complain("give the ids of letters, or --all")
