"""What the daemon knows between two passes: a subscription of our own making, as Graph has it."""

import datetime as dt
from typing import Any

import pytest

from reconciler.core.catalog import Version
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.daemon.holdings import Holdings
from reconciler.engine.clock import SystemClock
from reconciler.engine.ports import Remembered
from reconciler.store.forgetful import NothingRemembered
from tests.core.test_destinations import GRID, HUB
from tests.core.world import BIRTH, HOOK, NOW, OWNER, TENANT, lines, want


@pytest.mark.parametrize("url", [HOOK, HUB, GRID], ids=["https", "hub", "grid"])
def test_what_was_just_made_is_as_wanted(url):
    desired = want(notification_url=url)
    nothing: Any = NothingRemembered()  # nothing is written here
    holdings = Holdings(TENANT, OWNER, nothing, SystemClock())
    memory = Remembered("1", "mail", Version.V1, BIRTH, "k1", expires_at=NOW + dt.timedelta(days=6))
    holdings.recall.by_id["1"] = memory
    holdings.desired = {"mail": desired}
    world = holdings.world()
    assert [each.mark.digest for each in world.owned(OWNER)] == [desired.asked.digest]
    assert lines(plan([desired], world, now=NOW, options=Options(OWNER))) == []
