"""The keys that sign tokens, as receivers and clients look for them: a ring that can be turned (facts 7.3)."""

import base64
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from reconciler.emulator import certificates
from reconciler.emulator.entra.encoding import base64url, number
from reconciler.emulator.errors import EmulatorError

VALID = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
"""Fixed, so that the same key has the same certificate, and with it the same id, at each start."""


@dataclasses.dataclass(frozen=True, slots=True)
class SigningKey:
    """One key with its certificate, whose SHA-1 thumbprint is the key's id, as Entra names its keys."""

    id: str
    private: rsa.RSAPrivateKey = dataclasses.field(repr=False)
    certificate: bytes = dataclasses.field(repr=False)
    """DER."""

    @classmethod
    def of(cls, private: rsa.RSAPrivateKey) -> Self:
        certificate = self_signed(private)
        thumbprint = base64url(certificate.fingerprint(hashes.SHA1()))  # noqa: S303 (a name, as RFC 7517 has it)
        return cls(thumbprint, private, certificate.public_bytes(serialization.Encoding.DER))

    def as_jwk(self) -> dict[str, object]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "x5t": self.id,
            "n": number(numbers.n),
            "e": number(numbers.e),
            "x5c": [base64.b64encode(self.certificate).decode()],
        }


class Keys:
    """The newest signs; all that are kept verify and are served."""

    def __init__(self, first: rsa.RSAPrivateKey) -> None:
        self._first = SigningKey.of(first)
        self._ring: dict[str, SigningKey] = {}
        self.reset()

    def __iter__(self) -> Iterator[str]:
        """Key ids, the oldest first."""
        return iter(self._ring)

    @property
    def current(self) -> tuple[str, rsa.RSAPrivateKey]:
        newest = next(reversed(self._ring.values()))
        return newest.id, newest.private

    def find(self, identifier: str) -> rsa.RSAPublicKey | None:
        key = self._ring.get(identifier)
        return key.private.public_key() if key else None

    def rotate(self, *, keep: bool = True) -> str:
        """Sign with a new key from now on; without ``keep`` the old ones are gone, and all that they signed.

        It takes a moment, and may be called from a thread.
        """
        key = SigningKey.of(certificates.rsa_key())
        self._ring = (self._ring if keep else {}) | {key.id: key}
        return key.id

    def reset(self) -> None:
        self._ring = {self._first.id: self._first}

    def jwks(self) -> dict[str, object]:
        """As the metadata's ``jwks_uri`` serves it."""
        return {"keys": [key.as_jwk() for key in self._ring.values()]}

    def as_json(self) -> list[str]:
        """The private keys as PEM, the oldest first: for the file that outlives a start."""
        return [certificates.private_pem(key.private).decode() for key in self._ring.values()]

    def load(self, data: Any) -> None:
        """What ``as_json`` gave; raises ``EmulatorError`` and changes nothing where it is something else."""
        if not isinstance(data, list) or not data:
            raise EmulatorError("keys: a list of at least one private key (PEM) is needed")
        keys = [SigningKey.of(private_key(text)) for text in data]
        self._ring = {key.id: key for key in keys}


def private_key(text: object) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(str(text).encode(), password=None)
    except (TypeError, ValueError) as error:
        raise EmulatorError(f"keys: a private key cannot be read: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise EmulatorError("keys: a private key is no RSA key, and only those can sign tokens here")
    return key


def self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same for the same key: the serial number comes from it, and RSA's older padding has no randomness."""
    public = key.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Emulator token signing")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(int.from_bytes(hashlib.sha256(der).digest()[:16], "big") | 1)
        .not_valid_before(VALID[0])
        .not_valid_after(VALID[1])
    )
    return builder.sign(key, hashes.SHA256())
