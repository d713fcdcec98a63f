"""Delivering: what goes together, what counts as taken, when it comes again, and when no more."""

import datetime as dt
import itertools
import json
from typing import Any

import pytest

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.notifications import outbox as outboxes
from reconciler.emulator.notifications.deliveries import KEPT, Attempt, Deliveries, State
from reconciler.emulator.notifications.lanes import Address
from reconciler.emulator.notifications.notification import Notification
from tests.emulator.notifications.conftest import Open
from tests.emulator.notifications.office import MAIL, TEAM, Office
from tests.emulator.notifications.telling import subscription


@pytest.mark.facts("5.1", "5.4")
async def test_a_notification_is_posted_as_a_collection(office: Office) -> None:
    made = office.subscribe(path="/notifications?who=me")
    office.put(made, 1)
    await office.settle()
    (request,) = office.receiver.received
    assert (request.method, request.path) == ("POST", "/notifications?who=me")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert office.receiver.items() == [
        {"number": 1, "subscriptionId": made.id, "tenantId": made.tenant, "changeType": "updated"}
    ]
    (delivery,) = office.record()
    (attempt,) = delivery.attempts
    assert (delivery.state, attempt.status, attempt.error) == (State.DELIVERED, 202, None)


@pytest.mark.facts("5.4")
async def test_many_go_in_one_post_in_their_order(office: Office) -> None:
    """Also those of different subscriptions."""
    one, other = office.subscribe(), office.subscribe(MAIL)
    for number in range(250):
        office.put(one if number % 2 else other, number)
    await office.settle()
    posts = office.numbers()
    assert [len(each) for each in posts] == [100, 100, 50]
    assert list(itertools.chain(*posts)) == list(range(250))


async def test_what_comes_during_a_post_gathers(office: Office) -> None:
    made = office.subscribe()
    office.receiver.turns = ["slow"]
    office.receiver.delay = 0.1
    office.put(made, 1)
    await office.received(1)
    for number in (2, 3, 4):
        office.put(made, number)
    await office.settle()
    assert office.numbers() == [[1], [2, 3, 4]]


async def test_change_and_lifecycle_notifications_do_not_share_a_post(office: Office) -> None:
    url = office.receiver.url("/notifications")
    made = office.subscribe(lifecycle_url=url)
    office.put(made, 1)
    office.put(made, 2, lifecycle=True)
    office.put(made, 3)
    await office.settle()
    assert sorted(office.numbers()) == [[1, 3], [2]]


@pytest.mark.facts("5.1")
@pytest.mark.parametrize(
    ("status", "taken"),
    [
        ("200 OK", True),
        ("201 Created", True),
        ("204 No Content", True),
        ("302 Found", False),
        ("400 Bad Request", False),
        ("404 Not Found", False),
        ("500 Internal Server Error", False),
    ],
)
async def test_any_2xx_is_taken_and_nothing_else(office: Office, status: str, *, taken: bool) -> None:
    office.receiver.taking, office.receiver.status = "refuse", status
    office.put(office.subscribe(), 1)
    await office.settle()
    (delivery,) = office.record()
    assert delivery.state is (State.DELIVERED if taken else State.RETRYING)
    assert delivery.attempts[0].status == int(status[:3])


@pytest.mark.facts("5.1", "11.4")
async def test_retries_come_after_growing_pauses_for_four_hours(office: Office) -> None:
    office.receiver.taking = "refuse"
    office.put(office.subscribe(authorized_until=office.clock.now() + dt.timedelta(days=1), **lasting(office)), 1)
    await office.settle()
    (delivery,) = office.record()
    while delivery.next_attempt is not None:
        await office.advanced(seconds=(delivery.next_attempt - office.clock.now()).total_seconds())
    first = delivery.attempts[0].at
    after = [round((each.at - first).total_seconds(), -1) for each in delivery.attempts[1:]]
    assert after == [10, 30, 70, 150, 310, 630, 1270, 2550, 5110, 10230, 14400]
    assert delivery.state is State.GIVEN_UP
    assert not office.outbox.as_json()
    await office.advanced(hours=10)
    assert len(office.receiver.received) == 12


