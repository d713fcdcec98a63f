"""The machine's clock jumps, or was wrong when the process began: Graph's time counts, and nothing happens."""

import datetime as dt

import pytest

from tests.daemon.household import OwnClock, Street

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.mark.parametrize("days", [-400, -3, 3, 400])
async def test_the_wall_clock_jumps(street: Street, days: int) -> None:
    own = OwnClock(street.clock)
    async with street.open(own=own) as home:
        await home.settle(home.team("a"), home.mail("b"), hours=10)
        own.off = days * DAY
        await home.live(hours=30)
        assert home.writes() == []
        assert await home.gaps() == []
        word = "ahead of" if days > 0 else "behind"
        (warning,) = home.warnings
        assert "This machine's clock is" in warning
        assert f"{word} Graph's, which is corrected for here: set it right" in warning
        own.off = dt.timedelta()
        await home.live(days=3)
        assert set(home.writes()) == {"PATCH 200"}, "at the usual times"
        assert home.held() == ["a", "b"]
        assert len(home.warnings) == 1


@pytest.mark.parametrize("off", [-30 * DAY, -HOUR, HOUR, 2 * DAY, 30 * DAY])
async def test_it_was_wrong_at_the_start(street: Street, off: dt.timedelta) -> None:
    """What is there is not taken for ended, and what is new gets its whole life."""
    async with street.open() as before:
        await before.settle(before.team("a"), before.mail("b"), hours=10)
        state = before.scene.state
    async with street.open("next", state=state, own=OwnClock(street.clock, off)) as home:
        home.want(home.team("a"), home.mail("b"))
        await home.live(hours=2)
        assert home.writes() == []
        assert await home.gaps() == []
        home.want(home.team("a"), home.mail("b"), home.team("c", 3))
        await home.live(minutes=1)
        assert home.writes() == ["POST 201"]
        assert home.left("c") > 71 * HOUR
        await home.live(days=4)
        assert home.held() == ["a", "b", "c"]
        assert set(home.writes()) == {"PATCH 200"}
        assert await home.gaps() == []
        assert home.document["violations"] == []


@pytest.mark.parametrize("off", [-2 * DAY, 2 * DAY])
async def test_it_was_wrong_when_all_began(street: Street, off: dt.timedelta) -> None:
    """With nothing to list: the first creations are asked for with a time that Graph has put right."""
    async with street.open(own=OwnClock(street.clock, off)) as home:
        home.want(home.team("a"), home.team("b", 2))
        await home.live(hours=1)
        assert home.held() == ["a", "b"]
        assert min(home.left("a"), home.left("b")) > 70 * HOUR
        await home.live(days=5)
        assert await home.gaps() == []


async def test_graphs_own_date_is_wrong_for_a_while(street: Street) -> None:
    """No single answer decides."""
    async with street.open(own=OwnClock(street.clock)) as home:
        await home.settle(home.team("a"), hours=10)
        home.emulator.faults({"date": 86400.0 * 5})
        home.house.wish("one pass")
        await home.live(seconds=5)
        home.back()
        await home.live(hours=20)
        assert home.writes() == []
        assert await home.gaps() == []
