"""``reconcile daemon``: keeps every subscription as the manifests say, for as long as it runs."""

import argparse
import asyncio
import datetime as dt
import signal
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit
from reconciler.cli.loading import Loaded, load
from reconciler.cli.logs import log_structured
from reconciler.cli.passes import owner_missing
from reconciler.cli.problems import print_warnings
from reconciler.cli.serving import MissingExtra
from reconciler.core.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.keeping import Daemon

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = read(options)
    try:
        import uvloop

        from reconciler.cli.keeping import Daemon

        log_structured(options.log_format, options.log_level.upper())
    except ImportError as error:
        raise MissingExtra(error) from error
    daemon = Daemon(loaded, options)
    del loaded  # it keeps what it needs of them
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(daemon))
    return Exit.OK


def read(options: argparse.Namespace) -> Loaded:
    """What it begins with must be right; later on, what is not valid changes nothing. Raises ReconcilerError."""
    if "-" in options.files:
        raise UsageError("the daemon reads its manifests anew when they change: give files or folders, not -")
    loaded = load(options, confined=False, now=dt.datetime.now(dt.UTC))
    loaded.must_be_valid()
    print_warnings(loaded.wanted.problems)
    if loaded.owner is None:
        raise ManifestError([*loaded.wanted.problems, owner_missing(loaded)])
    served = [item.name for item in loaded.wanted.manifests.endpoints if item.manifest.spec.receiver == "self"]
    if served and not options.listen:
        raise UsageError(f"the Endpoint {served[0]!r} has receiver: self: give --listen HOST:PORT, where Graph gets to")
    return loaded


async def live(daemon: "Daemon") -> None:
    """SIGTERM and SIGINT end it in good order, a second one at once; SIGHUP reads everything anew."""
    loop, running = asyncio.get_running_loop(), asyncio.ensure_future(daemon.run())

    def end() -> None:
        if daemon.is_ending:
            running.cancel()
        daemon.end()

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, end)
    loop.add_signal_handler(signal.SIGHUP, daemon.hurry)
    try:
        await running
    except asyncio.CancelledError:
        if not daemon.is_ending:
            raise
