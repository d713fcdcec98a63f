"""Where the demo plays: a local Graph, a receiver, and a shell that types commands and shows what they print."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["NotAsTold", "Stage"]

PATIENCE = 20.0
"""Seconds until a server must have started."""


class NotAsTold(Exception):
    """A step did not turn out as the story has it."""


class Stage:
    """A folder, the environment of its shell, and the servers that run beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.graph_port = free_port(8443)
        self.receiver_port = free_port(9443)
        self._servers: list[subprocess.Popen[bytes]] = []
        # Only what the story sets counts, not what the machine it is told on happens to have.
        own = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
        self._environment = own | {
            "RECONCILER_CLIENT_STATE_KEY": secrets.token_hex(16),
            "RECONCILER_EMULATOR_HOME": ".emulator",
            "RECONCILER_STATE": ".state",
            "RECONCILER_VAR_RECEIVER_PORT": str(self.receiver_port),
        }

    def run(self, command: str, *, exits: int = 0) -> None:
        """Type a ``reconcile`` command, show what it prints, and check how it ends."""
        print(f"\n$ reconcile {command}".rstrip(), flush=True)
        ended = subprocess.run(  # noqa: S603  our own program, with our own words
            self.arguments(command),
            cwd=self.folder,
            env=self._environment,
            # On a terminal the progress bar belongs to it; in a pipe all that is printed stays in its order.
            stderr=None if sys.stdout.isatty() else subprocess.STDOUT,
            check=False,
        )
        if ended.returncode != exits:
            raise NotAsTold(f"`reconcile {command}` ended with {ended.returncode} instead of {exits}")

    def expect(self, command: str, **summary: int) -> None:
        """The same command again as JSON: does it say in numbers what the story says in words?"""
        ended = subprocess.run(  # noqa: S603  our own program, with our own words
            self.arguments(f"{command} --format json"),
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            check=False,
        )
        try:
            found = json.loads(ended.stdout)["summary"]
        except (KeyError, ValueError) as error:
            raise NotAsTold(f"`reconcile {command} --format json` printed no plan: {ended.stderr.decode()}") from error
        actions = ("create", "update", "renew", "replace", "delete", "adopt")
        wanted = dict.fromkeys(actions, 0) | summary
        wrong = {name: found[name] for name, count in wanted.items() if found[name] != count}
        if wrong:
            raise NotAsTold(f"`reconcile {command}` has {wrong}, the story has {summary}")

    def serve(self, command: str, *, port: int) -> None:
        """Start a server beside the shell, and wait until it listens."""
        print(f"\n$ reconcile {command} &", flush=True)
        log = self.folder / f"{command.split()[0]}.log"
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603  our own program, with our own words
                self.arguments(command), cwd=self.folder, env=self._environment, stdout=output, stderr=output
            )
        self._servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while not log.read_bytes().endswith(b"\n") or not listens(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise NotAsTold(f"`reconcile {command}` did not start: {log.read_text()}")
            time.sleep(0.05)
        print(log.read_text(), end="", flush=True)

    def arguments(self, command: str) -> list[str]:
        return [sys.executable, "-m", "reconciler", *command.split()]

    @property
    def emulator(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / ".emulator" / "emulator.json").read_text(encoding="utf-8"))
        return read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in reversed(self._servers):
            server.terminate()
        for server in self._servers:
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port(usual: int) -> int:
    """The port that the documentation names, or any other if that is taken."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise NotAsTold("there is no free port on 127.0.0.1")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
