"""What goes wrong a thousand times a second in, a line a while out: the log must not be the next thing to fail."""

import logging
import time
from collections.abc import Callable

__all__ = ["NOW_AND_THEN", "Complaints"]

EVERY = 10.0

NOW_AND_THEN = 300.0
"""For what is tried every few seconds and may be away for hours, as a store."""


class Complaints:
    """For one kind of trouble; each line says how often it has come since the last."""

    def __init__(
        self, logger: logging.Logger, *, every: float = EVERY, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.logger, self.every, self.seconds = logger, every, seconds
        self.silent_until = float("-inf")
        self.count = 0

    def add(self, message: object) -> None:
        self.count += 1
        now = self.seconds()
        if now < self.silent_until:
            return
        self.logger.warning("%s%s", message, f" ({self.count} times)" if self.count > 1 else "")
        self.silent_until, self.count = now + self.every, 0
