"""One emulator and one receiver for the package, forgotten between tests; time is a fake clock's."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.clouds import Cloud
from reconciler.core.times import spell_time
from reconciler.graph.authentication import Access, SecretCredential
from reconciler.graph.client import Graph
from tests.graph.support import FakeClock, Scripted
from tests.support.behaviours import RUNS
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver


@pytest.fixture(scope="session", params=RUNS.values(), ids=list(RUNS))
def running(request, tmp_path_factory):
    """Every test under each behaviour that Graph may have."""
    with RunningEmulator(tmp_path_factory.mktemp("emulator"), behaviours=request.param, page_size=2) as emulator:
        yield emulator


@pytest.fixture
def emulator(request, running):
    """As Graph behaves in this run, but for what a test presumes with the marker ``behaviour``."""
    running.reset()
    for presumed in request.node.iter_markers("behaviour"):
        running.behave(**presumed.kwargs)
    return running


@pytest.fixture(scope="session")
def running_receiver(running):
    with ValidationReceiver(running.info) as receiver:
        yield receiver


@pytest.fixture
def receiver(running_receiver):
    running_receiver.reset()
    return running_receiver


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cloud(emulator):
    info = emulator.info
    return Cloud("emulator", info["graph"], info["authority"], ca_file=info["caFile"])


@pytest.fixture
def access(emulator, cloud):
    info = emulator.info
    return Access(info["tenantId"], info["clientId"], cloud, SecretCredential(info["clientSecret"]))


@pytest.fixture
async def graph(clock):
    async with Graph(clock=clock) as graph:
        yield graph


@pytest.fixture
def client(graph, access):
    return graph.tenant(access)


@pytest.fixture
async def scripted(running):
    async with Scripted(running.info) as server:
        yield server


@pytest.fixture
def odd(graph, access, scripted):
    """A client of the scripted server."""
    cloud = dataclasses.replace(access.cloud, graph=scripted.origin, authority=scripted.origin)
    return graph.tenant(dataclasses.replace(access, cloud=cloud))


@pytest.fixture
def body(receiver):
    """A subscription as it is created; the emulator's clock is the real one."""
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url(),
        "lifecycleNotificationUrl": receiver.url("/lifecycle"),
        "resource": "/teams",
        "expirationDateTime": spell_time(dt.datetime.now(dt.UTC) + dt.timedelta(hours=6)),
        "clientState": "hunter2-hunter2",
    }
