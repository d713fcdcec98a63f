"""What planning 100,000 pairs of wanted and live subscriptions takes, and that it grows as they do.

They are in sync, as nearly all are in nearly every pass; what they are and what was asked, digests included, was read
before. Memory is what planning has at the most beside them.

The few that they are compared with are those same ones in ten parts, one after the other: of one part alone the
processor would have everything in its caches, and of a hundred thousand it never has.
"""

import functools
import gc
import random
import time
import tracemalloc

from bench.support import fleet
from bench.support.errors import BenchError
from bench.support.targets import at_most
from reconciler.core.change import Plan
from reconciler.core.desired import Desired
from reconciler.core.live import read_live
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.world import World

FEW, MANY = 10_000, 100_000
PARTS = MANY // FEW
TARGETS = {
    "microseconds_for_a_pair": at_most(3),
    "bytes_for_a_pair": at_most(1200),
    "growth_from_10000_to_100000": at_most(10 * 1.3),
}
TRIES = 7
Pairs = tuple[tuple[Desired, ...], World]


def run() -> dict[str, float]:
    """The best of several tries each: what else the machine does meanwhile only adds to it."""
    many = made(MANY)
    parts = [part(many, start) for start in range(0, MANY, FEW)]
    gc.freeze()  # as a daemon does: what stays is not looked through again and again
    tries = [(sum(map(seconds, parts)), seconds(many)) for _ in range(TRIES)]
    least_of_parts, least_of_many = map(min, zip(*tries, strict=True))
    return {
        "microseconds_for_a_pair": least_of_many / MANY * 1e6,
        "microseconds_for_a_pair_of_10000": least_of_parts / MANY * 1e6,
        "growth_from_10000_to_100000": least_of_many / (least_of_parts / PARTS),
        "bytes_for_a_pair": memory(many) / MANY,
    }


@functools.cache
def made(count: int) -> Pairs:
    """The same in each round."""
    desired = list(fleet.desired(count))
    random.Random(1).shuffle(desired)  # noqa: S311  Graph lists by ids, which are drawn
    bodies = [fleet.body_of(each, number) for number, each in enumerate(desired)]
    granted = {body["id"]: fleet.lifetime_of(each) for body, each in zip(bodies, desired, strict=True)}
    return tuple(desired), World(fleet.TENANT, tuple(read_live(body, granted) for body in bodies))


def part(pairs: Pairs, start: int) -> Pairs:
    """Those of one name are at one place in both."""
    desired, world = pairs
    return desired[start : start + FEW], World(world.tenant, world.live[start : start + FEW])


def seconds(pairs: Pairs) -> float:
    began = time.process_time()
    found = planned(pairs)
    taken = time.process_time() - began
    if found.summary.unchanged != len(pairs[0]):
        raise BenchError(f"a plan leaves {found.summary.unchanged} of {len(pairs[0])} as they are")
    return taken


def planned(pairs: Pairs) -> Plan:
    desired, world = pairs
    return plan(desired, world, now=fleet.NOW, options=Options(fleet.OWNER))


def memory(pairs: Pairs) -> int:
    """Bytes at the most."""
    tracemalloc.start()
    try:
        planned(pairs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
