"""One emulator and one receiver for the whole folder; each test starts with a clean one."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

Ask = Callable[..., dict[str, Any]]
Create = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    home = tmp_path_factory.mktemp("emulator")
    with RunningEmulator(home, page_size=3, validation_limit=2.0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def listening(running: RunningEmulator) -> Iterator[ValidationReceiver]:
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def connection(running: RunningEmulator) -> Iterator[httpx.Client]:
    with running.client(timeout=10) as client:
        yield client


@pytest.fixture
def emulator(running: RunningEmulator) -> RunningEmulator:
    running.reset()
    return running


@pytest.fixture
def receiver(listening: ValidationReceiver) -> ValidationReceiver:
    listening.reset()
    return listening


@pytest.fixture
def client(emulator: RunningEmulator, connection: httpx.Client) -> httpx.Client:
    """With a token of the first app that has all permissions."""
    connection.headers["Authorization"] = f"Bearer {emulator.token()}"
    return connection


@pytest.fixture
def ask(receiver: ValidationReceiver) -> Ask:
    """The body of a good creation, changed as told; None leaves a property out."""

    def body(**changes: object) -> dict[str, Any]:
        good = {
            "changeType": "updated",
            "notificationUrl": receiver.url("/notifications?who=me"),
            "lifecycleNotificationUrl": receiver.url("/lifecycle"),
            "resource": "/teams/0a1b2c3d-0000-4000-8000-00000000000a",
            "expirationDateTime": soon(minutes=120),
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    return body


@pytest.fixture
def create(client: httpx.Client, ask: Ask) -> Create:
    def post(*, version: str = "v1.0", **changes: object) -> httpx.Response:
        return client.post(f"/{version}/subscriptions", json=ask(**changes))

    return post


def soon(**span: float) -> str:
    """That long from now, as clients write it."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
