"""How many changes of teams and channels the large world takes in a second, beside 10,000 subscriptions."""

import functools
from collections.abc import Sequence

from bench.support.cast import APPS, ids
from bench.support.load import Load
from bench.support.stage import shared
from bench.support.targets import at_least

TARGETS = {
    "team_writes_per_second": at_least(400),
    "channel_writes_per_second": at_least(400),
    "followed_team_writes_per_second": at_least(400),
}
COUNT = 1000
TEAMS = 100
"""So many teams' channels are changed."""


def run() -> dict[str, float]:
    """Of what nobody follows, and of teams that several follow, whose notifications go out meanwhile."""
    stage = shared()
    echoes = stage.echo()
    of_teams = written([f"teams/{team}" for team in stage.cast.unfollowed[:COUNT]])
    of_channels = written(channels())
    before = stage.counts()
    of_followed = written([f"teams/{team}" for team in (*stage.cast.followed, *stage.cast.followed)])
    stage.delivered(len(of_followed.answers) * APPS, since=before)
    return {
        "team_writes_per_second": of_teams.per_second,
        "channel_writes_per_second": of_channels.per_second,
        "followed_team_writes_per_second": of_followed.per_second,
        "milliseconds_of_work_for_a_team_write": of_teams.milliseconds,
        "milliseconds_of_work_for_a_followed_team_write": of_followed.milliseconds,
        "work_of_a_team_write_in_bare_echoes": of_teams.milliseconds / echoes.milliseconds,
    }


def written(paths: Sequence[str]) -> Load:
    stage = shared()
    body = {"description": "another one"}
    return stage.load([stage.cast.ask("PATCH", path, body) for path in paths], status=204)


@functools.cache
def channels() -> Sequence[str]:
    """Paths of channels, of teams that nobody follows."""
    stage = shared()
    found: list[str] = []
    for team in stage.cast.unfollowed[:TEAMS]:
        path = f"teams/{team}/channels"
        found += [f"{path}/{each}" for each in ids(stage.graph, stage.cast.ask("GET", path))]
    return found[:COUNT]
