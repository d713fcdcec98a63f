"""How endpoints stand with Graph: tables of answers and what becomes of the next notification."""

import asyncio
import datetime as dt

import pytest

from reconciler.emulator.notifications.endpoints import (
    PROBES,
    Endpoint,
    Endpoints,
    Response,
    State,
    Verdict,
    endpoint_of,
)
from tests.emulator.notifications.conftest import Open
from tests.emulator.notifications.office import MAIL, Office

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
FAST = Response(notifications=1, over_first=False, over_retry=False)
SLOW = Response(notifications=1, over_first=True, over_retry=False)
HANGING = Response(notifications=1, over_first=True, over_retry=True)


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def endpoint(*, fast: int = 0, slow: int = 0, hanging: int = 0, now: dt.datetime = NOW) -> Endpoint:
    made = Endpoint()
    for response, count in ((FAST, fast), (SLOW, slow), (HANGING, hanging)):
        for _ in range(count):
            made.record(response, now)
    return made


@pytest.mark.facts("5.2")
@pytest.mark.parametrize(
    ("fast", "slow", "hanging", "state"),
    [
        pytest.param(100, 0, 0, State.GOOD, id="all in time"),
        pytest.param(0, 99, 0, State.GOOD, id="counting starts after 100"),
        pytest.param(0, 100, 0, State.SLOW, id="all slow"),
        pytest.param(90, 10, 0, State.GOOD, id="ten percent are no more than ten"),
        pytest.param(89, 11, 0, State.SLOW, id="eleven are"),
        pytest.param(85, 0, 15, State.SLOW, id="fifteen hang"),
        pytest.param(84, 0, 16, State.DROP, id="sixteen hang"),
        pytest.param(0, 0, 100, State.DROP, id="all hang"),
    ],
)
def test_shares_decide(fast: int, slow: int, hanging: int, state: State) -> None:
    assert endpoint(fast=fast, slow=slow, hanging=hanging).state is state


@pytest.mark.facts("5.2")
def test_one_post_with_many_notifications_is_one_response() -> None:
    made = Endpoint()
    made.record(Response(notifications=100, over_first=True, over_retry=False), NOW)
    assert made.state is State.SLOW


@pytest.mark.facts("5.2")
def test_only_ten_minutes_count() -> None:
    made = endpoint(slow=99)
    made.record(SLOW, NOW + minutes(11))
    assert made.state is State.GOOD
    assert made.window(NOW + minutes(11)).responses == 1


@pytest.mark.facts("5.2")
def test_slow_delays_and_lets_a_sample_through_every_ten_minutes() -> None:
    made = endpoint(slow=100)
    assert made.admit(NOW + minutes(9.9)) is Verdict.DELAY
    then = NOW + minutes(10)
    assert [made.admit(then) for _ in range(4)] == [Verdict.SEND] * 3 + [Verdict.DELAY]
    made.record(SLOW, then)
    assert made.admit(then + minutes(9.9)) is Verdict.DELAY
    assert made.admit(then + minutes(10)) is Verdict.SEND


@pytest.mark.facts("5.2")
@pytest.mark.parametrize(
    ("before", "probes", "state"),
    [
        (SLOW, [FAST] * 3, State.GOOD),
        (SLOW, [FAST] * 2, State.SLOW),
        (SLOW, [FAST, FAST, SLOW], State.SLOW),
        (HANGING, [FAST] * 3, State.GOOD),
        (HANGING, [SLOW] * 3, State.GOOD),
        (HANGING, [FAST, HANGING, FAST], State.DROP),
    ],
)
def test_how_it_is_left(before: Response, probes: list[Response], state: State) -> None:
    made = endpoint()
    for _ in range(100):
        made.record(before, NOW)
    for probe in probes:
        made.admit(NOW + minutes(10))
        made.record(probe, NOW + minutes(10))
    assert made.state is state


@pytest.mark.facts("5.2")
def test_drop_drops_for_ten_minutes() -> None:
    made = endpoint(hanging=100)
    assert made.admit(NOW + minutes(9.9)) is Verdict.DROP
    made.record(FAST, NOW + minutes(5))
    assert made.admit(NOW + minutes(9.9)) is Verdict.DROP, "what was under way is no probe"
    assert [made.admit(NOW + minutes(10)) for _ in range(4)] == [Verdict.SEND] * 3 + [Verdict.DROP]


@pytest.mark.facts("5.2")
def test_slow_becomes_drop() -> None:
    made = endpoint(slow=100)
    for _ in range(18):
        made.record(HANGING, NOW + minutes(1))
    assert made.state is State.DROP


def test_after_it_was_left_the_past_is_forgotten() -> None:
    made = endpoint(slow=100)
    then = NOW + minutes(10)
    for _ in range(3):
        made.admit(then)
        made.record(FAST, then)
    made.record(SLOW, then)
    assert made.state is State.GOOD
    assert made.window(then).responses == 1


