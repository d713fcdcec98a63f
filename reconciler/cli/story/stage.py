"""Where the demo plays: a local Graph, a receiver, and a shell that types commands and shows what they print."""

import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.cli.story.servers import Server, shortened

__all__ = ["NotAsTold", "Stage"]

PATIENCE = 20.0
"""Seconds until a server must have started, or ended."""

LIMIT = 60.0
"""Seconds until what the story tells must have happened, on a machine that has much else to do."""

GLANCE = 0.05
"""Seconds between two looks."""


class NotAsTold(Exception):
    """A step did not turn out as the story has it."""


class Stage:
    """A folder, the environment of its shell, and the servers that run beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.graph_port = free_port(8443)
        self.receiver_port = free_port(9443)
        self.private_port = free_port(9444)
        self._servers: list[Server] = []
        # Only what the story sets counts, not what the machine it is told on happens to have.
        own = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
        self._environment = own | {
            "RECONCILER_CLIENT_STATE_KEY": secrets.token_hex(16),
            "RECONCILER_EMULATOR_HOME": ".emulator",
            "RECONCILER_STATE": ".state",
            "RECONCILER_VAR_RECEIVER_PORT": str(self.receiver_port),
        }

    def run(self, command: str, *, exits: int = 0, shown: bool = True) -> None:
        """Type a ``reconcile`` command, show what it prints, and check how it ends."""
        print(f"\n$ reconcile {command}{'' if shown else ' > /dev/null'}".rstrip(), flush=True)
        ended = subprocess.run(  # noqa: S603  our own program, with our own words
            self.arguments(command),
            cwd=self.folder,
            env=self._environment,
            stdout=None if shown else subprocess.DEVNULL,
            # On a terminal the progress bar belongs to it; in a pipe all that is printed stays in its order.
            stderr=None if sys.stdout.isatty() or not shown else subprocess.STDOUT,
            check=False,
        )
        if ended.returncode != exits:
            raise NotAsTold(f"`reconcile {command}` ended with {ended.returncode} instead of {exits}")

    def shell(self, command: str) -> None:
        """Type a command of the shell's own, such as ``mkdir``."""
        print(f"\n$ {command}", flush=True)
        ended = subprocess.run(shlex.split(command), cwd=self.folder, env=self._environment, check=False)  # noqa: S603  our own words
        if ended.returncode != 0:
            raise NotAsTold(f"`{command}` ended with {ended.returncode}")

    def write(self, path: str, text: str) -> None:
        print(f"\n$ cat > {path}\n{text}", flush=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def run_and_read(self, command: str, *, exits: int = 0) -> Any:
        """Type it, and have the same told for programs beside it, which is not shown."""
        asked = self.ask(command)
        try:
            self.run(command, exits=exits)
        finally:
            told, complaints = asked.communicate()
        return understood(command, told, complaints)

    def read(self, command: str) -> Any:
        """What it tells programs; nothing is shown."""
        told, complaints = self.ask(command).communicate()
        return understood(command, told, complaints)

    def ask(self, command: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  our own program, with our own words
            self.arguments(f"{command} --format json"),
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def plan(self, command: str, *, exits: int = 0, **summary: int) -> None:
        """Type it: does the plan say in numbers what the story says in words?"""
        compare(command, self.run_and_read(command, exits=exits), summary)

    def expect(self, command: str, **summary: int) -> None:
        """The same without a word to whoever watches."""
        compare(command, self.read(command), summary)

    def serve(self, command: str, *, port: int, logged: bool = False) -> None:
        """Start a server beside the shell, and wait until it listens; what a ``logged`` one prints is not shown."""
        name = command.split()[0]
        log = self.folder / f"{name}.log"
        print(f"\n$ reconcile {command} {f'> {log.name} 2>&1 ' if logged else ''}&", flush=True)
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  our own program, with our own words
                self.arguments(command), cwd=self.folder, env=self._environment, stdout=output, stderr=output
            )
        server = Server(name, process, log)
        self._servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while not log.read_bytes().endswith(b"\n") or not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotAsTold(f"`reconcile {command}` did not start: {log.read_text()}")
            time.sleep(GLANCE)
        if not logged:
            print(server.take_news(), end="", flush=True)

    def server(self, name: str) -> Server:
        return next(each for each in self._servers if each.name == name)

    def show_log(self, server: Server) -> None:
        """What it has written since this was last shown, without the fields of each line."""
        lines = server.take_news().splitlines()
        print("\n".join(["", *(f"{server.log.name} | {shortened(line)}" for line in lines)]), flush=True)

    def wait_until(self, what: str, is_so: Callable[[], bool], *, limit: float = LIMIT) -> None:
        deadline = time.monotonic() + limit
        while not is_so():
            for server in self._servers:
                if server.process.poll() is not None:
                    raise NotAsTold(f"`reconcile {server.name}` has ended: {server.news}")
            if time.monotonic() > deadline:
                said = "".join(f"\n{server.log.name}:\n{server.news}" for server in self._servers if server.news)
                raise NotAsTold(f"after {limit:g} s it is still not so that {what}{said}")
            time.sleep(GLANCE)

    def stop(self, name: str) -> Server:
        """As whoever has started it in this shell ends it, and wait for that. Its number is free then."""
        server = self.server(name)
        print(f"\n$ kill %{self._servers.index(server) + 1}", flush=True)
        server.process.terminate()
        try:
            code = server.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise NotAsTold(f"`reconcile {name}` has not ended within {PATIENCE:g} s: {server.news}") from error
        if code != 0:
            raise NotAsTold(f"`reconcile {name}` ended with {code} instead of 0: {server.news}")
        self._servers.remove(server)
        return server

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
            server.process.terminate()
        for server in self._servers:
            try:
                server.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()


def understood(command: str, told: bytes, complaints: bytes) -> Any:
    try:
        return json.loads(told)
    except ValueError as error:
        raise NotAsTold(f"`reconcile {command} --format json` printed no JSON: {complaints.decode()}") from error


def compare(command: str, told: Mapping[str, Any], summary: Mapping[str, int]) -> None:
    if "summary" not in told:
        raise NotAsTold(f"`reconcile {command} --format json` printed no plan: {told}")
    wanted = dict.fromkeys(("create", "update", "renew", "replace", "delete", "adopt"), 0) | dict(summary)
    wrong = {name: told["summary"][name] for name, count in wanted.items() if told["summary"][name] != count}
    if wrong:
        raise NotAsTold(f"`reconcile {command}` has {wrong}, the story has {summary}")


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
