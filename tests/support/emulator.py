"""The emulator for our own tests: as others have it, but that it never says 429 by itself."""

from pathlib import Path
from typing import Any

from reconciler.emulator import running


class RunningEmulator(running.RunningEmulator):
    def __init__(self, home: Path, **options: Any) -> None:
        """The throttling of a whole tenant is shown where it is meant; elsewhere it would only slow the suite."""
        behaviours = {"throttling": "off"} | options.pop("behaviours", {})
        super().__init__(home, behaviours=behaviours, **options)
