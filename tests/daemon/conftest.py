"""A local Graph whose time stands still until it is moved, one for the package; each test has a street of its own."""

import pytest

from tests.daemon.household import Street
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver
from tests.support.virtual import VirtualClock

CALM = {"challenges": "never", "validate-on-patch": "never"}
"""What comes by itself every 45 minutes would be most of what happens."""


@pytest.fixture(scope="session")
def standing_still(tmp_path_factory):
    home = tmp_path_factory.mktemp("emulator")
    with RunningEmulator(home, time_scale=0, behaviours=CALM, page_size=50) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def standing_by(standing_still):
    with ValidationReceiver(standing_still.info) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def other_hands(standing_still):
    with standing_still.client(timeout=20) as client:
        yield client


@pytest.fixture
async def street(request, standing_still, standing_by, other_hands, tmp_path):
    """As calm as can be, but for what a test presumes with the marker ``behaviour``."""
    standing_still.reset()
    for presumed in request.node.iter_markers("behaviour"):
        standing_still.behave(**presumed.kwargs)
    standing_by.reset()
    async with VirtualClock(standing_still) as clock:
        yield Street(standing_still, standing_by, other_hands, clock, tmp_path)


@pytest.fixture
async def home(street):
    async with street.open() as home:
        yield home
