"""What ``reconcile daemon`` with 10,000 subscriptions has in memory, and what it costs where nothing happens.

The passes that it makes all the same, one in ten minutes, are measured apart and counted in.
"""

import time

from bench.support.cores import ONE
from bench.support.kept import Kept, shared
from bench.support.targets import at_most

TARGETS = {"megabytes_with_10000_subscriptions": at_most(200), "of_a_core": at_most(0.01)}
IDLE = 60.0
"""Seconds, in which all that it does now and then comes at least once."""

INTERVAL = 600.0
"""Between two passes that nobody wished for, by default."""

SETTLED = 5.0
"""Seconds after a pass."""


def run() -> dict[str, float]:
    kept = shared()
    kept.process.keep_on({ONE})
    with_a_pass = busy(kept, passes=1)
    ticking = busy(kept)
    return {
        "megabytes_with_10000_subscriptions": kept.process.megabytes,
        "of_a_core": ticking / IDLE + (with_a_pass - ticking) / INTERVAL,
        "of_a_core_without_passes": ticking / IDLE,
        "of_a_core_for_passes": (with_a_pass - ticking) / INTERVAL,
    }


def busy(kept: Kept, *, passes: int = 0) -> float:
    """Seconds of work in a minute."""
    count = len(kept.passes())
    time.sleep(SETTLED)
    before, began = kept.process.busy, time.monotonic()
    for number in range(passes):
        kept.wish()
        kept.wait_for(count + number + 1)
    time.sleep(began + IDLE - time.monotonic())
    return kept.process.busy - before