def lasting(office: Office) -> dict[str, Any]:
    return {"expires_at": office.clock.now() + dt.timedelta(days=2)}


@pytest.mark.facts("5.1", "5.4")
async def test_a_lost_answer_leads_to_a_duplicate(office: Office) -> None:
    """The receiver has it, the connection breaks: the same items come again."""
    office.receiver.turns = ["drop"]
    office.put(office.subscribe(), 1, 2)
    await office.settle()
    (delivery,) = office.record()
    assert delivery.attempts[0].status is None
    assert delivery.attempts[0].error
    await office.advanced(seconds=11)
    first, second = office.receiver.deliveries()
    assert first == second
    assert delivery.state is State.DELIVERED


@pytest.mark.facts("5.1")
async def test_the_first_attempt_has_3_seconds_and_others_10(open_office: Open) -> None:
    """Here a fraction of them."""
    office: Office = await open_office(first_limit=0.1, retry_limit=5.0)
    office.receiver.taking, office.receiver.delay = "slow", 0.2
    office.put(office.subscribe(), 1)
    await office.settle()
    (delivery,) = office.record()
    assert delivery.attempts[0].error == "no answer within 0.1 seconds"
    await office.advanced(seconds=11)
    assert [each.status for each in delivery.attempts] == [None, 202]


async def test_an_endpoint_that_hangs_keeps_nobody_waiting(office: Office) -> None:
    hanging, other = office.subscribe(path="/hanging"), office.subscribe(MAIL)
    office.receiver.takings = {"/hanging": "silent"}
    office.put(hanging, 1)
    await office.received(1)
    office.put(other, 2)
    await office.received(2)
    assert office.numbers() == [[2]]


async def test_a_retry_keeps_no_new_one_waiting(office: Office) -> None:
    """So they come out of order, as Graph's do (facts 5.4)."""
    made = office.subscribe()
    office.receiver.turns = ["refuse"]
    office.put(made, 1)
    await office.settle()
    office.put(made, 2)
    await office.settle()
    await office.advanced(seconds=11)
    assert office.numbers() == [[1], [2], [1]]


async def test_a_clock_that_is_moved_far_brings_one_more_attempt(office: Office) -> None:
    """However many would have come in between."""
    office.receiver.taking = "refuse"
    ever = office.clock.now() + dt.timedelta(days=9)
    office.put(office.subscribe(authorized_until=ever, expires_at=ever), 1)
    await office.settle()
    await office.advanced(days=2)
    assert len(office.receiver.received) == 2
    assert office.states() == ["givenUp"]


@pytest.mark.parametrize("end", ["deleted", "expired"])
async def test_who_is_gone_gets_nothing_any_more(office: Office, end: str) -> None:
    """Neither what waits for a retry nor what is new; others that share the POST get theirs."""
    ever = office.clock.now() + dt.timedelta(days=2)
    gone = office.subscribe(expires_at=office.clock.now() + dt.timedelta(minutes=5))
    stays = office.subscribe(MAIL, expires_at=ever, authorized_until=ever)
    office.receiver.turns = ["refuse"]
    office.put(gone, 1)
    office.put(stays, 2)
    await office.settle()
    if end == "deleted":
        office.subscriptions.remove(gone)
    await office.advanced(minutes=6)
    office.put(gone, 3)
    await office.settle()
    assert office.numbers() == [[1, 2], [2]]
    assert sorted(office.states()) == ["delivered", "dropped", "dropped"]


@pytest.mark.facts("5.3")
@pytest.mark.parametrize(
    ("token_lapse", "states", "came"),
    [
        pytest.param("lost", ["lapsed"], [], id="lost"),
        pytest.param("retried", ["waiting"], [], id="retried"),
        pytest.param("ignored", ["delivered"], [[1]], id="ignored"),
    ],
)
async def test_after_the_token_has_lapsed(open_office: Open, token_lapse: str, states: list[str], came: Any) -> None:
    office: Office = await open_office(challenges="never", token_lapse=token_lapse)
    made = office.subscribe()
    await office.advanced(minutes=101)
    office.put(made, 1)
    await office.settle()
    assert office.states() == states
    assert office.numbers() == came
    assert not [endpoint for _, endpoint in office.outbox.endpoints] or came, "it does not count for the states"


