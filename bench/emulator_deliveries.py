"""How many notifications come to a receiver in a second, from the first change to the last notification about it."""

import itertools

from bench.support.cast import APPS
from bench.support.stage import shared
from bench.support.targets import at_least
from bench.support.telling import crowd, told

TARGETS = {
    "notifications_from_writes_per_second": at_least(1000),
    "notifications_to_many_per_second": at_least(1000),
    "rich_notifications_to_many_per_second": at_least(1000),
}
NOTIFICATIONS = 5000


def run() -> dict[str, float]:
    """A client that changes teams, each with a few followers; then a few messages with a thousand followers each."""
    stage = shared()
    teams = itertools.islice(itertools.cycle(stage.cast.followed), NOTIFICATIONS // APPS)
    patches = [stage.cast.ask("PATCH", f"teams/{team}", {"description": "another one"}) for team in teams]
    from_writes = told(stage, patches, status=204, followers=APPS)
    plain = crowd(stage, stage.cast.plain_mailbox, notifications=NOTIFICATIONS)
    rich = crowd(stage, stage.cast.rich_mailbox, notifications=NOTIFICATIONS)
    return {
        "notifications_from_writes_per_second": from_writes.per_second,
        "notifications_to_many_per_second": plain.per_second,
        "rich_notifications_to_many_per_second": rich.per_second,
        "notifications_from_writes_in_a_post": from_writes.per_post,
        "notifications_to_many_in_a_post": plain.per_post,
        "rich_for_each_plain": rich.per_second / plain.per_second,
    }
