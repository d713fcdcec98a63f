"""One receiver for a module's tests; what it takes in lands in ``deliveries``."""

from collections.abc import Iterator

import httpx
import pytest

from reconciler.receiver import Delivery, Routes, application
from tests.receiver.support import served

ROUTES = Routes(notifications={"/hook", "/both", "/höök x"}, lifecycle={"/life", "/both"})


@pytest.fixture(scope="module")
def deliveries() -> list[Delivery]:
    return []


@pytest.fixture(scope="module")
def client(deliveries: list[Delivery], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    async def take(delivery: Delivery) -> None:
        deliveries.append(delivery)

    with served(application(ROUTES, on_delivery=take), tmp_path_factory.mktemp("tls")) as opened:
        yield opened
