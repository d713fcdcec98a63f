"""Graph is away, slow, throttles, lists what is not so: what is live stays live, nothing is deleted, and it heals."""

import collections
import datetime as dt

import pytest

from tests.daemon.household import Household
from tests.support.virtual import run_until

HOUR = dt.timedelta(hours=1)


async def test_away_while_renewals_are_due(home: Household) -> None:
    """They are tried again and again, and carried out as soon as Graph is back, without waiting for their backoff."""
    teams = [home.team(f"t{number:02}", number) for number in range(20)]
    await home.settle(*teams, hours=46)
    home.away()
    await home.live(hours=4)
    asked = collections.Counter(home.asked())
    assert set(asked) == {"GET 503", "PATCH 503"}
    assert asked["GET 503"] <= 2 * 2 * 12, "two lists a pass, two tries each, with pauses that grow"
    assert asked["PATCH 503"] <= 20 * 2 * 12, "each backs off"
    failing = home.troubles()
    assert 8 < len(failing) < 20
    assert {(action, kind) for action, kind, _ in failing.values()} == {("renew", "Transient")}
    assert home.conditions() == dict.fromkeys(failing, "stalled") | {
        each.name: "ready" for each in teams if each.name not in failing
    }
    assert home.document["failing"].startswith("GET v1.0 subscriptions: Graph answered 503")
    assert len(home.said("Graph is away")) == 1
    assert len(home.said("failed renew")) <= 3, "one line for all is enough"

    home.back()
    home.begin_afresh()
    await home.live(minutes=61)
    assert collections.Counter(home.writes()) == {"PATCH 200": len(failing)}, "each once, and nothing else"
    assert home.troubles() == {}
    assert set(home.conditions().values()) == {"ready"}
    assert home.document["failing"] is None
    assert len(home.said("Graph is back")) == 1
    assert await home.gaps() == []


async def test_away_until_it_has_ended(home: Household) -> None:
    """A gap is in the ledger, open while Graph is away, and over when it was created anew."""
    await home.settle(home.team("short"), home.mail("long"), hours=40)
    home.away()
    await home.live(hours=33)
    assert await home.gaps() == ["short expired open"]
    assert home.conditions()["short"] == "stalled"
    assert home.said("may have missed") == [], "that is said when it is over"
    assert "POST 201" not in home.asked()

    home.back()
    home.begin_afresh()
    await home.live(minutes=61)
    assert home.writes() == ["POST 201"]
    (gap,) = await home.gaps()
    assert gap.startswith("short expired 1h")
    assert len(home.said("short of contoso may have missed notifications", "(expired)")) == 1
    assert home.conditions() == {"long": "ready", "short": "ready"}


async def test_away_when_it_is_wanted(home: Household) -> None:
    """What could not be created for hours is, soon after."""
    home.away()
    home.want(home.team("a"), home.mail("b"))
    await home.live(hours=3)
    assert home.held() == []
    assert home.document["failing"]
    home.back()
    await home.live(minutes=61)
    assert home.held() == ["a", "b"]
    assert await home.gaps() == [], "there was nothing that could have missed something"


async def test_slow_lists_hold_up_no_renewal(home: Household) -> None:
    await home.settle(home.team("a"), hours=40)
    await home.live(seconds=(home.steward.holdings.renewals.next() - home.clock.time).total_seconds())
    home.begin_afresh()
    home.emulator.faults({"slow": {"LIST": 0.3}})
    home.house.wish("both are due now")
    await run_until(home.clock, home.clock.time + dt.timedelta(seconds=5))
    await home.live(seconds=1)
    assert home.asked() == ["PATCH 200", "GET 200", "GET 200"]


@pytest.mark.parametrize("told", [None, 30, 1200])
async def test_throttled(home: Household, told: int | None) -> None:
    """429 for hours: it waits as it is told, backs off where it is not, and nothing ends."""
    await home.settle(home.team("a"), home.team("b", 2), hours=44)
    answers = [home.fail(each, 429, **({"retryAfter": told} if told else {})) for each in ("GET", "PATCH")]
    home.emulator.faults({"answers": answers})
    await home.live(hours=8)
    asked = collections.Counter(home.asked())
    assert set(asked) == {"GET 429", "PATCH 429"}
    assert asked["PATCH 429"] <= 2 * 2 * 15
    assert {kind for _, kind, _ in home.troubles().values()} == {"Throttled"}
    home.back()
    home.begin_afresh()
    await home.live(hours=1.2)
    assert collections.Counter(home.writes()) == {"PATCH 200": 2}
    assert home.troubles() == {}
    assert await home.gaps() == []


