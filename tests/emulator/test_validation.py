"""Whether endpoints are there (facts 4): what is sent, what counts as an answer, which text a refusal has."""

import contextlib
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.connections import Answer
from reconciler.emulator.faults import Faults
from reconciler.emulator.graph.validation import Endpoints, check
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.outgoing import Outgoing
from tests.emulator.conftest import Create, soon
from tests.emulator.test_create import error
from tests.support.emulator import RunningEmulator
from tests.support.receiver import Mode, ValidationReceiver

FAILED = "Subscription validation request failed. "
OK = "Notification endpoint must respond with 200 OK to validation request."


def paths(receiver: ValidationReceiver) -> list[str]:
    return [each.path.partition("?")[0] for each in receiver.received]


@pytest.mark.facts("4")
def test_what_is_sent(create: Create, receiver: ValidationReceiver) -> None:
    """Facts 4.1, 4.2: the query is kept, the token is full of pitfalls."""
    assert create().status_code == 201
    assert paths(receiver) == ["/notifications", "/lifecycle"]
    first, second = receiver.received
    assert first.method == "POST"
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert first.body == b""
    assert first.path.startswith("/notifications?who=me&validationToken=Validation%3A%20")
    assert second.path.startswith("/lifecycle?validationToken=")
    assert first.token != second.token
    assert first.token is not None
    assert all(pitfall in first.token for pitfall in (" ", ":", "+", "%", "&", "#", "é"))


@pytest.mark.facts("4")
def test_two_equal_urls_are_asked_twice(create: Create, receiver: ValidationReceiver) -> None:
    """Facts 4.3."""
    create(lifecycleNotificationUrl=receiver.url("/notifications?who=me"))
    assert paths(receiver) == ["/notifications", "/notifications"]


def test_a_fragment_is_not_sent(create: Create, receiver: ValidationReceiver) -> None:
    assert create(notificationUrl=receiver.url("/notifications#part")).status_code == 201


MODES: list[Any] = [
    pytest.param("refuse", f"{FAILED}HTTP status code is 'Forbidden'. {OK}", id="403"),
    pytest.param("accepted", f"{FAILED}HTTP status code is 'Accepted'. {OK}", id="202-is-not-enough"),
    pytest.param("wrong", f"{FAILED}Response must exactly match validationToken query parameter.", id="still-escaped"),
    pytest.param("html", f"{FAILED}{OK}", id="html"),
    pytest.param("silent", "Subscription validation request timed out.", id="silent"),
]


@pytest.mark.facts("3.5", "4")
@pytest.mark.parametrize("path", ["/notifications", "/lifecycle"])
@pytest.mark.parametrize(("mode", "message"), MODES)
def test_bad_answers(
    create: Create, emulator: RunningEmulator, receiver: ValidationReceiver, path: str, mode: Mode, message: str
) -> None:
    """Facts 3.5; nothing is left behind (facts 4.4)."""
    receiver.modes = {path: mode}
    assert error(create()) == (400, "ValidationError", message)
    assert emulator.subscriptions() == []
    assert paths(receiver)[-1] == path


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://localhost:1/n", id="nobody-listens"),
        pytest.param("https://example.com/n", id="another-host"),
        pytest.param("https://192.0.2.1/n", id="another-address"),
        pytest.param("https://localhost.example.com/n", id="looks-local"),
    ],
)
def test_endpoints_that_cannot_be_reached(create: Create, url: str) -> None:
    """Only this machine is asked."""
    assert error(create(notificationUrl=url)) == (400, "ValidationError", FAILED + OK)


@pytest.mark.facts("4")
@pytest.mark.parametrize("body", [b"a b\n", b" a b", b"a+b", b"a%20b", b"", b"A b"])
def test_the_token_comes_back_byte_for_byte(body: bytes) -> None:
    check(Answer(200, {"content-type": "text/plain"}, b"a b"), "a b")
    with pytest.raises(Refusal, match="must exactly match"):
        check(Answer(200, {"content-type": "text/plain"}, body), "a b")


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://localhost:9/n", True),
        ("https://127.3.2.1/n", True),
        ("https://[::1]:9/n", True),
        ("https://example.com/n", False),
        ("https://10.0.0.1/n", False),
        ("https://localhost@example.com/n", False),
    ],
)
async def test_no_request_leaves_this_machine(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, url: str, asked: bool
) -> None:
    """The connections would reach anybody; other hosts are refused before them."""
    seen: list[str] = []

    async def answer(url: str, content: bytes, *, headers: Mapping[str, str]) -> Answer:
        seen.append(url)
        token = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))["validationToken"]
        return Answer(200, {"content-type": "text/plain"}, token.encode())

    outgoing = Outgoing(Path(emulator.info["caFile"]))
    endpoints = Endpoints(outgoing, faults=Faults(), limit=1.0)
    monkeypatch.setattr(outgoing._connections, "post", answer)
    async with contextlib.aclosing(outgoing):
        if asked:
            await endpoints.validate([url])
        else:
            with pytest.raises(Refusal, match="must respond with 200 OK"):
                await endpoints.validate([url])
    assert bool(seen) is asked


