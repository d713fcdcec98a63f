"""Running it: options in, an HTTPS server that ends when the task is cancelled."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reconciler.emulator.app import build
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.home import Home
from reconciler.emulator.options import Options
from reconciler.emulator.parts import Parts, assemble
from reconciler.emulator.saved import kept

Ready = Callable[[dict[str, object]], None]
Made = Callable[[Parts], None]


async def serve(options: Options, *, ready: Ready, made: Made) -> None:
    home = Home(options.home)
    with contextlib.closing(listen(options)) as listener, contextlib.closing(home):
        identity = home.prepare()
        origin = f"https://{host_in_url(options.host)}:{listener.getsockname()[1]}"
        assembled = assemble(options, home=home, identity=identity, origin=origin)
        async with contextlib.aclosing(assembled) as parts, kept(parts):
            made(parts)
            connections = Connections()
            server = make_server(parts, connections)
            server.announce = lambda: ready(home.announce(origin=origin, identity=identity))
            agenda = asyncio.create_task(parts.agenda.run())
            try:
                await run(server, listener)
            finally:
                agenda.cancel()
                connections.drop_all()
                await asyncio.sleep(0)  # for the transports to notice


def make_server(parts: Parts, connections: "Connections") -> "Server":
    app = build(parts, drop=connections.drop)
    config = uvicorn.Config(
        app,
        http=connections.protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="warning",
        date_header=False,  # ours is by the emulator's clock
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ssl_certfile=parts.home.path("server.pem"),
        ssl_keyfile=str(parts.home.path("server.key")),
    )
    return Server(config)


async def run(server: "Server", listener: socket.socket) -> None:
    """Serve until cancelled, and end in order: open connections first."""
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
        raise


class Server(uvicorn.Server):
    """Tells when it listens; leaves signals to the caller."""

    announce: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Connections:
    """The open ones by their peer, so that one can be dropped in the middle of a request."""

    def __init__(self) -> None:
        self._open: dict[object, asyncio.Transport] = {}

    def drop(self, scope: Scope) -> None:
        transport = self._open.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()

    def drop_all(self) -> None:
        for transport in self._open.values():
            transport.abort()

    def protocol(self) -> type[HttpToolsProtocol]:
        connections = self._open

        class Protocol(HttpToolsProtocol):
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                connections[self.client] = transport

            def shutdown(self) -> None:
                """Not waiting for the peer's farewell: idle clients send theirs much later or never."""
                super().shutdown()
                if self.transport.is_closing():
                    self.transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.client, None)
                super().connection_lost(exc)

        return Protocol


def listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's algorithm on: 40 ms for each answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host.strip("[]"), options.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise EmulatorError(
            f"cannot listen on {options.host}:{options.port}: {error.strerror or error}; end the program that uses "
            "the port or choose another one with --listen"
        ) from error
    return listener


def host_in_url(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host
