"""What the daemon takes over, and what it renames: by a PATCH, and from then on it is looked after like any other."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.desired import Adopt
from tests.daemon.household import Household
from tests.support.world import mark_in

KNOWN = Adopt(verifiable=True)


async def test_what_is_adopted_is_renewed_from_then_on(home: Household) -> None:
    taker = home.mail("a", adopt=KNOWN)
    identifier = home.scene.put(taker, owner=None, hours=48)
    home.begin_afresh()
    home.want(taker)
    await home.live(seconds=10)
    assert home.held() == ["a"]
    assert home.writes() == ["PATCH 200"]
    await home.live(days=6)
    assert home.emulator.subscriptions()[0]["id"] == identifier
    assert home.left("a") > dt.timedelta(days=1)
    assert set(home.writes()) == {"PATCH 200"}
    assert await home.gaps() == []


async def test_an_adoption_that_fails_is_never_made_up_for_by_a_creation(home: Household) -> None:
    """A narrow pass does not see what there is to adopt: only a full one may say that there is nothing."""
    taker = home.mail("a", adopt=KNOWN)
    home.scene.put(taker, owner=None, hours=100)
    home.begin_afresh()
    home.emulator.faults({"answers": [home.fail("PATCH", 503)]})
    home.want(taker)
    await home.live(hours=5)
    assert not [each for each in home.writes() if each.startswith("POST")]
    assert home.troubles()["a"][0] == "adopt"
    home.back()
    await home.live(hours=2)
    assert home.held() == ["a"]
    assert len(home.emulator.subscriptions()) == 1


async def test_a_rename_keeps_the_subscription_and_its_renewals(home: Household) -> None:
    old = home.mail("old")
    await home.settle(old, hours=1)
    before = home.emulator.subscriptions()[0]
    home.want(dataclasses.replace(old, name="new", previously=frozenset({"old"})))
    await home.live(seconds=10)
    assert home.writes() == ["PATCH 200"]
    after = home.emulator.subscriptions()[0]
    assert (after["id"], mark_in(after).name, mark_in(after).birth) == (before["id"], "new", mark_in(before).birth)
    await home.live(days=8)
    assert home.held() == ["new"]
    assert home.emulator.subscriptions()[0]["id"] == before["id"]
    assert await home.gaps() == []


@pytest.mark.behaviour(twins="accept")
async def test_a_rename_that_fails_is_tried_again_and_nothing_is_created_beside_it(home: Household) -> None:
    """The narrow pass that tries again looks under the former name, too."""
    old = home.mail("old")
    await home.settle(old, hours=1)
    identifier = home.emulator.subscriptions()[0]["id"]
    home.emulator.faults({"answers": [home.fail("PATCH", 503)]})
    home.want(dataclasses.replace(old, name="new", previously=frozenset({"old"})))
    await home.live(minutes=20)
    assert home.held() == ["old"]
    assert set(home.writes()) == {"PATCH 503"}
    assert home.troubles()["new"][0] == "update"
    home.back()
    await home.live(minutes=30)
    assert home.held() == ["new"]
    assert home.emulator.subscriptions()[0]["id"] == identifier
    assert home.troubles() == {}


@pytest.mark.behaviour(twins="accept")
async def test_one_whose_secret_nobody_knows_is_replaced(home: Household) -> None:
    taker = home.mail("a", adopt=Adopt())
    home.scene.put(taker, owner=None, hours=100)
    home.want(taker)
    await home.live(seconds=20)
    assert home.held() == ["a"]
    assert mark_in(home.emulator.subscriptions()[0]).key == "k1"