def test_a_certificate_of_nobody_is_not_trusted(create: Create, emulator: RunningEmulator, tmp_path: Any) -> None:
    with RunningEmulator(tmp_path) as other, ValidationReceiver(other.info) as stranger:
        assert error(create(notificationUrl=stranger.url()))[2] == FAILED + OK
        assert stranger.received == []


def test_a_slow_answer_is_waited_for(create: Create, receiver: ValidationReceiver) -> None:
    receiver.modes, receiver.delay = {"/lifecycle": "slow"}, 0.3
    assert create().status_code == 201


def patch(client: httpx.Client, identifier: str, **body: object) -> httpx.Response:
    return client.patch(f"/v1.0/subscriptions/{identifier}", json=body)


@pytest.mark.facts("4")
@pytest.mark.parametrize(
    ("behaviour", "same", "other", "reauthorize"),
    [
        ("always", ["/notifications", "/lifecycle"], ["/other", "/lifecycle"], ["/notifications", "/lifecycle"]),
        ("url-change", [], ["/other"], []),
        ("never", [], [], []),
    ],
)
def test_validation_after_creation(
    create: Create,
    client: httpx.Client,
    emulator: RunningEmulator,
    receiver: ValidationReceiver,
    behaviour: str,
    same: list[str],
    other: list[str],
    reauthorize: list[str],
) -> None:
    """Facts 4.6: how often is open; the unfriendly answer is the default."""
    identifier = create().json()["id"]
    emulator.behave(validate_on_patch=behaviour, renew_and_reauthorize="allowed")
    receiver.received.clear()
    assert patch(client, identifier, expirationDateTime=soon(minutes=100)).status_code == 200
    assert paths(receiver) == same
    receiver.received.clear()
    assert client.post(f"/v1.0/subscriptions/{identifier}/reauthorize").status_code == 204
    assert paths(receiver) == reauthorize
    receiver.received.clear()
    assert patch(client, identifier, notificationUrl=receiver.url("/other")).status_code == 200
    assert paths(receiver) == other


@pytest.mark.facts("3.5", "4")
def test_a_patch_times_out_too(create: Create, client: httpx.Client, receiver: ValidationReceiver) -> None:
    """Facts 3.5, 4.6; nothing has changed then."""
    created = create().json()
    receiver.mode = "silent"
    answer = patch(client, created["id"], expirationDateTime=soon(days=2))
    assert error(answer) == (400, "ValidationError", "Subscription validation request timed out.")
    read = client.get(f"/v1.0/subscriptions/{created['id']}").json()
    assert read["expirationDateTime"] == created["expirationDateTime"]


def test_the_token_is_decoded_once(receiver: ValidationReceiver, create: Create) -> None:
    """A receiver that decodes twice would answer another text."""
    create()
    token = receiver.received[0].token or ""
    assert urllib.parse.unquote(token) == token
    assert urllib.parse.unquote_plus(token) != token


@pytest.mark.facts("4")
def test_requests_that_come_twice_and_late(
    create: Create, emulator: RunningEmulator, receiver: ValidationReceiver
) -> None:
    """The same token again for each URL, and each is to be answered."""
    emulator.faults({"validation": {"repeat": 1, "delay": 0.1}})
    start = time.monotonic()
    assert create().status_code == 201
    assert time.monotonic() - start >= 0.2
    assert paths(receiver) == ["/notifications", "/notifications", "/lifecycle", "/lifecycle"]
    tokens = [each.token for each in receiver.received]
    assert (tokens[0], tokens[2]) == (tokens[1], tokens[3])
    assert tokens[0] != tokens[2]
