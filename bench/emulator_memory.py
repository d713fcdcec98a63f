"""What the emulator has in memory with the large world and 10,000 subscriptions, and what deliveries leave there."""

from bench.support.stage import shared
from bench.support.targets import at_most
from bench.support.telling import crowd

TARGETS = {
    "megabytes_with_10000_subscriptions": at_most(150),
    "megabytes_more_after_10000_deliveries": at_most(5),
    "megabytes_after_10000_rich_deliveries": at_most(150),
}
DELIVERIES = 10_000


def run() -> dict[str, float]:
    """Ten changes at once, with a thousand notifications each; the median leaves out the first time, which warms up."""
    stage = shared()
    emulator, bare = stage.emulator.process, stage.receiver.process
    before = emulator.megabytes
    crowd(stage, stage.cast.plain_mailbox, notifications=DELIVERIES)
    more = emulator.megabytes - before
    crowd(stage, stage.cast.rich_mailbox, notifications=DELIVERIES)
    return {
        "megabytes_with_10000_subscriptions": stage.megabytes,
        "megabytes_more_after_10000_deliveries": more,
        "megabytes_after_10000_rich_deliveries": emulator.megabytes,
        "megabytes_of_the_bare_server": bare.megabytes,
        "times_the_bare_server": stage.megabytes / bare.megabytes,
    }
