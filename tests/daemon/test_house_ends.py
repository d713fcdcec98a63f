"""The end of a process, in good order or not: nothing is deleted, nothing made twice, and the next one goes on.

How it ends when it is killed is in tests/cli/test_daemon_bad_days.py.
"""

import asyncio

from tests.daemon.household import Household, Street


async def begin_creating(home: Household, *, count: int) -> None:
    """Return when Graph has made the first, and others are under way."""
    home.emulator.faults({"slow": {"POST": 0.3}})
    home.want(*(home.team(f"t{number:03}", number) for number in range(count)))
    await home.tick()
    async with asyncio.timeout(20):
        await home.logged.heard("done create")
    home.emulator.faults({})


async def test_in_the_middle_of_slow_creations(street: Street) -> None:
    """Those that were begun stand, and are known; the next process makes the others."""
    async with street.open("home") as home:
        await begin_creating(home, count=300)
        await home.end()
        begun = home.held()
        assert 0 < len(begun) < 300
        remembered = await home.scene.remembered()
        assert sorted(each.name for each in remembered.values()) == begun
        state, written = home.scene.state, home.writes()
        assert set(written) == {"POST 201"}
    async with street.open("next", state=state) as following:
        following.want(*home.desired.values())
        await following.live(minutes=1)
        assert following.held() == sorted(home.desired)
        assert following.writes() == ["POST 201"] * (300 - len(begun))
        assert await following.gaps() == []


async def test_troubles_outlive_the_process(street: Street) -> None:
    """A restart does not try everything at once."""
    async with street.open("home") as home:
        home.emulator.faults({"answers": [home.fail("POST", 400, code="InvalidRequest", message="No.")]})
        home.want(home.team("bad"))
        await home.live(hours=1)
        assert home.writes() == ["POST 400"]
        state = home.scene.state
    async with street.open("next", state=state) as following:
        following.want(following.team("bad"))
        await following.live(hours=10)
        assert following.writes() == []
        assert following.conditions() == {"bad": "stalled"}
        await following.live(hours=14)
        assert following.writes() == ["POST 400"]


async def test_a_long_sleep(street: Street) -> None:
    """A process that was away for days: what has ended is created anew, with its gap; what has not is renewed."""
    async with street.open("home") as home:
        await home.settle(home.team("short"), home.mail("long"))
        state = home.scene.state
    home.emulator.advance(5 * 86400.0)
    async with street.open("next", state=state) as following:
        following.want(following.team("short"), following.mail("long"))
        await following.live(minutes=1)
        assert sorted(following.writes()) == ["PATCH 200", "POST 201"]
        (gap,) = await following.gaps()
        assert gap.startswith("short expired 2d")
        assert following.conditions() == {"long": "ready", "short": "ready"}
