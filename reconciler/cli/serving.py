"""Runs what serves requests until a signal ends it."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any

from reconciler.core.errors import ReconcilerError

__all__ = ["MissingExtra", "serve_until_signalled"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class MissingExtra(ReconcilerError):
    """What serves requests is not installed. On the public index, our name is somebody else's."""

    def __init__(self, error: ImportError) -> None:
        super().__init__(f"{error.name} is not installed: pip install '.[daemon]' in the checkout brings it")


def serve_until_signalled(serving: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or until SIGINT or SIGTERM, which end it in good order."""
    try:
        import uvloop
    except ImportError as error:
        serving.close()
        raise MissingExtra(error) from error
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(cancelled_by_signals(serving))


async def cancelled_by_signals(serving: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(serving)
    loop = asyncio.get_running_loop()
    for each in SIGNALS:
        loop.add_signal_handler(each, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
