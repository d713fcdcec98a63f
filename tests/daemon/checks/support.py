"""Endpoints that answer wrongly, each in its way: an authority of our own, and a server that a test writes down.

async with OddEndpoint(authority.leaf(), answering=repeat) as endpoint:
    await handshake(endpoint.url, ca_file=authority.file)
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.receiver import Received, answer, read

__all__ = ["Authority", "OddEndpoint", "Silent", "repeat"]

NOW = dt.datetime.now(dt.UTC)
LONGEST = 10.0
TURNS = 3
"""Of the event loop, until a transport that is closed has closed its socket."""


@dataclasses.dataclass(frozen=True, slots=True)
class Files:
    """What a TLS server is given: the certificates that it sends, and its key."""

    chain: Path
    key: Path


class Authority:
    """A root that is trusted, and an intermediate that signs."""

    def __init__(self, folder: Path, name: str = "Test") -> None:
        self.folder = folder
        root_key, self.signing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name, self.name = named(f"{name} root"), named(f"{name} intermediate")
        root = signed(root_name, root_name, root_key.public_key(), root_key, authority=True)
        self.intermediate = signed(self.name, root_name, self.signing_key.public_key(), root_key, authority=True)
        self.file = str(self.written("root.pem", root.public_bytes(Encoding.PEM)))

    def leaf(self, name: str = "leaf", *, host: str = "localhost", days: float = 90, whole: bool = True) -> Files:
        """A server's files; without ``whole`` the intermediate is not sent along."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = signed(named(host), self.name, key.public_key(), self.signing_key, host=host, days=days)
        chain = [certificate, self.intermediate] if whole else [certificate]
        pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Files(self.written(f"{name}.pem", pem), self.written(f"{name}.key", private))

    def written(self, name: str, content: bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content)
        return file


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def signed(subject, issuer, public, key, *, authority=False, host=None, days=90.0) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=400))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(key, hashes.SHA256())


class Silent:
    """No answer at all."""


Answering = Callable[[Received], "bytes | Silent | None"]
"""Bytes are sent, None drops the connection."""


def repeat(received: Received) -> bytes:
    """As a good receiver does."""
    return answer("200 OK", (received.token or "").encode())


class OddEndpoint:
    """Without ``files`` it speaks plain HTTP."""

    def __init__(
        self,
        files: Files | None,
        answering: Answering = repeat,
        *,
        oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
        newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:
        self.files, self.answering, self.versions = files, answering, (oldest, newest)
        self.received: list[Received] = []
        self.port: int = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/notifications"

    async def __aenter__(self) -> Self:
        self.others = asyncio.all_tasks()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.context())
        self.port = int(self.server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        """Handshakes that were refused go on for a moment; a loop that ends before leaves their sockets open."""
        self.server.close()
        await self.server.wait_closed()
        if ours := asyncio.all_tasks() - self.others:
            await asyncio.wait(ours, timeout=LONGEST)
        for _turn in range(TURNS):
            await asyncio.sleep(0)

    def context(self) -> ssl.SSLContext | None:
        if self.files is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version, context.maximum_version = self.versions
        context.load_cert_chain(self.files.chain, self.files.key)
        return context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.files is None:
            await reader.read(1)
            writer.write(answer("400 Bad Request", b"this is no TLS"))  # as servers do that are greeted in TLS
            await writer.drain()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError, ValueError):
            while (received := await read(reader)) is not None:
                self.received.append(received)
                said = self.answering(received)
                if isinstance(said, Silent):
                    await reader.read()
                if not isinstance(said, bytes):
                    break
                writer.write(said)
                await writer.drain()
        writer.transport.abort()
