"""What the receiver has in memory while its sink is stalled and deliveries go on coming: it must not grow with them."""

import functools

from bench.support.stalled import Memory, memory
from bench.support.targets import at_most

TARGETS = {"growth_in_a_minute": at_most(0.1)}
SECONDS = 60.0


def run() -> dict[str, float]:
    """``make soak`` can do the same for an hour."""
    found = once()
    return {
        "megabytes_at_the_start": found.idle,
        "megabytes_after_ten_seconds": found.early,
        "megabytes_after_a_minute": found.late,
        "growth_in_a_minute": found.growth,
    }


@functools.cache
def once() -> Memory:
    """A minute is long enough to be the same in each round."""
    return memory(SECONDS)
