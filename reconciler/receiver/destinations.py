"""Which sink a notification belongs to, by the manifest of its subscription."""

import dataclasses
from collections.abc import Mapping

from reconciler.engine.inbox import UNROUTED

__all__ = ["Destinations"]


@dataclasses.dataclass(frozen=True, slots=True)
class Destinations:
    default: str = UNROUTED
    """For what no manifest names any more, too: until it is pruned, a subscription delivers. There need not be one."""

    by_name: Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    """By tenant id in lower case and the subscription's name; those that take the default may be left out."""

    def sink(self, tenant_id: str, name: str | None) -> str:
        return self.by_name.get((tenant_id, name), self.default) if name else self.default
