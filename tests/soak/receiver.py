"""``reconcile listen`` as a process that may be killed at any time, and is started again where it was."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

__all__ = ["Receiver", "free_port"]

PATIENCE = 60.0
RECONCILE = [sys.executable, "-m", "reconciler"]


def free_port(chance: random.Random) -> int:
    """Below those that the system gives to clients: while nobody listens, a client must not be given it."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = chance.randrange(max(1024, first // 2), first)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("there is no free port")


class Receiver:
    def __init__(self, folder: Path, *, info: Mapping[str, Any], port: int, environment: Mapping[str, str]) -> None:
        """``folder`` has the manifests in it; the store and a log go there, too."""
        self.folder, self.port = folder, port
        self.environment = os.environ | dict(environment)
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        tls = ["--tls-cert", str(info["receiverCertificate"]), "--tls-key", str(info["receiverKey"])]
        self.arguments = ["listen", *self.manifests, *self.state, "--listen", f"127.0.0.1:{port}", *tls, "--quiet"]
        self.process: subprocess.Popen[bytes] | None = None
        self.up = threading.Event()
        self.kills = 0

    @property
    def manifests(self) -> list[str]:
        return ["-f", str(self.folder / "manifests")]

    @property
    def state(self) -> list[str]:
        return ["--state", str(self.folder / "state")]

    @property
    def log(self) -> str:
        return (self.folder / "receiver.log").read_text(encoding="utf-8")

    def start(self) -> None:
        """Returns once it listens."""
        with (self.folder / "receiver.log").open("ab") as log:
            self.process = subprocess.Popen([*RECONCILE, *self.arguments], env=self.environment, stdout=log, stderr=log)
        try:
            self.wait(self.process)
        except BaseException:
            self.process.kill()
            raise
        self.up.set()

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.listens():
            assert process.poll() is None, f"it does not start: {self.log}"
            assert time.monotonic() < deadline, f"it does not listen: {self.log}"
            time.sleep(0.02)

    def listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        """In the midst of whatever it does."""
        self.up.clear()
        self.kills += 1
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def ask(self, *arguments: str) -> str:
        """What another ``reconcile`` with the same store prints."""
        ran = subprocess.run(
            [*RECONCILE, *arguments, *self.state], env=self.environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def inbox(self, state: str, *, limit: int = 1_000_000) -> list[dict[str, Any]]:
        text = self.ask("inbox", "list", "--status", state, "--format", "json", "--limit", str(limit))
        return list(json.loads(text))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process and self.process.poll() is None:
            self.end(signal.SIGTERM)
