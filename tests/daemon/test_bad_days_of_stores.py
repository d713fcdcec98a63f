"""The store is gone, locked or full, and comes back: renewals go on, nothing is made twice, nothing is lost."""

import contextlib
import shutil
import sqlite3

import pytest

from tests.daemon.household import Household


async def test_the_folder_is_moved_away_and_back(home: Household) -> None:
    """While nobody can tell who writes, what must not lapse is renewed; nothing else is done."""
    await home.settle(home.team("a"), hours=40)
    away = home.scene.state.with_name("elsewhere")
    shutil.move(home.scene.state, away)
    home.want(home.team("a"), home.team("b", 2))
    await home.live(hours=10)
    assert home.writes() == ["PATCH 200"]
    assert home.house.leading.leads
    (line,) = home.warnings
    assert "The store does not tell who writes, so nothing is done but to renew" in line
    assert "reconciler.db cannot be locked: No such file or directory" in line

    shutil.move(away, home.scene.state)
    await home.live(minutes=2)
    assert home.held() == ["a", "b"]
    assert home.writes() == ["POST 201"]
    await home.live(days=3)
    assert home.held() == ["a", "b"]
    assert set(home.writes()) == {"PATCH 200"}
    assert await home.chronicle.troubles() == {}
    assert await home.gaps() == []


async def test_another_one_has_taken_the_place_of_a_folder_that_was_moved(home: Household) -> None:
    """Then nothing at all is written: somebody else may."""
    await home.settle(home.team("a"), hours=40)
    shutil.move(home.scene.state, home.scene.state.with_name("elsewhere"))
    async with home.street.open("other", state=home.scene.state) as other:
        await other.tick()
        assert other.house.leading.leads
        await home.live(hours=10)
        assert home.writes() == []
        assert not home.house.leading.leads
        assert home.said("This process stands by, and does not write")


async def test_a_database_that_is_locked(home: Household) -> None:
    """No creation without its intent, and renewals without a note; both are written when it is free."""
    await home.settle(home.team("a"), hours=44)
    with contextlib.closing(sqlite3.connect(home.scene.store_file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        home.want(home.team("a"), home.team("b", 2))
        await home.live(hours=4.2)
        assert home.writes() == ["PATCH 200"]
        assert home.troubles()["b"][:2] == ("create", "StoreError")
        assert home.conditions() == {"a": "ready", "b": "stalled"}
        assert "another process holds it locked" in home.document["subscriptions"][1]["message"]
        other.execute("ROLLBACK")
    await home.live(minutes=6)
    assert home.held() == ["a", "b"]
    assert home.writes() == ["POST 201"]
    await home.live(hours=1)
    remembered = await home.scene.remembered()
    (renewed,) = [each for each in remembered.values() if each.name == "a"]
    assert renewed.expires_at == home.remembered()[renewed.id].expires_at


FULL = {
    "subscriptions": ["POST 201", "POST 201", "PATCH 200"],
    "intents": ["PATCH 200"],
    "gaps": ["POST 201", "PATCH 200"],
    "troubles": ["POST 201", "POST 201", "PATCH 200"],
}
"""What is written to Graph while a table takes nothing: ``a`` is renewed, ``b`` is new, ``c`` was removed."""


@pytest.mark.parametrize(("table", "written"), FULL.items())
async def test_a_disk_that_is_full(home: Household, table: str, written: list[str]) -> None:
    await home.settle(home.team("a"), home.team("c", 3), hours=43)
    for deed in ("INSERT", "UPDATE"):
        home.scene.forbid(table, deed)
    home.scene.remove(home.id_of("c"))
    home.begin_afresh()
    home.want(home.team("a"), home.team("b", 2), home.team("c", 3))
    await home.live(hours=5.2)
    assert [each for each in home.writes() if not each.endswith("404")] == written
    for deed in ("INSERT", "UPDATE"):
        home.scene.permit(table, deed)
    await home.live(hours=1, minutes=5)
    assert home.held() == ["a", "b", "c"], "no twins, none lost"
    assert home.writes() == ["POST 201"] * (3 - len(written))
    assert home.troubles() == {}
    assert await home.chronicle.troubles() == {}
    assert await home.scene.intents() == {}
    (gap,) = await home.gaps()
    assert gap.startswith("c removed")
    assert len(home.said("c of contoso may have missed notifications")) == 1
    assert {each.name for each in (await home.scene.remembered()).values()} == {"a", "b", "c"}


async def test_after_it_was_lost(home: Household) -> None:
    """A new and empty store: ownership is written on the subscriptions, so nothing is made or deleted."""
    await home.settle(home.team("a"), home.mail("b"), hours=43)
    await home.end()
    async with home.street.open("next") as following:
        following.want(home.team("a"), home.mail("b"))
        await following.live(days=4)
        assert set(following.writes()) == {"PATCH 200"}
        assert following.held() == ["a", "b"]
        assert following.document["violations"] == []
        assert await following.gaps() == []
