"""What is spared where ten thousand stand as they stood: objects, metrics, looking for garbage."""

import datetime as dt
import gc
from typing import Any

import pytest

from reconciler.core.lifecycle import Kind, Wish
from reconciler.daemon.mailbox import Mailbox

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shown(monkeypatch):
    """Names of tenants, as their subscriptions are shown in the metrics."""

    def of(home):
        tenants = []
        show = home.reporting.metrics.standings

        def note(tenant, found):
            tenants.append(tenant)
            show(tenant, found)

        monkeypatch.setattr(home.reporting.metrics, "standings", note)
        return tenants

    return of


async def test_the_metrics_show_anew_only_what_may_stand_otherwise(street, shown):
    async with street.open() as home:
        await home.settle(home.mail("a"))
        tenants = shown(home)
        home.reporting.levels()
        home.reporting.levels()
        assert len(tenants) == 1
        home.want(home.mail("a"), home.mail("b", 2))
        await home.live(seconds=10)
        home.reporting.levels()
        home.reporting.levels()
        assert len(tenants) == 2


async def test_time_alone_is_a_reason_after_a_while(street, shown):
    async with street.open() as home:
        await home.settle(home.mail("a"))
        tenants = shown(home)
        for minutes in (0, 4, 2):
            await home.live(minutes=minutes)
            home.reporting.levels()
        assert len(tenants) == 2


async def test_what_has_not_changed_is_the_same_object_after_another_pass(street):
    async with street.open() as home:
        await home.settle(home.mail("a"), home.team("b"), hours=2)
        before = dict(home.steward.holdings.lives)
        home.house.wish("test")
        await home.live(seconds=10)
        after = home.steward.holdings.lives
        assert len(after) == 2
        assert all(after[each] is before[each] for each in before)


async def test_what_is_known_of_a_tenant_is_no_garbage_from_its_first_pass_on(street, monkeypatch):
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    async with street.open() as home:
        await home.settle(home.mail("a"), hours=5)
        assert home.passes > 2
        assert len(frozen) == 1


class Letterbox:
    """A clock and a chronicle in one; ``read`` says when it was asked for wishes, in seconds."""

    def __init__(self):
        self.seconds = 0
        self.read: list[int] = []

    def now(self):
        return NOW + dt.timedelta(seconds=self.seconds)

    async def sleep(self, seconds): ...

    async def wish(self, wish, *, at): ...

    async def wishes(self):
        self.read.append(self.seconds)
        return []


async def test_what_others_wish_for_is_looked_for_now_and_then_and_what_came_here_at_once():
    box: Any = Letterbox()
    mailbox = Mailbox(box, box, leads=lambda: True, stewards=list)
    for box.seconds in range(13):
        await mailbox.deliver()
        if box.seconds == 7:
            await mailbox.keep(Wish(Kind.LOOK, "tenant", "subscription"))
    assert box.read == [0, 5, 8]
