"""The emulator as a fixture: ``pytest_plugins = ["reconciler.emulator.pytest"]``, or ``-p reconciler.emulator.pytest``.

    def test_my_receiver(graph_emulator):
        environment = graph_emulator.environment  # for a process under test
        graph_emulator.write("PATCH", "/v1.0/teams/{id}", {"displayName": "New"})

One emulator runs for the whole session, on a free port and in a temporary home; each test finds it as at the start.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reconciler.emulator.running import RunningEmulator


@pytest.fixture(scope="session")
def graph_emulator_options() -> Mapping[str, Any]:
    """How to run it, as ``reconciler.emulator.Options`` takes it: override this fixture, in ``conftest.py``, say."""
    return {"world": "small"}


@pytest.fixture(scope="session")
def graph_emulator_of_the_session(
    graph_emulator_options: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEmulator]:
    """Started once. Tests ask for ``graph_emulator``."""
    with RunningEmulator(tmp_path_factory.mktemp("graph-emulator"), **graph_emulator_options) as emulator:
        yield emulator


@pytest.fixture
def graph_emulator(graph_emulator_of_the_session: RunningEmulator) -> RunningEmulator:
    """A local Graph, reset: no subscriptions, no faults, the clock and the world as at the start."""
    graph_emulator_of_the_session.reset()
    return graph_emulator_of_the_session
