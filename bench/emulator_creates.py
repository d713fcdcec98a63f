"""How many subscriptions are created in a second, both validation requests of each answered, beside 10,000 others."""

import uuid

from bench.support.stage import shared
from bench.support.targets import at_least

TARGETS = {"creates_per_second": at_least(200)}
COUNT = 600


def run() -> dict[str, float]:
    """Half of them for teams, where a slot is free or not, half for mailboxes. They are deleted again."""
    stage = shared()
    echoes = stage.echo()
    resources = (("teams/{}", "users/{}/messages")[number % 2].format(uuid.uuid4()) for number in range(COUNT))
    created = stage.load([stage.cast.subscription(each) for each in resources], status=201)
    made = [answer.json()["id"] for answer in created.answers]
    deleted = stage.load([stage.cast.ask("DELETE", f"subscriptions/{each}") for each in made], status=204)
    return {
        "creates_per_second": created.per_second,
        "milliseconds_of_work_for_a_create": created.milliseconds,
        "milliseconds_for_99_of_100_creates": created.slow_milliseconds,
        "deletes_per_second": deleted.per_second,
        "bare_echoes_per_second": echoes.per_second,
        "work_of_a_create_in_bare_echoes": created.milliseconds / echoes.milliseconds,
    }
