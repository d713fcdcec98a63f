"""The emulator for the tests of others: in a thread of their process."""

import datetime as dt
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reconciler.emulator import EmulatorError
from reconciler.emulator.running import Refused, RunningEmulator
from tests.emulator.conftest import Ask
from tests.support.receiver import ValidationReceiver

TEAM = "0a1b2c3d-0000-4000-8000-00000000000a"


def test_a_write_is_done_with_every_permission_and_answered(emulator: RunningEmulator) -> None:
    emulator.control("POST", "world", {"teams": [{"id": TEAM, "displayName": "Before"}]})
    emulator.write("PATCH", f"/v1.0/teams/{TEAM}", {"displayName": "After"})
    assert emulator.write("GET", f"/v1.0/teams/{TEAM}")["displayName"] == "After"


def test_a_write_works_after_the_clock_was_moved(emulator: RunningEmulator) -> None:
    emulator.advance(3 * 3600)
    assert emulator.write("GET", "/v1.0/subscriptions")["value"] == []


def test_now_is_the_emulators_time(emulator: RunningEmulator) -> None:
    before = emulator.now()
    emulator.advance(3600)
    assert dt.timedelta(hours=1) <= emulator.now() - before < dt.timedelta(hours=1, seconds=30)


def test_a_write_that_graph_refuses_says_why(emulator: RunningEmulator) -> None:
    with pytest.raises(Refused, match=r"GET /v1\.0/subscriptions/none: 404 .*ResourceNotFound"):
        emulator.write("GET", "/v1.0/subscriptions/none")


@pytest.fixture
def following(emulator: RunningEmulator, ask: Ask) -> str:
    """The id of a subscription to a team."""
    emulator.control("POST", "world", {"teams": [{"id": TEAM, "displayName": "Before"}]})
    identifier: str = emulator.write("POST", "/v1.0/subscriptions", ask(resource=f"/teams/{TEAM}"))["id"]
    return identifier


def test_what_was_delivered_when_all_is_settled(emulator: RunningEmulator, following: str) -> None:
    emulator.write("PATCH", f"/v1.0/teams/{TEAM}", {"displayName": "After"})
    emulator.tell(following, "reauthorizationRequired")
    emulator.settle()
    assert sorted((each["kind"], each["state"]) for each in emulator.deliveries(following)) == [
        ("change", "delivered"),
        ("lifecycle", "delivered"),
    ]
    assert emulator.deliveries("another") == []


def test_waiting_has_an_end(emulator: RunningEmulator, receiver: ValidationReceiver, following: str) -> None:
    receiver.taking = "silent"
    emulator.write("PATCH", f"/v1.0/teams/{TEAM}", {"displayName": "After"})
    with pytest.raises(TimeoutError, match=r"still on their way after 0\.1 seconds"):
        emulator.settle(0.1)


def test_the_environment_is_what_a_process_needs(emulator: RunningEmulator) -> None:
    program = (
        "import os, ssl, urllib.request\n"
        "trust = ssl.create_default_context(cafile=os.environ['GRAPH_CA_FILE'])\n"
        "print(urllib.request.urlopen(os.environ['GRAPH'] + '/emulator/clock', context=trust).status)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=emulator.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert ended.stdout == "200\n"


def test_what_is_inside_is_asked_in_its_own_thread(emulator: RunningEmulator, ask: Ask) -> None:
    identifier = emulator.write("POST", "/v1.0/subscriptions", ask())["id"]
    told = emulator.inside(lambda parts: ([each.id for each in parts.subscriptions], threading.current_thread().name))
    assert told.result(10) == ([identifier], "emulator")
    with pytest.raises(ZeroDivisionError):
        emulator.inside(lambda parts: 1 / (len(parts.subscriptions) - 1)).result(10)
    assert emulator.subscriptions()[0]["id"] == identifier, "it goes on"


def test_nothing_is_inside_before_it_runs_nor_afterwards(tmp_path: Path) -> None:
    emulator = RunningEmulator(tmp_path)
    with pytest.raises(EmulatorError, match="start it first"):
        emulator.inside(lambda parts: parts.origin)
    with emulator:
        pass
    with pytest.raises(EmulatorError, match="it has ended"):
        emulator.inside(lambda parts: parts.origin)


def test_time_can_stand_still(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path, time_scale=0) as emulator:
        start = emulator.now()
        time.sleep(0.01)
        assert emulator.now() == start
        emulator.advance(86_400)
        assert emulator.now() == start + dt.timedelta(days=1)
        assert emulator.write("GET", "/v1.0/subscriptions")["value"] == []


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        emulator = RunningEmulator(tmp_path, port=taken.getsockname()[1])
        with pytest.raises(EmulatorError, match="cannot listen"):
            emulator.start()


def test_one_that_has_ended_does_not_answer(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path) as emulator:
        emulator.control("GET", "clock")
    with pytest.raises(EmulatorError, match=r"does not answer: .*start it with: reconcile emulator"):
        emulator.control("GET", "clock")
    emulator.stop()
