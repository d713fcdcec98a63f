"""What a narrow pass cannot read is looked at again soon, however long the interval of full passes is."""

import collections
import datetime as dt

from tests.daemon.household import Household

HOUR = dt.timedelta(hours=1)


async def ended(home: Household) -> None:
    """Two that live for an hour, after two in which Graph was away."""
    home.interval = 12 * HOUR
    await home.settle(home.mail("a", 1, lifetime=HOUR), home.mail("b", 2, lifetime=HOUR))
    home.away()
    await home.live(hours=2)


async def test_what_has_ended_is_back_soon_after_graph_is(home: Household) -> None:
    await ended(home)
    assert home.held() == []
    home.asked()
    home.back()
    await home.live(minutes=4)
    assert home.held() == ["a", "b"]
    assert collections.Counter(home.asked()) == {"GET 404": 2, "POST 201": 2}, "no list is needed"
    assert sorted(gap.split()[0] for gap in await home.gaps() if " expired " in gap) == ["a", "b"]


async def test_graph_is_not_back_while_it_tells_nothing(home: Household) -> None:
    """A narrow pass that could read nothing is no success: what rests must go on to rest."""
    await ended(home)
    assert (len(home.said("Graph is away")), home.said("Graph is back")) == (1, [])
    assert collections.Counter(home.asked())["GET 503"] < 2 * 5 * 60, "it is asked ever less often"
    home.back()
    await home.live(minutes=4)
    assert len(home.said("Graph is back")) == 1


async def test_what_a_failed_full_pass_was_to_look_at_is_looked_at_by_a_narrow_one(home: Household) -> None:
    home.interval = 12 * HOUR
    await home.settle(home.mail("a"), home.mail("b", 2))
    home.away()
    home.house.wish("SIGHUP")
    await home.live(minutes=20)
    home.emulator.tell(home.id_of("a"), "removed")
    home.house.wish("SIGHUP")
    home.steward.lost("a")
    await home.live(minutes=1)
    assert len(home.said("full pass", "failed")) > 4, "the next one comes in a quarter of an hour at the soonest"
    home.asked()
    home.back()
    await home.live(minutes=3)
    assert home.asked() == ["GET 404", "POST 201"]
    assert home.held() == ["a", "b"]
