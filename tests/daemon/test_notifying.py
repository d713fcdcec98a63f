"""What the daemon is doing in, datagrams for systemd out; the test is at the other end of the socket."""

import contextlib
import logging
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.daemon.notifying import Notifying, watchdog_seconds


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Systemd:
    def __init__(self, named: str) -> None:
        self.environ = {"NOTIFY_SOCKET": named}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(named.replace("@", "\0") if named.startswith("@") else named)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    other_end = Systemd(str(tmp_path / "notify") if request.param == "path" else f"@reconciler-{uuid.uuid4()}")
    with other_end.socket:
        yield other_end


def test_what_it_says(systemd):
    notifying = Notifying(systemd.environ, monotonic=lambda: 1_234_567_890)
    notifying.ready()
    notifying.status("the first pass is under way")
    notifying.watchdog()
    notifying.reloading()
    notifying.ready("10 subscriptions")
    notifying.stopping("draining\nthe inbox\n")
    notifying.close()
    assert systemd.heard() == [
        "READY=1",
        "STATUS=the first pass is under way",
        "WATCHDOG=1",
        "RELOADING=1\nMONOTONIC_USEC=1234567",
        "READY=1\nSTATUS=10 subscriptions",
        "STOPPING=1\nSTATUS=draining the inbox",
    ]


def test_the_clock_is_that_of_systemd(systemd):
    with contextlib.closing(Notifying(systemd.environ)) as notifying:
        notifying.reloading()
    (message,) = systemd.heard()
    now = int(Path("/proc/uptime").read_text().split(".")[0])
    assert abs(int(message.rpartition("=")[2]) / 1_000_000 - now) < 60


def test_it_closes_its_socket_and_can_go_on(systemd):
    notifying = Notifying(systemd.environ)
    before = open_files()
    notifying.watchdog()
    notifying.watchdog()
    notifying.close()
    assert open_files() == before
    notifying.watchdog()
    notifying.close()
    assert systemd.heard() == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_it_does_nothing(environ, caplog):
    caplog.set_level(logging.DEBUG)
    notifying = Notifying(environ)
    before = open_files()
    notifying.ready("x")
    assert open_files() == before
    assert caplog.messages == []


def test_a_supervisor_that_has_gone_is_said_once_and_for_debugging(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    notifying = Notifying({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notifying.ready()
    notifying.watchdog()
    notifying.close()
    assert caplog.messages == ["systemd is not told at NOTIFY_SOCKET: [Errno 2] No such file or directory"]
    assert caplog.records[0].levelno == logging.DEBUG


def test_a_supervisor_that_does_not_read_keeps_nobody_waiting(systemd, caplog):
    """More than any queue of datagrams takes: blocking, this test would never end."""
    caplog.set_level(logging.DEBUG)
    notifying = Notifying(systemd.environ)
    for _ in range(100_000):
        notifying.watchdog()
    notifying.close()
    assert caplog.messages == ["systemd is not told at NOTIFY_SOCKET: [Errno 11] Resource temporarily unavailable"]
    assert set(systemd.heard()) == {"WATCHDOG=1"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_PID": str(os.getpid())}, None),
    ],
)
def test_for_how_long_the_watchdog_waits(environ, expected):
    assert watchdog_seconds(environ) == expected
