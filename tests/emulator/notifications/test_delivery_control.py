"""What one can see of deliveries and endpoints over the control path."""

import datetime as dt
from typing import Any

import pytest

from reconciler.emulator.instants import parse
from tests.emulator.conftest import Create
from tests.emulator.notifications.office import MAIL
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver


def missed(emulator: RunningEmulator, identifier: str) -> None:
    emulator.control("POST", "lifecycle", {"subscriptionId": identifier, "event": "missed"})


def deliveries(emulator: RunningEmulator, more: str = "") -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = emulator.control("GET", f"deliveries?settled=5{more}")["value"]
    return value


def instant(text: str) -> dt.datetime:
    found = parse(text)
    assert found is not None
    return found


def test_a_delivery_with_its_attempts(emulator: RunningEmulator, receiver: ValidationReceiver, create: Create) -> None:
    receiver.turns = ["refuse"]
    identifier = create(resource=MAIL).json()["id"]
    missed(emulator, identifier)
    (delivery,) = deliveries(emulator)
    (attempt,) = delivery.pop("attempts")
    assert attempt.pop("seconds") > 0
    assert instant(attempt.pop("at")) >= instant(delivery.pop("createdDateTime"))
    assert attempt == {"status": 503, "error": None}
    assert instant(delivery.pop("nextAttempt")) > instant(emulator.control("GET", "clock")["now"])
    assert delivery.pop("id").isdigit()
    assert delivery == {
        "url": receiver.url("/lifecycle"),
        "subscriptionIds": [identifier],
        "kind": "lifecycle",
        "notifications": 1,
        "state": "retrying",
        "reason": None,
    }
    emulator.advance(11)
    (delivery,) = deliveries(emulator)
    assert delivery["state"] == "delivered"
    assert delivery["nextAttempt"] is None
    assert [each["status"] for each in delivery["attempts"]] == [503, 202]


def test_those_of_one_subscription_and_the_newest(
    emulator: RunningEmulator, receiver: ValidationReceiver, create: Create
) -> None:
    one, other = (create(resource=MAIL).json()["id"] for _ in range(2))
    for identifier in (one, other, one):
        missed(emulator, identifier)
        deliveries(emulator)
    everything = deliveries(emulator)
    assert [each["subscriptionIds"] for each in everything] == [[one], [other], [one]]
    assert deliveries(emulator, f"&subscriptionId={one}") == [everything[0], everything[2]]
    assert deliveries(emulator, "&limit=2") == everything[1:]
    assert emulator.control("GET", "deliveries?limit=0")["value"] == []


def test_whether_it_is_settled(emulator: RunningEmulator, receiver: ValidationReceiver, create: Create) -> None:
    receiver.turns = ["silent"]
    missed(emulator, create(resource=MAIL).json()["id"])
    assert emulator.control("GET", "deliveries?settled=0.05")["settled"] is False
    emulator.reset()
    assert emulator.control("GET", "deliveries?settled=5")["settled"] is True


@pytest.mark.facts("5.2")
def test_how_endpoints_stand(emulator: RunningEmulator, receiver: ValidationReceiver, create: Create) -> None:
    """Without the query: all subscriptions share it."""
    url = receiver.url("/lifecycle")
    for number in range(2):
        missed(emulator, create(resource=MAIL, lifecycleNotificationUrl=f"{url}?number={number}").json()["id"])
    deliveries(emulator)
    (endpoint,) = emulator.control("GET", "endpoints")["value"]
    assert endpoint == {
        "url": url,
        "state": "good",
        "until": None,
        "probing": False,
        "notifications": 2,
        "responses": 2,
        "overFirst": 0,
        "overRetry": 0,
    }


@pytest.mark.parametrize("query", ["settled=soon", "settled=-1", "settled=601", "settled=nan", "limit=x", "newest=1"])
def test_questions_that_make_no_sense(emulator: RunningEmulator, query: str) -> None:
    with pytest.raises(ValueError, match="400"):
        emulator.control("GET", f"deliveries?{query}")
