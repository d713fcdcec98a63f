"""What the emulator is told at its start."""

import dataclasses
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from reconciler.emulator.behaviours import checked
from reconciler.emulator.errors import EmulatorError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. ``port`` 0 is a free one; ``validation_limit`` is in seconds; ``page_size`` is LIST's."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8443
    behaviours: Mapping[str, str] = dataclasses.field(default_factory=dict)
    page_size: int = 100
    validation_limit: float = 10.0
    """How long an endpoint may take to answer a validation request (facts 4)."""

    def check(self) -> None:
        if not is_loopback(self.host):
            raise EmulatorError(
                f"cannot listen on '{self.host}': it is not a loopback address, and the emulator gives tokens to "
                "everyone who reaches it; use 127.0.0.1, ::1 or localhost"
            )
        if not 0 <= self.port <= 65535:
            raise EmulatorError(f"cannot listen on port {self.port}: use a number from 0 (a free one) to 65535")
        if self.page_size < 1 or self.validation_limit <= 0:
            raise EmulatorError("page_size and validation_limit must be greater than zero: leave them out")
        checked(self.behaviours)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
