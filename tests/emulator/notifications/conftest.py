"""What delivers, without a server around it, and somebody who receives over TLS."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.home import Home
from tests.emulator.notifications.office import Office
from tests.support.receiver import ValidationReceiver

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def office_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with closing(Home(Path(tmp_path_factory.mktemp("office")))) as home:
        home.prepare()
        yield home


@pytest.fixture(scope="session")
def office_receiver(office_home: Home) -> Iterator[ValidationReceiver]:
    info = {
        "receiverCertificate": office_home.path("receiver.pem"),
        "receiverKey": office_home.path("receiver.key"),
    }
    with ValidationReceiver(info) as receiver:
        yield receiver


@pytest.fixture
async def open_office(office_home: Home, office_receiver: ValidationReceiver) -> AsyncIterator[Open]:
    """An office with limits or behaviours of its own: ``await open_office(first_limit=0.1, token_lapse="lost")``."""
    office_receiver.reset()
    async with AsyncExitStack() as stack:

        async def opened(**options: Any) -> Office:
            behaviours = {
                name.replace("_", "-"): options.pop(name) for name in ("challenges", "token_lapse") if name in options
            }
            office = Office(office_home, office_receiver, behaviours=behaviours, **options)
            return await stack.enter_async_context(office)

        yield opened


@pytest.fixture
async def office(open_office: Open) -> Office:
    """Nobody is challenged in it."""
    opened: Office = await open_office(challenges="never")
    return opened
