"""Serves an application on uvicorn until it is cancelled, over TLS where a certificate is given.

The event loop is the caller's: run it on uvloop, which is several times faster under uvicorn than asyncio's own.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from reconciler.receiver.errors import ReceiverError

__all__ = ["serve"]

GRACE = 5
"""Seconds for requests that are being answered when the receiver stops."""


async def serve(
    application: ASGIApp,
    *,
    host: str,
    port: int,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until cancelled, then answer what is under way and stop.

    ``ready`` is called with the port once it answers, which tells which one was free for port 0. The certificate is a
    PEM file with its chain; its key may stand in the same file. Raises ReceiverError.
    """
    context = tls_context(tls_certificate, tls_key or tls_certificate) if tls_certificate else None
    listening = listen(host, port)
    try:
        await run(Server(configuration(application, context), ready), listening)
    finally:
        listening.close()


class Server(uvicorn.Server):
    """Leaves the signals to whoever cancels us, and tells when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self.ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as error:
            # uvicorn's way to say that the application did not start; let through, it would end the whole process.
            raise ReceiverError("the receiver did not start: the log tells why") from error
        if self.ready and self.started and sockets:
            self.ready(sockets[0].getsockname()[1])


def configuration(application: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Config:
    """No access log: the URLs bear marks, and the queries of strangers."""
    config = uvicorn.Config(
        application,
        access_log=False,
        http="httptools",
        lifespan="on",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
        ws="none",
    )
    config.load()
    config.ssl = context
    return config


async def run(server: Server, listening: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


def listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise ReceiverError(
            f"the receiver cannot listen on {host} port {port}: {reason}: stop what uses it, or choose another"
        ) from error


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # With no password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise ReceiverError(
            f"the certificate {certificate} with the key {key} cannot be used: {error.reason or 'it is not PEM'}: "
            "give a PEM certificate and its own key without a password"
        ) from error
    except OSError as error:
        raise ReceiverError(
            f"the certificate {certificate} or the key {key} cannot be read: {error.strerror}: "
            "check the path and the permissions"
        ) from error
    return context
