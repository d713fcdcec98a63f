"""A delivery in: what is Graph's goes to its sink, what is not is set aside, and each is told of once it is stored."""

import datetime as dt
import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.errors import StoreError
from reconciler.core.lifecycle import Wish
from reconciler.engine.inbox import UNROUTED, State
from reconciler.receiver.complaints import Complaints
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.entries import Admission
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.observing import Told
from reconciler.receiver.taking import SetAsideRoom, Taker
from tests.receiver.sending import BIRTH, FABRIKAM, MARK, NOW, TENANT, delivery, item, token, verifier


class Known:
    def __init__(self, name, birth):
        self.name, self.birth, self.tenant_id = name, birth, TENANT


class Noting:
    """An inbox and an observer, in the memory."""

    def __init__(self):
        self.entries, self.told_of, self.fails = [], [], False

    async def put(self, entries):
        if self.fails:
            raise StoreError("the store cannot be written: the disk is full")
        self.entries += entries

    def told(self, what, entry, content=None):
        assert content is None
        self.told_of.append((what, entry.subscription_id))


async def nothing() -> Mapping[str, Known]:
    return {}


async def taken(*items, known=None, sinks=None, default="events", room=100_000, **more):
    noting: Any = Noting()
    wishes: list[Wish] = []
    subscriptions = KnownSubscriptions(nothing, known or {})
    admission = Admission(verifier(births=subscriptions.birth), Destinations(default, sinks or {}), subscriptions)
    taker = Taker(admission, noting, room=SetAsideRoom(room), observer=noting, on_wish=wishes.append)
    await taker.take(delivery(*items, **more))
    return noting, wishes


async def test_what_is_stored():
    noting, _ = await taken(item(resource="teams('T')", tenantId=TENANT.upper(), unknown=1), path="/hook")
    (entry,) = noting.entries
    assert entry.state is State.WAITING
    assert (entry.tenant_id, entry.name, entry.subscription_id) == (TENANT, "all-teams", "s1")
    assert (entry.change, entry.resource, entry.path, entry.sink) == ("updated", "teams('T')", "/hook", "events")
    assert (entry.received_at, entry.since, entry.settled_at) == (NOW, NOW, None)
    assert entry.query == f"reconciler={MARK}"
    assert json.loads(entry.body)["unknown"] == 1
    assert (entry.encrypted, entry.tokens, entry.lifecycle) == (False, None, False)


async def test_tokens_are_kept_where_they_are_needed():
    noting, _ = await taken(item(), item(rich=True), item(FABRIKAM, rich=True), tokens=["a", "b"])
    assert [entry.tokens for entry in noting.entries] == [None, '["a", "b"]', '["a", "b"]']


@pytest.mark.parametrize(
    ("changes", "sink"),
    [
        ({}, "teams"),
        ({"tenant": FABRIKAM}, "events"),
        ({"lifecycleEvent": "missed", "changeType": None}, UNROUTED),
        ({"lifecycleEvent": "missed"}, UNROUTED),
    ],
)
async def test_where_it_goes(changes, sink):
    noting, _ = await taken(item(**changes), sinks={(TENANT, "all-teams"): "teams"})
    assert [entry.sink for entry in noting.entries] == [sink]


async def test_a_replaced_or_overwritten_one_is_known_by_its_id():
    """Its request bears no mark of ours any more."""
    known = {"s1": Known("mail", BIRTH)}
    noting, wishes = await taken(item(), mark=None, known=known, sinks={(TENANT, "mail"): "mail"})
    assert [(entry.name, entry.sink) for entry in noting.entries] == [("mail", "mail")]
    assert wishes == []


async def test_each_stands_alone_and_is_told_of():
    noting, _ = await taken(item(), item(subscriptionId="s2", clientState="x" * 43), 7)
    assert noting.told_of == [(Told.ACCEPTED, "s1"), (Told.SET_ASIDE, "s2"), (Told.SET_ASIDE, "")]
    assert [(entry.state, entry.reason) for entry in noting.entries] == [
        (State.WAITING, None),
        (State.SET_ASIDE, "client-state"),
        (State.SET_ASIDE, "malformed"),
    ]
    assert [entry.settled_at for entry in noting.entries] == [None, NOW, NOW]
    assert noting.entries[2].body == b"7"
    assert noting.entries[1].tenant_id is None


async def test_nothing_is_told_of_what_is_not_stored():
    noting: Any = Noting()
    wishes: list[Wish] = []
    admission = Admission(verifier(), Destinations("events"), KnownSubscriptions(nothing))
    taker = Taker(admission, noting, room=SetAsideRoom(0), observer=noting, on_wish=wishes.append)
    noting.fails = True
    with pytest.raises(StoreError):
        await taker.take(delivery(item()))
    assert (noting.told_of, wishes) == ([], [])


async def test_what_there_is_no_room_for_is_told_of_and_keeps_nobody_else_out():
    noting, _ = await taken(*[item(clientState="x")] * 5, item(), room=0)
    assert [what for what, _ in noting.told_of] == [Told.DISCARDED] * 5 + [Told.ACCEPTED]
    assert len(noting.entries) == 1


async def test_tokens_of_strangers_are_no_way_to_fill_the_memory():
    """A megabyte of tokens beside each of a thousand items."""
    forged = [item(rich=True, clientState="x")] * 1000
    noting, _ = await taken(*forged, item(rich=True), tokens=["x" * 2**20], room=10**9)
    assert {entry.tokens for entry in noting.entries[:-1]} == {None}
    assert len(noting.entries[-1].tokens or "") > 2**20
    noting, _ = await taken(item(rich=True, clientState="x"), tokens=["x"])
    assert [entry.tokens for entry in noting.entries] == ['["x"]'], "it may be judged again"


async def test_an_item_with_a_token_is_judged_by_the_time_of_its_receipt():
    at = NOW + dt.timedelta(days=9)
    noting, _ = await taken(item(rich=True), tokens=[token()], at=at)
    assert noting.entries[0].received_at == at


class TestComplaints:
    def test_one_line_a_while(self, caplog):
        now = 0.0
        complaints = Complaints(logging.getLogger("reconciler.test"), every=10, seconds=lambda: now)
        for _ in range(3):
            complaints.add("no")
        now = 10.0
        complaints.add("still no")
        now = 21.0
        complaints.add("no")
        assert [record.getMessage() for record in caplog.records] == ["no", "still no (3 times)", "no"]
