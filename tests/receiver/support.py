"""A receiver on a free port of a thread of its own, behind a throw-away certificate."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.types import ASGIApp

from reconciler.receiver import serve


def write_certificate(folder: Path, name: str = "server", password: bytes | None = None) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return certificate_file, key_file


@contextlib.contextmanager
def served(application: ASGIApp, folder: Path) -> Iterator[httpx.Client]:
    """A client for the application, over TLS that is verified."""
    certificate, key = write_certificate(folder)
    port: Future[int] = Future()
    stop: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    async def main() -> None:
        task = asyncio.create_task(
            serve(
                application,
                host="127.0.0.1",
                port=0,
                tls_certificate=certificate,
                tls_key=key,
                ready=port.set_result,
            )
        )
        stop.set_result((asyncio.get_running_loop(), task))
        with contextlib.suppress(asyncio.CancelledError):
            await task

    thread = threading.Thread(target=lambda: uvloop.run(main()))
    thread.start()
    loop, task = stop.result(10)
    try:
        base = f"https://127.0.0.1:{port.result(10)}"
        trust = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(base_url=base, verify=trust, trust_env=False, timeout=10) as client:
            yield client
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(15)
    assert not thread.is_alive()
