"""A local Microsoft Graph for change-notification subscriptions: HTTPS, tokens, subscriptions, faults on request.

Imports nothing of ours but ``core.catalog``. What is heavy is imported when it serves, so that the command line, which
only needs ``Options`` for its help, starts fast.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.emulator.behaviours import BEHAVIOURS
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.options import Options

if TYPE_CHECKING:
    from reconciler.emulator.parts import Parts

__all__ = ["BEHAVIOURS", "EmulatorError", "Options", "serve"]


async def serve(
    options: Options,
    *,
    ready: Callable[[dict[str, object]], None] | None = None,
    made: "Callable[[Parts], None] | None" = None,
) -> None:
    """Serve until cancelled; ``ready`` is called with the content of ``emulator.json`` once it listens.

    ``made`` is called before that with what the emulator is made of, for those in the same process. Signals are the
    caller's: cancel the task on them. Raises ``EmulatorError`` if it cannot start.
    """
    options.check()
    from reconciler.emulator import server  # heavy: starlette, uvicorn, cryptography

    await server.serve(options, ready=ready or ignore, made=made or ignore)


def ignore(_: object) -> None:
    """For callers that need not know."""
