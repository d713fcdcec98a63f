"""One emulator and one receiver for the package, forgotten between tests; each test has a scene of its own."""

import pytest

from tests.support.behaviours import RUNS
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver
from tests.support.world import Scene, certificate


@pytest.fixture(scope="session", params=RUNS.values(), ids=list(RUNS))
def running(request, tmp_path_factory):
    """Every test under each behaviour that Graph may have."""
    with RunningEmulator(tmp_path_factory.mktemp("emulator"), behaviours=request.param, page_size=3) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def listening(running):
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def others(running):
    with running.client(timeout=20) as client:
        yield client


@pytest.fixture
def emulator(request, running):
    """As Graph behaves in this run, but for what a test presumes with the marker ``behaviour``."""
    running.reset()
    for presumed in request.node.iter_markers("behaviour"):
        running.behave(**presumed.kwargs)
    return running


@pytest.fixture
def receiver(listening):
    listening.reset()
    return listening


@pytest.fixture
def scene(emulator, receiver, others, tmp_path):
    return Scene(emulator, receiver, others, tmp_path)


@pytest.fixture(scope="session")
def certificates():
    """Two, to turn from one to the other."""
    return certificate("first"), certificate("second")