@pytest.mark.facts("5.3")
async def test_a_renewal_lets_go_what_waits_for_it(open_office: Open) -> None:
    office: Office = await open_office(challenges="never", token_lapse="retried")
    made, other = office.subscribe(), office.subscribe(MAIL)
    await office.advanced(minutes=101)
    office.put(made, 1, 2)
    office.put(other, 3)
    await office.settle()
    office.authorize(made)
    await office.settle()
    assert office.numbers() == [[1, 2]]
    assert sorted(office.states()) == ["delivered", "waiting"]


@pytest.mark.facts("5.3")
async def test_what_waits_for_a_renewal_waits_four_hours(open_office: Open) -> None:
    office: Office = await open_office(challenges="never", token_lapse="retried")
    made = office.subscribe(**lasting(office))
    await office.advanced(minutes=101)
    office.put(made, 1)
    await office.settle()
    await office.advanced(hours=3, minutes=59)
    assert office.states() == ["waiting"]
    await office.advanced(minutes=2)
    assert office.states() == ["lapsed"]
    office.authorize(made)
    await office.settle()
    assert office.numbers() == []


async def test_one_that_lapsed_leaves_the_others_in_its_post_alone(office: Office) -> None:
    short, long = office.subscribe(authorized_until=office.clock.now()), office.subscribe(MAIL)
    office.put(short, 1)
    office.put(long, 2)
    office.put(short, 3)
    await office.settle()
    assert office.numbers() == [[2]]
    assert {tuple(each.subscription_ids): (each.state.value, each.size) for each in office.record()} == {
        (short.id,): ("lapsed", 2),
        (long.id,): ("delivered", 1),
    }


@pytest.mark.facts("5.2", "6")
@pytest.mark.parametrize(("resource", "told"), [(MAIL, ["missed"]), (TEAM, [])])
async def test_outlook_is_told_once_of_what_it_missed(office: Office, resource: str, told: list[str]) -> None:
    made = office.subscribe(resource, authorized_until=office.clock.now())
    for number in range(3):
        office.put(made, number)
        await office.settle()
    assert office.events() == told
    await office.advanced(minutes=10)
    assert office.events() == told * 2, "more was lost meanwhile"
    await office.advanced(minutes=30)
    assert office.events() == told * 2, "nothing was"


async def test_what_is_given_up_is_missed(office: Office) -> None:
    ever = office.clock.now() + dt.timedelta(days=2)
    made = office.subscribe(MAIL, expires_at=ever, authorized_until=ever)
    office.receiver.takings = {"/notifications": "refuse"}
    office.put(made, 1)
    await office.settle()
    await office.advanced(hours=5)
    assert office.events() == ["missed"]


async def test_without_a_lifecycle_url_nothing_is_told(office: Office) -> None:
    """Facts 6: they are delivered to that URL; it cannot be added later."""
    office.put(office.subscribe(MAIL, lifecycle_url=None), 1, lifecycle=True)
    await office.settle()
    assert office.record() == []
    assert office.receiver.received == []


async def test_what_waits_survives_a_restart(open_office: Open) -> None:
    before: Office = await open_office(challenges="never")
    made, gone = before.subscribe(), before.subscribe(MAIL, path="/gone")
    before.receiver.turns = ["refuse"] * 2
    before.put(made, 1, 2)
    before.put(gone, 3)
    await before.settle()
    saved = before.outbox.as_json()
    after: Office = await open_office(challenges="never")
    after.subscriptions.add(made)
    after.outbox.load(saved)
    (delivery,) = after.record()
    assert (delivery.state, delivery.size, len(delivery.attempts)) == (State.RETRYING, 2, 1)
    await after.advanced(seconds=11)
    assert after.numbers() == [[1, 2], [1, 2]]