@pytest.mark.facts("5.2")
@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://LOCALHOST:8000/n?other", True),
        ("https://localhost:8000/n#x", True),
        ("https://localhost:8000/N", False),
        ("https://localhost:8001/n", False),
        ("https://127.0.0.1:8000/n", False),
    ],
)
def test_what_shares_a_record(url: str, *, same: bool) -> None:
    assert (endpoint_of(url) == endpoint_of("https://localhost:8000/n?one")) is same


def test_an_idle_endpoint_is_forgotten() -> None:
    endpoints = Endpoints()
    endpoints.at("https://localhost/idle", NOW).record(FAST, NOW)
    bad = endpoints.at("https://localhost/bad", NOW)
    for _ in range(100):
        bad.record(SLOW, NOW)
    endpoints.at("https://localhost/new", NOW + minutes(11))
    assert [url for url, _ in endpoints] == ["https://localhost/bad", "https://localhost/new"]


@pytest.mark.facts("5.2")
async def test_a_slow_endpoint_gets_new_ones_ten_minutes_later(open_office: Open) -> None:
    """Whatever their subscription."""
    office: Office = await open_office(challenges="never", first_limit=0.3)
    made, other = office.subscribe(path="/n?one"), office.subscribe(MAIL, path="/n?other")
    office.receiver.turns, office.receiver.delay = ["slow"], 0.35
    office.put(made, *range(100))
    await office.settle()
    office.put(other, 100)
    await office.settle()
    late = office.record()[-1]
    assert (late.state.value, late.reason) == ("waiting", "the endpoint is in slow state")
    assert len(office.receiver.received) == 1
    await office.advanced(minutes=10)
    assert [100] in office.numbers("/n")


@pytest.mark.facts("5.2", "6")
async def test_a_hanging_endpoint_loses_notifications(open_office: Open) -> None:
    """Outlook's are told of, when the endpoint is tried again."""
    office: Office = await open_office(challenges="never", first_limit=0.4, retry_limit=0.4)
    made = office.subscribe(MAIL, lifecycle_url=office.receiver.url("/notifications"))
    office.receiver.turns = ["silent"]
    office.put(made, *range(100))
    await office.settle()
    office.put(made, 100)
    await office.settle()
    assert [each.state.value for each in office.record()] == ["retrying", "dropped", "waiting"]
    await office.advanced(minutes=10)
    assert office.events("/notifications")[-1:] == ["missed"]


@pytest.mark.facts("5.2")
async def test_what_waits_for_the_end_of_drop_state_waits_for_the_probes_too(open_office: Open) -> None:
    """While they hang it is looked at now and then, not all the time."""
    office: Office = await open_office(challenges="never")
    made = office.subscribe(MAIL, lifecycle_url=office.receiver.url("/notifications"))
    endpoint = office.outbox.endpoints.at(made.notification_url, office.clock.now())
    for _ in range(100):
        endpoint.record(HANGING, office.clock.now())
    office.put(made, 1, lifecycle=True)
    await office.settle()
    office.receiver.turns = ["silent"] * PROBES
    for number in range(PROBES):
        office.put(office.subscribe(MAIL, path=f"/notifications?{number}"), number)
    office.clock.advance(dt.timedelta(minutes=10))
    await office.received(PROBES)
    office.agenda.wake()
    await asyncio.sleep(0.05)
    late = office.record()[0]
    assert late.next_attempt is not None
    assert late.next_attempt > office.clock.now()
    office.receiver.reset()


@pytest.mark.facts("5.2")
async def test_slow_state_delays_new_ones_only_and_each_once(office: Office) -> None:
    """Not what is tried again, nor what has waited its 10 minutes and is no part of the sample."""
    made = office.subscribe()
    office.receiver.turns = ["refuse"]
    office.put(made, 1)
    await office.settle()
    for _ in range(100):
        office.outbox.endpoints.at(made.notification_url, office.clock.now()).record(SLOW, office.clock.now())
    await office.advanced(seconds=11)
    for number in range(2, 4 + PROBES):
        office.put(office.subscribe(path=f"/notifications?{number}"), number)
    await office.settle()
    assert office.numbers() == [[1], [1]]
    await office.advanced(minutes=10)
    assert sorted(office.numbers()[2:]) == [[number] for number in range(2, 4 + PROBES)]


@pytest.mark.facts("5.2")
async def test_the_probes_of_drop_state_have_as_long_as_retries(open_office: Open) -> None:
    office: Office = await open_office(challenges="never", first_limit=0.05)
    made = office.subscribe()
    for _ in range(100):
        office.outbox.endpoints.at(made.notification_url, office.clock.now()).record(HANGING, office.clock.now())
    office.receiver.turns, office.receiver.delay = ["slow"], 0.2
    await office.advanced(minutes=10)
    office.put(made, 1)
    await office.settle()
    assert office.states() == ["delivered"]
