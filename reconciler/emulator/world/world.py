"""The resources of all tenants, as they are now. A write in, the change told."""

from reconciler.emulator.clock import Clock
from reconciler.emulator.world.changes import Tell


class World:
    def __init__(self, *, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell

    def clear(self) -> None:
        """Forget everything, telling nobody."""