async def test_what_was_put_and_not_yet_sent_is_saved_too(open_office: Open) -> None:
    before: Office = await open_office(challenges="never")
    made = before.subscribe()
    before.put(made, 1)
    saved = before.outbox.as_json()
    before.outbox.clear()
    after: Office = await open_office(challenges="never")
    after.subscriptions.add(made)
    after.outbox.load(saved)
    await after.settle()
    assert after.numbers() == [[1]]


async def test_what_was_on_its_way_at_the_end_is_sent_again_in_order(open_office: Open) -> None:
    """What gathered behind it comes after it, together as ever, and nothing is begun once the end has come."""
    before: Office = await open_office(challenges="never")
    made = before.subscribe()
    before.receiver.turns = ["silent"]
    before.put(made, *range(100))
    await before.received(1)
    before.put(made, *range(100, 250))
    await before.outbox.aclose()
    saved = before.outbox.as_json()
    after: Office = await open_office(challenges="never")
    after.subscriptions.add(made)
    after.outbox.load(saved)
    assert [item["item"]["number"] for each in after.outbox.as_json() for item in each["notifications"]] == [
        *range(250)
    ]
    await after.settle()
    assert after.numbers() == [[*range(100)], [*range(100)], [*range(100, 200)], [*range(200, 250)]]


@pytest.mark.facts("6")
async def test_the_news_of_a_removal_survives_a_restart(open_office: Open) -> None:
    """Its subscription does not."""
    before: Office = await open_office(challenges="never")
    made = before.subscribe(MAIL)
    before.receiver.turns = ["refuse"]
    before.lifecycle.remove(made)
    await before.settle()
    saved = json.loads(json.dumps(before.outbox.as_json()))
    after: Office = await open_office(challenges="never")
    after.outbox.load(saved)
    await after.advanced(seconds=11)
    assert after.events() == ["subscriptionRemoved"] * 2


@pytest.mark.parametrize("data", [{}, [1], [{"url": "x"}], [{"url": 1, "lifecycle": True, "notifications": []}]])
async def test_what_was_saved_badly_is_refused(office: Office, data: Any) -> None:
    with pytest.raises(EmulatorError):
        office.outbox.load(data)


async def test_clearing_breaks_off_what_is_under_way(office: Office) -> None:
    made = office.subscribe()
    office.receiver.turns = ["silent"]
    office.put(made, 1)
    await office.received(1)
    office.put(made, 2)
    office.agenda.clear()
    office.outbox.clear()
    office.put(made, 3)
    await office.settle()
    assert office.numbers() == [[1], [3]]
    assert office.states() == ["delivered"]


async def test_what_waits_has_a_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that is down does not take all memory."""
    monkeypatch.setattr(outboxes, "MOST_WAITING", 2)
    made = office.subscribe()
    office.put(made, 1, 2, 3)
    await office.settle()
    office.put(made, 4)
    await office.settle()
    assert office.numbers() == [[1, 2], [4]]
    assert sorted(office.states()) == ["delivered", "delivered", "givenUp"]


def test_the_record_keeps_the_newest() -> None:
    record, now = Deliveries(), dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    for _ in range(KEPT + 2):
        record.settle(record.open(Address("https://localhost/", lifecycle=False), [], now=now), State.DELIVERED)
    assert [each.id for each in record.newest(2)] == [str(KEPT + 1), str(KEPT + 2)]
    assert len(record.newest(None)) == KEPT
    assert record.opened == KEPT + 2


def test_what_is_taken_out_of_a_delivery_keeps_its_past() -> None:
    """Or 4 hours would begin anew, and so would the delay of slow state."""
    record, now = Deliveries(), dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    first, second = (Notification(subscription=subscription(TEAM), item={}) for _ in range(2))
    whole = record.open(Address("https://localhost/", lifecycle=False), [first, second], now=now)
    whole.attempts = [Attempt(at=now, seconds=0.1, status=503, error=None)]
    whole.last_chance, whole.put_off = now + dt.timedelta(hours=4), True
    part = record.split(whole, [second])
    assert (whole.notifications, part.notifications) == ([first], [second])
    assert (part.attempts, part.last_chance, part.put_off) == (whole.attempts, whole.last_chance, True)
