"""Renewal and reauthorization: never both within 10 minutes, nor at once (facts 3.1, 6)."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

TOO_SOON = (
    "Operation: Update; Exception: [Status Code: Conflict; Reason: "
    "The subscription was renewed or reauthorized less than 10 minutes ago; only one of both is needed.]"
)


@pytest.fixture
def path(create: Create) -> str:
    return f"/v1.0/subscriptions/{create().json()['id']}"


def renew(client: httpx.Client, path: str) -> httpx.Response:
    return client.patch(path, json={"expirationDateTime": soon(days=2)})


def reauthorize(client: httpx.Client, path: str) -> httpx.Response:
    return client.post(f"{path}/reauthorize")


def state(emulator: RunningEmulator) -> dict[str, Any]:
    return emulator.subscriptions()[0]


@pytest.mark.facts("3.1", "6")
@pytest.mark.parametrize(("first", "second"), [(renew, reauthorize), (reauthorize, renew)])
def test_the_second_is_refused(
    client: httpx.Client, emulator: RunningEmulator, path: str, first: Any, second: Any
) -> None:
    """By 409, and nothing has changed; the same again is allowed, and after 10 minutes the other one too."""
    assert first(client, path).is_success
    before = state(emulator)
    assert error(second(client, path)) == (409, "ExtensionError", TOO_SOON)
    assert state(emulator) == before
    assert first(client, path).is_success
    emulator.advance(599)
    assert second(client, path).status_code == 409
    emulator.advance(2)
    assert second(client, path).is_success


@pytest.mark.facts("3.1", "6")
@pytest.mark.parametrize(("first", "second"), [(renew, reauthorize), (reauthorize, renew)])
def test_the_second_says_that_it_was_done(
    client: httpx.Client, emulator: RunningEmulator, path: str, first: Any, second: Any
) -> None:
    emulator.behave(renew_and_reauthorize="inconsistent")
    assert first(client, path).is_success
    before = state(emulator)
    assert second(client, path).is_success
    assert state(emulator) == before


@pytest.mark.parametrize(("first", "second"), [(renew, reauthorize), (reauthorize, renew)])
def test_both_are_allowed(client: httpx.Client, emulator: RunningEmulator, path: str, first: Any, second: Any) -> None:
    emulator.behave(renew_and_reauthorize="allowed")
    assert first(client, path).is_success
    assert second(client, path).is_success
    assert state(emulator)["renewedDateTime"]
    assert state(emulator)["reauthorizedDateTime"]


def test_reauthorizing_what_is_new_is_fine(client: httpx.Client, path: str) -> None:
    """Creation is neither of both."""
    assert reauthorize(client, path).status_code == 204


@pytest.mark.facts("3.1", "6")
async def test_two_at_once(
    client: httpx.Client, emulator: RunningEmulator, receiver: ValidationReceiver, path: str
) -> None:
    """Both wait for the endpoints at the same time; who is later is refused."""
    receiver.mode, receiver.delay = "slow", 0.1
    async with emulator.async_client(headers={"Authorization": client.headers["Authorization"]}) as both:
        answers = await asyncio.gather(
            both.patch(path, json={"expirationDateTime": soon(days=2)}), both.post(f"{path}/reauthorize")
        )
    assert sorted(answer.is_success for answer in answers) == [False, True]
    assert {answer.status_code for answer in answers} - {200, 204} == {409}
