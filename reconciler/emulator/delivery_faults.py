"""What goes wrong with notifications on request: out of order, repeated, late, oddly spelled, at the other URL."""

import dataclasses

from reconciler.emulator.reading import Keys


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFaults:
    """Part of ``faults.Faults``."""

    def as_json(self) -> dict[str, object]:
        return dataclasses.asdict(self)


DELIVERY_KEYS: Keys = {}
