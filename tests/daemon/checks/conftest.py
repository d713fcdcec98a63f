"""One emulator and one receiver for the folder, forgotten between tests."""

import pytest

from reconciler.core.clouds import Cloud
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    with RunningEmulator(tmp_path_factory.mktemp("emulator"), page_size=2) as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    running.reset()
    return running


@pytest.fixture(scope="session")
def listening(running):
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture
def receiver(listening):
    listening.reset()
    return listening


@pytest.fixture
def cloud(emulator):
    info = emulator.info
    return Cloud("emulator", info["graph"], info["authority"], ca_file=info["caFile"])
