"""``reconcile listen``: the receiver. Stores what Graph delivers, verifies and opens it, forwards it, and prints it."""

import argparse
import datetime as dt

from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.logs import log_on_own_thread
from reconciler.cli.serving import MissingExtra, serve_until_signalled
from reconciler.core.errors import UsageError

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=False, now=dt.datetime.now(dt.UTC))
    loaded.must_be_valid()
    if options.quiet and not loaded.wanted.manifests.sinks:
        raise UsageError("--quiet leaves nothing to do with notifications: declare a Sink, or leave it out")
    try:
        from reconciler.cli.reception import Reception
    except ImportError as error:
        raise MissingExtra(error) from error
    reception = Reception(loaded, options)
    log_on_own_thread()
    serve_until_signalled(reception.run())
    return Exit.OK
