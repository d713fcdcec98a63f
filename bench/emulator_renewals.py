"""How many subscriptions are renewed in a second, both endpoints asked again each time, beside 10,000 others."""

import random

from bench.support.cast import soon
from bench.support.stage import shared
from bench.support.targets import at_least

TARGETS = {"renewals_per_second": at_least(200)}
COUNT = 600


def run() -> dict[str, float]:
    """Endpoints are asked on each PATCH where nothing else is said (behaviour ``validate-on-patch``)."""
    stage = shared()
    echoes = stage.echo()
    chosen = random.sample(stage.renewable, COUNT)
    renewed = stage.load(
        [stage.cast.ask("PATCH", f"subscriptions/{each}", {"expirationDateTime": soon()}) for each in chosen],
        status=200,
    )
    return {
        "renewals_per_second": renewed.per_second,
        "milliseconds_of_work_for_a_renewal": renewed.milliseconds,
        "milliseconds_for_99_of_100_renewals": renewed.slow_milliseconds,
        "work_of_a_renewal_in_bare_echoes": renewed.milliseconds / echoes.milliseconds,
    }
