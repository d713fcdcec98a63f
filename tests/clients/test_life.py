"""A client that is not ours goes through the whole life of a subscription (facts 3.1, 4, 5, 6, 7)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.emulator.running import RunningEmulator

LIFE = Path(__file__).with_name("life.py")


@pytest.mark.facts("3.1", "4", "5.1", "5.4", "6", "7.1", "7.2", "7.3")
def test_the_whole_life_of_a_subscription(graph_emulator: RunningEmulator) -> None:
    trust = graph_emulator.info["caFile"]
    ended = subprocess.run(
        [sys.executable, LIFE],
        env=graph_emulator.environment
        | {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "deleted, and gone"


def test_it_knows_nothing_of_this_project() -> None:
    assert "reconciler." not in LIFE.read_text(encoding="utf-8")
