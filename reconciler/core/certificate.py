"""The text of a certificate file in, what Graph wants of it out: public part, thumbprint, nothing secret."""

import base64
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from reconciler.core.source import Problem, Source

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "LARGEST_KEY",
    "SMALLEST_KEY",
    "Outline",
    "PublicCertificate",
    "outline",
    "read_certificate",
    "thumbprint_of",
]

SMALLEST_KEY, LARGEST_KEY = 2048, 4096
"""Bits of an RSA key that Graph encrypts with (facts 7.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What resource data is encrypted with (facts 7.1)."""

    thumbprint: str
    """SHA-1 of the DER, 40 upper-case hex digits: it is the ``encryptionCertificateId`` as well."""

    der: bytes = dataclasses.field(repr=False)

    @property
    def base64(self) -> str:
        return base64.b64encode(self.der).decode()


def read_certificate(pem: bytes, *, source: Source, now: dt.datetime) -> PublicCertificate | Problem:
    """Read the first certificate of a PEM file, or say what is wrong with it."""
    # cryptography takes a while to start, and manifests without certificates do not need it.
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    if b"PRIVATE KEY-----" in pem:
        message = "this file holds a private key: give the certificate alone, the key belongs under privateKey"
        return Problem(source, "private-key", message)
    found = parsed(pem)
    if isinstance(found, str):
        return Problem(source, "certificate-invalid", f"this is no PEM certificate: {found}")
    certificate, key = found
    if not isinstance(key, rsa.RSAPublicKey) or not SMALLEST_KEY <= key.key_size <= LARGEST_KEY:
        kind = (
            f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__.removesuffix("PublicKey")
        )
        message = f"the certificate's key is {kind}, Graph encrypts with RSA keys of 2048 to 4096 bits only"
        return Problem(source, "certificate-key", message)
    if certificate.not_valid_after_utc <= now:
        message = f"the certificate has expired on {certificate.not_valid_after_utc:%Y-%m-%d}: make a new one"
        return Problem(source, "certificate-expired", message)
    return PublicCertificate(thumbprint_of(certificate), certificate.public_bytes(Encoding.DER))


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """What people are told of a certificate, of one that has expired, too."""

    thumbprint: str
    not_after: dt.datetime
    bits: int | None
    """Of its key; None where that is not RSA."""


def outline(pem: bytes) -> Outline | None:
    """Of the first certificate of a PEM file, whatever else is wrong with it; None where it holds none."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    found = parsed(pem)
    if isinstance(found, str):
        return None
    certificate, key = found
    bits = key.key_size if isinstance(key, rsa.RSAPublicKey) else None
    return Outline(thumbprint_of(certificate), certificate.not_valid_after_utc, bits)


def parsed(pem: bytes) -> "tuple[x509.Certificate, object] | str":
    """The first certificate and its public key, or what the parser complains of."""
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(pem)
        return certificate, certificate.public_key()
    except Exception as error:  # noqa: BLE001  a parser of foreign bytes: whatever it raises, the file is at fault
        return said(error)


def thumbprint_of(certificate: "x509.Certificate") -> str:
    """SHA-1 of the DER in upper-case hexadecimal digits (facts 7.1)."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303  Graph's identifier, no security rests on it


def said(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:80]
