"""The emulator's folder: what it keeps between starts, what it tells others, what was asked of it.

``emulator.json`` is written last and by rename, so whoever sees it can use everything that it names.
"""

import contextlib
import dataclasses
import datetime as dt
import fcntl
import json
import os
import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from reconciler.emulator import certificates
from reconciler.emulator.errors import EmulatorError

RENEW_BEFORE = dt.timedelta(days=7)
PRIVATE = 0o600
PAIRS = ("client", "receiver", "server")


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """Whom the emulator knows from the start, the same for each start in one home."""

    tenant_id: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._log: IO[str] | None = None
        self._lock: IO[str] | None = None

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def ca_file(self) -> Path:
        return self.path("ca.pem")

    def prepare(self) -> Identity:
        """Make what is missing or about to expire; raises ``EmulatorError`` if the folder cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take()
            self.path("emulator.json").unlink(missing_ok=True)
            identity = self._identity()
            if not self._certificates_are_good(dt.datetime.now(dt.UTC)):
                self._make_certificates(dt.datetime.now(dt.UTC))
            self._signing_key_pem()
            self._log = self.path("requests.jsonl").open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise EmulatorError(
                f"cannot use {self.folder} as the emulator's home: {error.strerror}; choose a folder that can be "
                "written with --home"
            ) from error
        return identity

    def _take(self) -> None:
        """Two emulators in one home would each tell the world of themselves, and take the other's words away."""
        self._lock = taken(self.path("lock"))
        if self._lock is None:
            raise EmulatorError(
                f"{self.folder} is the home of an emulator that still runs; stop that one, or choose another folder "
                "with --home"
            )

    def log(self, line: dict[str, object]) -> None:
        if self._log is not None:
            self._log.write(json.dumps(line) + "\n")

    def announce(self, *, origin: str, identity: Identity) -> dict[str, object]:
        info: dict[str, object] = {
            "graph": origin,
            "authority": origin,
            "tenantId": identity.tenant_id,
            "clientId": identity.client_id,
            "clientSecret": identity.client_secret,
            "clientCertificate": str(self.path("client.pem")),
            "clientKey": str(self.path("client.key")),
            "caFile": str(self.ca_file),
            "receiverCertificate": str(self.path("receiver.pem")),
            "receiverKey": str(self.path("receiver.key")),
            "pid": os.getpid(),
        }
        write(self.path("emulator.json"), json.dumps(info, indent=2).encode() + b"\n", private=True)
        return info

    def close(self) -> None:
        """Nobody may believe that the emulator still runs."""
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            self.path("emulator.json").unlink(missing_ok=True)
        if self._log is not None:
            self._log.close()
            self._log = None
        self._lock.close()
        self._lock = None

    def client_certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.path("client.pem").read_bytes())

    def signing_key(self) -> rsa.RSAPrivateKey:
        key = own_key(self._signing_key_pem())
        if not isinstance(key, rsa.RSAPrivateKey):
            raise EmulatorError(f"{self.path('signing.key')} holds no RSA key: remove it, a new one is made")
        return key

    def _signing_key_pem(self) -> bytes:
        path = self.path("signing.key")
        if not path.exists():
            write(path, certificates.private_pem(certificates.rsa_key()), private=True)
        return path.read_bytes()

    def _identity(self) -> Identity:
        path = self.path("identity.json")
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return Identity(**kept)
        identity = Identity(str(uuid.uuid4()), str(uuid.uuid4()), secrets.token_urlsafe(30))
        write(path, json.dumps(dataclasses.asdict(identity)).encode(), private=True)
        return identity

    def _certificates_are_good(self, now: dt.datetime) -> bool:
        try:
            authority = load(self.ca_file)
            for name in PAIRS:
                certificate = load(self.path(f"{name}.pem"))
                certificate.verify_directly_issued_by(authority)
                key = own_key(self.path(f"{name}.key").read_bytes())
                if key.public_key() != certificate.public_key():
                    return False
                if certificate.not_valid_after_utc < now + RENEW_BEFORE:
                    return False
        except (InvalidSignature, OSError, TypeError, UnsupportedAlgorithm, ValueError):
            return False
        return authority.not_valid_after_utc >= now + RENEW_BEFORE

    def _make_certificates(self, now: dt.datetime) -> None:
        authority = certificates.authority(now)
        pairs = {
            "client": certificates.client(authority, now),
            "receiver": certificates.server(authority, now),
            "server": certificates.server(authority, now),
        }
        for name, pair in pairs.items():
            write(self.path(f"{name}.key"), pair.key_pem, private=True)
            write(self.path(f"{name}.pem"), pair.certificate_pem)
        write(self.ca_file, authority.certificate_pem)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def own_key(pem: bytes) -> PrivateKeyTypes:
    """One that was made here: whether its numbers are prime need not be worked out anew, which takes 50 ms."""
    return serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)


def taken(path: Path) -> IO[str] | None:
    """A lock that is held until it is closed or its process ends; None if somebody else has it."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def write(path: Path, content: bytes, *, private: bool = False) -> None:
    with replacing(path, private=private) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path, *, private: bool) -> Iterator[IO[bytes]]:
    """A file that takes the place of the old one when it is complete, and never readable by others if private."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE if private else 0o644)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