async def test_throttled_until_the_last_moment(home: Household) -> None:
    """In the last twentieth of the lifetime it is tried at short intervals, whatever the backoff says."""
    await home.settle(home.team("a"), hours=40)
    home.emulator.faults({"answers": [home.fail("PATCH", 503)]})
    await home.live(hours=31.5)
    assert home.left("a") < dt.timedelta(minutes=35)
    home.begin_afresh()
    await home.live(minutes=20)
    tries = home.writes().count("PATCH 503") // 2
    assert tries >= 10
    home.back()
    await home.live(minutes=2)
    assert home.left("a") > dt.timedelta(hours=70)
    assert await home.gaps() == []


LISTS = {
    "empty": ({"list": "empty"}, True),
    "endless": ({"list": "endless"}, True),
    "breaks-off": ({"list": "breaks-off"}, True),
    "foreign-next-link": ({"list": "foreign-next-link"}, True),
    "empty-pages": ({"list": "empty-pages"}, False),
    "short": ({"list": "short"}, False),
    "stale": ({"stale": 1800}, False),
    "short-beta": ({"list": "breaks-off", "versions": ["beta"]}, True),
}


@pytest.mark.parametrize(("fault", "doubted"), LISTS.values(), ids=list(LISTS))
async def test_lists_that_are_not_so(home: Household, fault: dict[str, object], doubted: bool) -> None:
    """Nothing that is wanted is touched; what is not wanted any more waits, where the list is in doubt."""
    home.interval = HOUR / 2
    await home.settle(home.mail("a"), home.team("b", 2), home.team("c", 3))
    home.emulator.faults(fault)
    await home.live(hours=2)
    assert home.writes() == []
    assert set(home.conditions().values()) == {"ready"}
    assert len(home.said("the list is not believed")) == doubted, "once, and not at each pass"
    assert bool(home.document["listInDoubt"]) is doubted

    home.want(home.mail("a"), home.team("b", 2), home.team("d", 4))
    await home.live(hours=1.1)
    assert ("DELETE 204" in home.writes()) is not doubted
    assert ("c" in home.held()) is doubted

    home.back()
    await home.live(hours=1.1)
    assert home.held() == ["a", "b", "d"]
    assert len(home.said("the list is whole again")) == doubted
    assert home.document["violations"] == []
    assert await home.gaps() == []


async def test_a_list_that_is_empty_for_days(home: Household) -> None:
    """Renewals need none."""
    await home.settle(home.team("a"), home.team("b", 2))
    home.emulator.faults({"list": "empty"})
    await home.live(days=6)
    assert set(home.writes()) == {"PATCH 200"}
    assert home.held() == ["a", "b"]
    assert await home.gaps() == []


async def test_a_ghost(home: Household) -> None:
    """404 by id, and the place stays taken: hourly, until the place is free."""
    home.interval = HOUR / 2
    await home.settle(home.team("a"))
    home.emulator.faults({"ghost": [home.id_of("a")], "omit": [home.id_of("a")]})
    await home.live(days=1)
    asked = collections.Counter(home.writes())
    assert set(asked) == {"POST 403"}
    assert asked["POST 403"] <= 28
    assert home.troubles()["a"][:2] == ("create", "Full")
    assert home.conditions() == {"a": "stalled"}
    (gap,) = await home.gaps()
    assert gap == "a removed open"
    assert len(home.said("failed create of a")) <= 28

    home.back()
    home.begin_afresh()
    await home.live(hours=1.2)
    assert home.held() == ["a"]
    assert home.troubles() == {}


async def test_a_lost_answer_to_a_creation_makes_no_twin(home: Household) -> None:
    home.emulator.faults({"lost": [{"method": "POST", "count": 1}]})
    home.want(home.mail("a"))
    await home.live(minutes=1)
    assert home.held() == ["a"]
    assert home.writes() == ["POST 201"]
    assert await home.chronicle.troubles() == {}
    assert await home.scene.intents() == {}


async def test_lost_answers_to_creations_and_lists(home: Household) -> None:
    """Where LIST cannot tell either, nothing is POSTed again before it can."""
    await home.settle(home.mail("a"))
    lost = [{"method": "POST", "count": 1}]
    home.emulator.faults({"lost": lost})
    home.want(home.mail("a"), home.mail("b", 2))
    while home.emulator.control("GET", "faults")["lost"] == lost:
        await home.live(seconds=1)
    home.emulator.faults({"answers": [home.fail("GET", 503)]})
    await home.live(minutes=20)
    assert home.troubles()["b"][:2] == ("create", "AnswerLost")
    home.back()
    await home.live(minutes=61)
    assert home.held() == ["a", "b"]
    assert home.writes() == ["POST 201"]


async def test_a_lost_answer_to_a_renewal(home: Household) -> None:
    await home.settle(home.team("a"), hours=44)
    home.emulator.faults({"lost": [{"method": "PATCH", "count": 3}]})
    await home.live(hours=4)
    assert set(home.writes()) == {"PATCH 200"}
    assert home.left("a") > dt.timedelta(hours=66)
    assert home.held() == ["a"]
    assert home.troubles() == {}
