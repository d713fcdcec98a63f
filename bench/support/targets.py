"""What a figure should be: at least so much or at most so much."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    limit: float
    at_least: bool

    def met(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:,g}"

    def as_json(self) -> dict[str, Any]:
        return {"atLeast" if self.at_least else "atMost": self.limit}


Targets = Mapping[str, Target]
"""By the name of the figure, as ``run()`` gives it."""


def at_least(limit: float) -> Target:
    return Target(limit, at_least=True)


def at_most(limit: float) -> Target:
    return Target(limit, at_least=False)
