"""Certificates and their private keys, as ``openssl req -x509 -nodes`` makes them."""

import dataclasses
import datetime as dt
import functools
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

__all__ = ["Pair", "pair", "pem_of", "write_pair"]

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    key: Key
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return pem_of(self.key)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def thumbprint(self) -> str:
        return hashlib.sha1(self.certificate.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest().upper()


def pem_of(key: Key, password: bytes | None = None) -> bytes:
    hiding: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hiding)


@functools.cache
def pair(name: str, *, kind: str = "rsa", days: int = 30) -> Pair:
    """The same for the same name; ``days`` until it expires, and ``kind`` ``ec`` for one that is no good."""
    rsa_key = functools.partial(rsa.generate_private_key, public_exponent=65537, key_size=2048)
    key: Key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa_key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days))
    )
    return Pair(key, builder.sign(key, hashes.SHA256()))


def write_pair(folder: Path, name: str) -> dict[str, dict[str, str]]:
    """Write ``pair(name)`` into a folder of manifests, and say so as a ``Certificate`` does."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    folder.mkdir(parents=True, exist_ok=True)
    certificate.write_bytes(pair(name).pem)
    key.write_bytes(pair(name).key_pem)
    return {"certificate": {"file": certificate.name}, "privateKey": {"file": key.name}}
