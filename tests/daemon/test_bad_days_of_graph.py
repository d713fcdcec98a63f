"""Graph is away, slow, throttles, loses answers: what is live stays live, nothing is deleted, and it heals by itself."""

import pytest

from tests.daemon.household import Household, live


async def settled(home: Household) -> None:
    home.want(home.mail("a", 1), home.team("b", 2))
    await home.live(seconds=5)
    assert home.held() == ["a", "b"]
    home.writes()
    home.forget_lines()


async def test_away_for_two_hours_when_a_renewal_is_due(home):
    await settled(home)
    await home.live(hours=46, every=3600)
    home.writes()
    home.forget_lines()
    home.away()
    await home.live(hours=4, every=30)
    print("\n".join(f"{at:%H:%M:%S} {l}" for at, l in home.logged.timed)[:8000])
    print(len(home.lines), home.troubles(), len(home.asked()))
    home.back()
    home.forget_lines()
    await home.live(minutes=10, every=5)
    print("\n".join(f"{at:%H:%M:%S} {l}" for at, l in home.logged.timed)[:8000])
    print(home.writes(), home.troubles(), home.conditions(), await home.gaps())


async def test_expired(home):
    await settled(home)
    home.away()
    await home.live(hours=80, every=600)
    print("\n".join(f"{at:%d %H:%M:%S} {l}" for at, l in home.logged.timed)[-8000:])
    print(len(home.lines), home.troubles(), len(home.asked()), await home.gaps())
    home.back()
    home.forget_lines()
    await home.live(minutes=20, every=5)
    print("\n".join(f"{at:%H:%M:%S} {l}" for at, l in home.logged.timed)[:8000])
    print(home.writes(), home.troubles(), home.conditions(), await home.gaps())
