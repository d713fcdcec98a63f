"""What the daemon is doing in, datagrams for systemd out (sd_notify), so that a unit of ``Type=notify`` knows it.

Without NOTIFY_SOCKET, nothing is done. Nothing here blocks or raises: a supervisor that does not listen is no reason to
stop.
"""

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

__all__ = ["Notifying", "watchdog_seconds"]

logger = logging.getLogger(__name__)


class Notifying:
    """``monotonic`` is in nanoseconds, of CLOCK_MONOTONIC."""

    def __init__(
        self, environ: Mapping[str, str] = os.environ, *, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._address = address(environ.get("NOTIFY_SOCKET", ""))
        self._monotonic = monotonic
        self._socket: socket.socket | None = None
        self._complained = False

    def ready(self, status: str | None = None) -> None:
        """At the start, and after ``reloading``."""
        self._send("READY=1", status)

    def reloading(self, status: str | None = None) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={self._monotonic() // 1_000}", status)

    def stopping(self, status: str | None = None) -> None:
        self._send("STOPPING=1", status)

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._send(None, status)

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _send(self, state: str | None, status: str | None = None) -> None:
        if self._address is None:
            return
        lines = [state] if state else []
        if status is not None:
            lines.append(f"STATUS={' '.join(status.split())}")
        try:
            self._opened().sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError as error:
            self._complain(error)

    def _opened(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        return self._socket

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            logger.debug("systemd is not told at NOTIFY_SOCKET: %s", error)
        self._complained = True


def address(named: str) -> str | None:
    """A path, or a name in Linux's abstract namespace, which is written with ``@``; there are no others here."""
    if named.startswith("@"):
        return f"\0{named[1:]}"
    return named if named.startswith("/") else None


def watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """For how long systemd waits for ``watchdog``, which is to be called twice within it.

    None where no watchdog is asked for, or that of another process.
    """
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    with contextlib.suppress(ValueError):
        return int(environ.get("WATCHDOG_USEC", "")) / 1_000_000 or None
    return None
