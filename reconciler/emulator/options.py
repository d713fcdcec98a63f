"""What the emulator is told at its start."""

import dataclasses
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from reconciler.emulator.behaviours import checked
from reconciler.emulator.errors import EmulatorError

FASTEST = 100_000
WORLDS = ("small", "large")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. ``port`` 0 is a free one; ``validation_limit`` is in seconds; ``page_size`` is LIST's."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8443
    behaviours: Mapping[str, str] = dataclasses.field(default_factory=dict)
    page_size: int = 100
    time_scale: float = 1.0
    """60 runs an hour in a minute; with 0 time stands still until it is moved."""
    validation_limit: float = 10.0
    """How long an endpoint may take to answer a validation request (facts 4)."""
    first_limit: float = 3.0
    """How long it may take to take a delivery that comes for the first time (facts 5.1), in the machine's seconds."""
    retry_limit: float = 10.0
    """The same for one that comes again."""
    world: str | None = None
    """The size of a world that is made at the start: ``small`` or ``large``."""
    save: Path | None = None
    """Where everything is kept that must survive a restart."""
    faults: Path | None = None
    """A file with the faults to start with, as ``PUT /emulator/faults`` takes them."""

    def check(self) -> None:
        if not is_loopback(self.host):
            raise EmulatorError(
                f"cannot listen on '{self.host}': it is not a loopback address, and the emulator gives tokens to "
                "everyone who reaches it; use 127.0.0.1, ::1 or localhost"
            )
        if not 0 <= self.port <= 65535:
            raise EmulatorError(f"cannot listen on port {self.port}: use a number from 0 (a free one) to 65535")
        if not 0 <= self.time_scale <= FASTEST:
            raise EmulatorError(f"cannot run time {self.time_scale:g} times as fast: use 0 to {FASTEST}")
        if self.world not in {None, *WORLDS}:
            raise EmulatorError(f"there is no world '{self.world}': use one of {', '.join(WORLDS)}")
        limits = (self.page_size, self.validation_limit, self.first_limit, self.retry_limit)
        if min(limits) <= 0:
            raise EmulatorError("page size and limits must be greater than zero: leave them out")
        checked(self.behaviours)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
