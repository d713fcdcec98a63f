"""Two daemons of one owner: with one store one of them writes; without, each sees that somebody else does."""

import asyncio
import collections
import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.desired import Desired
from tests.daemon.household import Household, Street, live
from tests.support.postgresql import PostgreSQL

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def eight(home: Household) -> list[Desired]:
    return [home.mail(name, number) for number, name in enumerate("abcdefgh")]


async def test_two_without_a_common_store(street: Street) -> None:
    """Each wants what the other one would delete: that is noticed, and no flapping comes of it."""
    async with street.open("first") as first, street.open("second") as second:
        first.interval = second.interval = 3 * HOUR
        await first.settle(*eight(first)[:5])
        second.want(*eight(second)[3:])
        await live(DAY, first, second)
        asked = collections.Counter(first.writes())
        assert asked["DELETE 204"] <= 3, "the younger one prunes once what it has known for two intervals"
        assert asked["POST 201"] == 3 + asked["DELETE 204"]
        assert first.held() == list("abcdefgh")
        for home in (first, second):
            (violation,) = home.document["violations"]
            assert violation["code"] == "second-writer"
            assert "give that installation an owner of its own" in violation["message"]
        assert len(first.said("WARNING second-writer")) == 2, "one line of each, and not one a pass"

        await live(6 * DAY, first, second)
        assert set(first.writes()) == {"PATCH 200"}, "each renews its own, and nothing flaps"
        assert first.held() == list("abcdefgh")


async def test_two_of_which_one_only_watches(street: Street) -> None:
    """Two that want the same do each other no harm either."""
    async with street.open("first") as first, street.open("second") as second:
        first.interval = second.interval = 6 * HOUR
        await first.settle(*eight(first))
        second.want(*eight(second))
        await live(6 * DAY, first, second)
        assert set(first.writes()) == {"PATCH 200"}
        assert first.held() == list("abcdefgh")
        assert first.warnings == []


async def test_a_second_writer_that_is_let_through(street: Street) -> None:
    """As by ``POST /reconcile`` with ``allow``: what the other one made is taken in, and pruned if not wanted."""
    async with street.open("home") as home:
        await home.settle(home.mail("a"))
        home.scene.put(home.mail("stranger", 9))
        await home.live(hours=5)
        assert home.held() == ["a", "stranger"]
        home.begin_afresh()
        home.house.wish("POST /reconcile", frozenset({"second-writer"}))
        await home.live(hours=3)
        assert home.held() == ["a"]
        assert home.document["violations"] == []
        assert home.said("second-writer: contoso: this is over")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    if request.param == "sqlite":
        yield tmp_path / "shared"
        return
    with request.getfixturevalue("server").database() as url:
        yield url


def leads(home: Household) -> bool:
    return home.house.leading.leads


@contextlib.contextmanager
def nobody_creates_twice(home: Household) -> Iterator[None]:
    yield
    assert "DELETE 204" not in home.writes()
    assert len(home.held()) == len(set(home.held()))


async def test_with_one_store_one_writes(street: Street, state: Path | str) -> None:
    """The other one stands by, and takes over what is wanted, known and wished for."""
    async with street.open("first", state=state) as first, street.open("second", state=state) as second:
        with nobody_creates_twice(first):
            await first.settle(first.team("a"))
            second.want(second.team("a"), second.team("b", 2))
            await live(12 * HOUR, first, second)
            assert first.held() == ["a"]
            assert leads(first)
            assert not leads(second)

            await first.end()
            await live(HOUR, second)
            assert leads(second)
            assert second.held() == ["a", "b"]
            await live(4 * DAY, second)
            assert second.held() == ["a", "b"]
            assert second.document["violations"] == []
            assert await second.gaps() == []


async def test_the_one_that_writes_is_cut_off(street: Street, state: Path | str) -> None:
    """It believes that it leads, and does not any more: nothing that it begins then gets to Graph."""
    async with street.open("first", state=state) as first, street.open("second", state=state) as second:
        await first.settle(first.team("a"))
        await first.house.leading.lease.release()
        second.want(second.team("a"), second.team("b", 2))
        await live(HOUR, second)
        assert second.held() == ["a", "b"]
        first.begin_afresh()

        assert leads(first), "nobody has told it"
        first.want(first.team("a"), first.team("c", 3))
        await asyncio.sleep(0)
        await first.house.tick()
        await first.clock.quiet()
        await live(HOUR, first)
        assert first.writes() == []
        assert not leads(first)
        assert first.said("This process stands by, and does not write")
