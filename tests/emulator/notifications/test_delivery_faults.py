"""What goes wrong with deliveries on request."""

import itertools
import random
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.emulator import faults
from reconciler.emulator.errors import EmulatorError
from tests.emulator.notifications.office import MAIL, Office


def order(office: Office, deliveries: Mapping[str, Any]) -> None:
    office.faults.become(faults.parse({"deliveries": deliveries}))


@pytest.mark.facts("5.4")
async def test_in_reverse(office: Office) -> None:
    """There is no order to rely on."""
    order(office, {"order": "reversed"})
    made = office.subscribe()
    office.put(made, *range(150))
    await office.settle()
    assert [*itertools.chain(*office.numbers())] == [*range(149, 49, -1), *range(50)]


async def test_in_any_order(office: Office) -> None:
    order(office, {"order": "shuffled"})
    random.seed(1)
    office.put(office.subscribe(), *range(50))
    await office.settle()
    (numbers,) = office.numbers()
    assert numbers != sorted(numbers)
    assert sorted(numbers) == [*range(50)]


@pytest.mark.facts("5.4")
async def test_again_and_again(office: Office) -> None:
    order(office, {"repeat": 2})
    office.put(office.subscribe(), 1)
    await office.settle()
    assert office.numbers() == [[1], [1], [1]]
    assert len(office.record()) == 1


@pytest.mark.facts("1.7")
async def test_late(office: Office) -> None:
    order(office, {"delay": 60})
    office.put(office.subscribe(), 1)
    await office.settle()
    await office.advanced(seconds=50)
    assert office.numbers() == []
    await office.advanced(seconds=11)
    assert office.numbers() == [[1]]


async def test_lost(office: Office) -> None:
    """Not told of either: nobody knows."""
    order(office, {"lose": 1})
    made = office.subscribe(MAIL)
    office.put(made, 1)
    await office.settle()
    office.put(made, 2)
    await office.settle()
    assert office.numbers() == [[2]]
    assert office.events() == []
    assert office.states() == ["dropped", "delivered"]
    assert office.faults.deliveries.lose == 0


@pytest.mark.facts("2.3")
@pytest.mark.parametrize(
    ("fault", "item", "expected"),
    [
        pytest.param(
            {"letterCase": "odd"},
            {"changeType": "created", "encryptedContent": {"data": "x"}, "tenantId": "t"},
            {"changeType": "Created", "EncryptedContent": {"data": "x"}, "tenantId": "t"},
            id="odd letter case",
        ),
        pytest.param(
            {"letterCase": "odd"},
            {"lifecycleEvent": "missed", "tenantId": "t"},
            {"lifecycleEvent": "missed", "tenantId": "t"},
            id="lifecycle items stay",
        ),
        pytest.param(
            {"organizationId": "alone"},
            {"lifecycleEvent": "missed", "tenantId": "t"},
            {"lifecycleEvent": "missed", "organizationId": "t"},
            id="organizationId alone",
        ),
        pytest.param(
            {"organizationId": "alone"},
            {"tenantId": "t", "organizationId": "t"},
            {"organizationId": "t"},
            id="organizationId is there already",
        ),
        pytest.param({}, {"changeType": "created"}, {"changeType": "created"}, id="none"),
    ],
)
def test_spoilt_items(fault: Mapping[str, Any], item: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    ordered = faults.parse({"deliveries": fault}).deliveries
    body = {"value": [item], "validationTokens": ["token"]}
    assert ordered.spoil(body) == {"value": [expected], "validationTokens": ["token"]}


async def test_items_are_spoilt_on_their_way(office: Office) -> None:
    order(office, {"letterCase": "odd", "organizationId": "alone"})
    made = office.subscribe()
    office.put(made, 1)
    await office.settle()
    assert office.receiver.items() == [
        {"number": 1, "subscriptionId": made.id, "changeType": "Updated", "organizationId": made.tenant}
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, {"/notifications": [[1]], "/lifecycle": [[2]]}),
        ("other", {"/notifications": [[1], [2]], "/lifecycle": []}),
        ("swapped", {"/notifications": [[2]], "/lifecycle": [[1]]}),
    ],
)
async def test_at_the_other_url(office: Office, fault: str | None, expected: Mapping[str, Any]) -> None:
    order(office, {"lifecycleUrl": fault})
    made = office.subscribe()
    office.put(made, 1)
    await office.settle()
    office.put(made, 2, lifecycle=True)
    await office.settle()
    assert {path: office.numbers(path) for path in expected} == expected


async def test_swapped_without_a_lifecycle_url(office: Office) -> None:
    order(office, {"lifecycleUrl": "swapped"})
    office.put(office.subscribe(lifecycle_url=None), 1)
    await office.settle()
    assert office.numbers() == [[1]]


@pytest.mark.parametrize(
    "broken",
    [
        {"order": "sideways"},
        {"repeat": 101},
        {"repeat": -1},
        {"delay": "soon"},
        {"lose": True},
        {"letterCase": "even"},
        {"lifecycleUrl": "none"},
        {"organizationId": True},
        {"unknown": 1},
    ],
)
def test_unknown_faults_are_refused(broken: Mapping[str, Any]) -> None:
    with pytest.raises(EmulatorError, match=next(iter(broken))):
        faults.parse({"deliveries": broken})
