"""How much to write, and when."""

import dataclasses
import itertools
import math
import random
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """``rate`` writes a second (the machine's), for so many seconds or writes, or for ever."""

    rate: float
    random_seed: int
    """The same number draws the same writes in the same order; what they create has other ids each time."""
    seconds: float | None = None
    count: int | None = None

    def due_times(self) -> Iterator[float]:
        """Seconds from the start, one for each write."""
        for number in itertools.count():
            due = number / self.rate
            if self.count is not None and number >= self.count:
                return
            if self.seconds is not None and due >= self.seconds:
                return
            yield due

    def due_by(self, seconds: float) -> int:
        """How many should have begun by then."""
        ends = [math.floor(seconds * self.rate) + 1]
        if self.seconds is not None:
            ends.append(math.ceil(self.seconds * self.rate))
        if self.count is not None:
            ends.append(self.count)
        return min(ends)

    def random(self, number: int) -> random.Random:
        """One for each write: whoever is slower than another does not change what the others draw."""
        return random.Random(f"{self.random_seed}/{number}")  # noqa: S311 (no secret depends on it)
