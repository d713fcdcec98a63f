"""What Graph tells about a subscription itself, and when."""

import asyncio
import dataclasses
import datetime as dt
import itertools
import time
from typing import Any

import httpx
import pytest

from reconciler.emulator.instants import spell_long
from reconciler.emulator.model.subscriptions import Subscription
from reconciler.emulator.notifications.authorization import REVOKED, Leave, leave
from reconciler.emulator.notifications.challenges import is_challenged, next_turn
from tests.emulator.conftest import Create, soon
from tests.emulator.notifications.conftest import Open
from tests.emulator.notifications.office import MAIL, TEAM, Office
from tests.emulator.notifications.telling import subscription
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def after(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def made(*, token: float = 60, life: float = 1000, **changes: Any) -> Subscription:
    """Created at ``NOW``; minutes."""
    return subscription(TEAM, created_at=NOW, authorized_until=after(token), expires_at=after(life), **changes)


REVOKED_ONE = dataclasses.replace(made(), authorized_until=REVOKED)


def challenged(each: Subscription, *, challenges: str, answered: bool = False) -> list[int]:
    """The minutes at which it is challenged, looked at each minute of its life; answered by a new token at once."""
    last, found = None, []
    for minute in range(int((each.expires_at - NOW).total_seconds() // 60)):
        now = after(minute)
        if is_challenged(each, last, challenges=challenges, now=now):
            last = now
            found.append(minute)
            if answered:
                lapse = now + dt.timedelta(hours=1)
                each = dataclasses.replace(each, reauthorized_at=now, authorized_until=lapse)
    return found


@pytest.mark.facts("6")
@pytest.mark.parametrize(
    ("challenges", "token", "life", "answered", "expected"),
    [
        pytest.param("often", 60, 120, False, [45, 60, 75, 90, 105], id="at a quarter of the token, then every 15"),
        pytest.param("often", 60, 240, True, [45, 90, 135, 180, 216, 231], id="answered each time"),
        pytest.param("often", 24 * 60, 100, False, [90], id="before it expires, though the token lasts"),
        pytest.param("often", 40, 45, False, [30], id="both at their own time"),
        pytest.param("rarely", 60, 1000, False, [900], id="rarely: when a tenth of its life is left"),
        pytest.param("rarely", 60, 1000, True, [900], id="rarely is once"),
        pytest.param("never", 60, 1000, False, [], id="never"),
    ],
)
def test_when_it_is_challenged(challenges: str, token: float, life: float, *, answered: bool, expected: Any) -> None:
    assert challenged(made(token=token, life=life), challenges=challenges, answered=answered) == expected


@pytest.mark.facts("6")
@pytest.mark.parametrize(
    ("each", "last", "expected"),
    [
        pytest.param(made(), None, 45, id="never before"),
        pytest.param(made(), 50, 65, id="lately"),
        pytest.param(made(reauthorized_at=after(50)), 45, 57.5, id="answered, with what was left of that token"),
        pytest.param(made(life=40), None, 36, id="it expires before the token"),
        pytest.param(made(life=40, reauthorized_at=after(39)), 36, 54, id="not for its end again at once"),
        pytest.param(made(life=100, renewed_at=after(50)), None, 57.5, id="a renewal begins a life"),
    ],
)
def test_next_turn(each: Subscription, last: float | None, expected: float) -> None:
    assert next_turn(each, None if last is None else after(last), challenges="often") == after(expected)


@pytest.mark.facts("6")
@pytest.mark.parametrize("challenges", ["often", "rarely", "never"])
@pytest.mark.parametrize(("token", "life"), [(60, 120), (60, 610), (24 * 60, 100), (60, 1000)])
def test_turns_miss_no_challenge(challenges: str, token: float, life: float) -> None:
    """Whoever is looked at in its turns only is challenged as if somebody looked all the time."""
    each, last, found = made(token=token, life=life), None, []
    while (now := next_turn(each, last, challenges=challenges)) is not None and now < each.expires_at:
        assert is_challenged(each, last, challenges=challenges, now=now)
        last = now
        found.append(round((now - NOW).total_seconds() / 60))
    assert found == challenged(each, challenges=challenges)


@pytest.mark.facts("5.3", "6")
@pytest.mark.parametrize(
    ("each", "token_lapse", "expected"),
    [
        (None, "ignored", Leave.GONE),
        (made(token=1), "lost", Leave.GIVEN),
        (made(token=0), "lost", Leave.LAPSED),
        (made(token=0), "retried", Leave.WAITING),
        (made(token=0), "ignored", Leave.GIVEN),
        (REVOKED_ONE, "ignored", Leave.LAPSED),
        (REVOKED_ONE, "retried", Leave.WAITING),
    ],
)
def test_whether_it_may_be_delivered(each: Subscription | None, token_lapse: str, expected: Leave) -> None:
    assert leave(each, token_lapse=token_lapse, now=NOW) is expected


@pytest.mark.facts("6")
@pytest.mark.parametrize("client_state", ["secret", None])
async def test_a_challenge_says_this_and_no_more(office: Office, client_state: str | None) -> None:
    office.behaviours.change({"challenges": "often"})
    each = office.subscribe(client_state=client_state)
    await office.advanced(minutes=75, seconds=1)
    item = {
        "subscriptionId": each.id,
        "subscriptionExpirationDateTime": spell_long(each.expires_at),
        "tenantId": each.tenant,
        "clientState": client_state,
        "lifecycleEvent": "reauthorizationRequired",
    }
    expected = {name: value for name, value in item.items() if value is not None}
    assert office.receiver.items("/lifecycle") == [expected]


@pytest.mark.facts("6")
async def test_an_answer_ends_the_challenges(open_office: Open) -> None:
    """Of a subscription for 160 minutes with a token of 100; the renewal brings a token of 60."""
    office: Office = await open_office(challenges="often")
    each = office.subscribe()
    for _ in range(3):
        await office.advanced(minutes=30, seconds=10)
    assert office.events() == ["reauthorizationRequired"]
    office.authorize(each)
    await office.advanced(minutes=44)
    assert office.events() == ["reauthorizationRequired"]
    await office.advanced(minutes=2)
    assert office.events() == ["reauthorizationRequired"] * 2


@pytest.mark.facts("6")
async def test_challenges_come_although_the_token_has_lapsed(open_office: Open) -> None:
    office: Office = await open_office(challenges="often")
    office.subscribe()
    await office.advanced(minutes=120)
    await office.advanced(minutes=15)
    assert office.events() == ["reauthorizationRequired"] * 2


@pytest.mark.facts("6")
async def test_a_behaviour_that_is_changed_counts_at_once(office: Office) -> None:
    office.subscribe()
    await office.advanced(minutes=80)
    assert office.events() == []
    office.behaviours.change({"challenges": "often"})
    await office.settle()
    assert office.events() == ["reauthorizationRequired"]
    office.behaviours.change({"challenges": "never"})
    await office.advanced(minutes=30)
    assert office.events() == ["reauthorizationRequired"]


async def test_nobody_has_a_turn_where_nobody_is_challenged(office: Office) -> None:
    """A month of ten thousand subscriptions would else be 29 million looks."""
    each = office.subscribe()
    office.authorize(each)
    assert len(office.lifecycle._challenges) == 0
    assert len(office.agenda) == 0


async def test_who_expires_is_not_told(open_office: Open) -> None:
    """Facts 6: no event is for that."""
    office: Office = await open_office(challenges="often")
    office.subscribe(MAIL)
    await office.advanced(days=30)
    assert office.events() == []
    assert len(office.subscriptions) == 0


async def test_ten_thousand_and_a_month_in_one_step(open_office: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one challenge each, and nobody else is kept waiting for long."""
    office: Office = await open_office(challenges="often")
    sent: list[str] = []
    monkeypatch.setattr(office.outbox, "put", lambda notification: sent.append(notification.subscription.id))
    short, long = office.subscribe(MAIL), office.subscribe(MAIL, expires_at=office.clock.now() + dt.timedelta(days=31))
    for number in range(9998):
        each = dataclasses.replace(long if number % 2 else short, id=str(number))
        office.subscriptions.add(each)
        office.lifecycle.authorized(each)
    office.advance(days=30)
    longest, last = 0.0, time.monotonic()
    while office.agenda.is_due:
        await asyncio.sleep(0)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert len(sent) == len(set(sent)) == 5000
    assert longest < 1.0


async def test_ended_subscriptions_take_no_place(open_office: Open) -> None:
    office: Office = await open_office(challenges="often")
    model = office.subscribe(MAIL)
    for number in range(5000):
        each = dataclasses.replace(model, id=str(number))
        office.subscriptions.add(each)
        office.lifecycle.authorized(each)
        office.subscriptions.remove(each)
    assert len(office.lifecycle._challenges) < 2000
    assert len(office.agenda) < 2000


@pytest.mark.facts("6")
@pytest.mark.parametrize(
    ("challenges", "told"),
    [("often", ["reauthorizationRequired"]), ("rarely", ["reauthorizationRequired"]), ("never", [])],
)
async def test_a_permission_is_taken_away(open_office: Open, challenges: str, told: list[str]) -> None:
    """Nothing is delivered until a renewal succeeds; others that it does not concern go on."""
    office: Office = await open_office(challenges=challenges, token_lapse="ignored")
    team, mail, user = office.subscribe(), office.subscribe(MAIL), office.subscribe(MAIL, delegated=True)
    office.lifecycle.registered(dataclasses.replace(office.app, roles=("Mail.Read",)))
    for number, each in enumerate((team, mail, user)):
        office.put(each, number)
    await office.settle()
    assert [*itertools.chain(*office.numbers())] == [1, 2]
    assert [item["subscriptionId"] for item in office.receiver.items("/lifecycle")] == [team.id] * len(told)
    office.lifecycle.registered(dataclasses.replace(office.app, roles=("Mail.Read",)))
    office.authorize(team)
    office.put(team, 3)
    await office.settle()
    assert [*itertools.chain(*office.numbers())] == [1, 2, 3]
    assert office.events() == told, "not told again"


async def test_after_a_restart_it_goes_on(open_office: Open) -> None:
    before: Office = await open_office(challenges="often")
    each = before.subscribe()
    office: Office = await open_office(challenges="often")
    office.subscriptions.add(each)
    office.lifecycle.resume()
    await office.advanced(minutes=76)
    assert office.events() == ["reauthorizationRequired"]


# Over HTTP


def tell(emulator: RunningEmulator, identifier: object, event: object) -> Any:
    return emulator.control("POST", "lifecycle", {"subscriptionId": identifier, "event": event})


def settled(emulator: RunningEmulator) -> list[dict[str, Any]]:
    answer = emulator.control("GET", "deliveries?settled=5")
    assert answer["settled"]
    value: list[dict[str, Any]] = answer["value"]
    return value


@pytest.mark.facts("6")
@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_outlook_is_told_everything(
    emulator: RunningEmulator, receiver: ValidationReceiver, create: Create, event: str
) -> None:
    identifier = create(resource=MAIL).json()["id"]
    assert tell(emulator, identifier, event) == {"subscriptionId": identifier, "event": event}
    settled(emulator)
    assert [item["lifecycleEvent"] for item in receiver.items("/lifecycle")] == [event]
    assert bool(emulator.subscriptions()) is (event != "subscriptionRemoved")


@pytest.mark.facts("6")
@pytest.mark.parametrize("event", ["subscriptionRemoved", "missed"])
def test_a_team_is_not(emulator: RunningEmulator, create: Create, event: str) -> None:
    identifier = create().json()["id"]
    with pytest.raises(ValueError, match=f"400 .*Graph never sends '{event}'"):
        tell(emulator, identifier, event)
    assert len(emulator.subscriptions()) == 1


@pytest.mark.facts("6")
def test_removed_in_silence(emulator: RunningEmulator, receiver: ValidationReceiver, create: Create) -> None:
    identifier = create().json()["id"]
    tell(emulator, identifier, "removed")
    assert settled(emulator) == []
    assert emulator.subscriptions() == []


def test_no_url_no_event(emulator: RunningEmulator, create: Create) -> None:
    identifier = create(resource="users", lifecycleNotificationUrl=None).json()["id"]
    with pytest.raises(ValueError, match="has no lifecycleNotificationUrl"):
        tell(emulator, identifier, "reauthorizationRequired")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"subscriptionId": "x", "event": "missed"}, "there is no subscription 'x'"),
        (
            {"subscriptionId": "x", "event": "gone"},
            "one of reauthorizationRequired, subscriptionRemoved, missed, removed",
        ),
        ({"subscriptionId": "x", "event": ["missed"]}, "one of"),
        ({"event": "missed"}, "the keys subscriptionId and event"),
        ([], "must be a JSON object"),
    ],
)
def test_events_that_are_asked_for_badly(emulator: RunningEmulator, data: object, reason: str) -> None:
    with pytest.raises(ValueError, match=f"400 .*{reason}"):
        emulator.control("POST", "lifecycle", data)


@pytest.mark.facts("5.3", "6")
def test_an_administrator_takes_a_permission_away(
    emulator: RunningEmulator, receiver: ValidationReceiver, client: httpx.Client, create: Create
) -> None:
    """The app is registered again with less; a renewal with a token that has it brings it back."""
    created = create().json()
    info = emulator.info
    app = {"tenantId": info["tenantId"], "clientId": info["clientId"], "clientSecret": info["clientSecret"]}
    emulator.register(**app, roles=["Mail.Read"])
    settled(emulator)
    assert [item["lifecycleEvent"] for item in receiver.items("/lifecycle")] == ["reauthorizationRequired"]
    assert emulator.subscriptions()[0]["authorizedUntil"] == "0001-01-01T00:00:00Z"
    path = f"/v1.0/subscriptions/{created['id']}"
    assert client.patch(path, json={"expirationDateTime": soon(minutes=130)}).status_code == 200
    assert emulator.subscriptions()[0]["authorizedUntil"] > soon(minutes=0)


@pytest.mark.facts("6")
def test_challenges_follow_the_clock(
    emulator: RunningEmulator, receiver: ValidationReceiver, client: httpx.Client, create: Create
) -> None:
    """By a real token of an hour, and answered by a reauthorization."""
    identifier = create().json()["id"]
    emulator.advance(46 * 60)
    settled(emulator)
    assert len(receiver.items("/lifecycle")) == 1
    client.headers["Authorization"] = f"Bearer {emulator.token()}"
    assert client.post(f"/v1.0/subscriptions/{identifier}/reauthorize").status_code in {200, 202, 204}
    emulator.advance(40 * 60)
    settled(emulator)
    assert len(receiver.items("/lifecycle")) == 1


def test_after_a_reset_nobody_is_challenged(
    emulator: RunningEmulator, receiver: ValidationReceiver, create: Create
) -> None:
    create()
    emulator.reset()
    emulator.advance(80 * 60)
    assert settled(emulator) == []
