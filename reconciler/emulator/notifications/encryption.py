"""Resource data as Graph encrypts it: a text and a certificate in, ``encryptedContent`` out (facts 7.1, 7.2)."""

import base64
import dataclasses
import functools
import hmac
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KEY_BYTES = 32
REMEMBERED = 1000
"""Certificates that are kept parsed."""

# SHA-1 in both places is the specification, not a choice (facts 7.2).
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """Whoever holds the private key of a certificate."""

    key: rsa.RSAPublicKey
    thumbprint: str
    """SHA-1 of the DER, in upper-case hexadecimal digits (facts 7.1)."""


@functools.lru_cache(maxsize=REMEMBERED)
def recipient(certificate: str) -> Recipient:
    """From a subscription's ``encryptionCertificate``, which was checked when it was set; ValueError if it is none."""
    content = base64.b64decode(certificate)
    pem = content.lstrip().startswith(b"-----")
    parsed = (x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate)(content)
    key = parsed.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the certificate has no RSA key")  # noqa: TRY004 (a wrong value, not a wrong type)
    return Recipient(key, parsed.fingerprint(hashes.SHA1()).hex().upper())  # noqa: S303 (a name, facts 7.1)


def encrypted(data: bytes, certificate: str, *, certificate_id: str | None) -> dict[str, str | None]:
    """With a key that is used for this one item only."""
    key = secrets.token_bytes(KEY_BYTES)
    hidden = hide(data, key)
    holder = recipient(certificate)
    return {
        "data": spelled(hidden),
        "dataSignature": spelled(hmac.digest(key, hidden, "sha256")),
        "dataKey": spelled(holder.key.encrypt(key, OAEP)),
        "encryptionCertificateId": certificate_id,
        "encryptionCertificateThumbprint": holder.thumbprint,
    }


def hide(data: bytes, key: bytes) -> bytes:
    """AES-CBC with PKCS7; the first 16 bytes of the key are the vector (facts 7.2)."""
    padder = PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def spelled(content: bytes) -> str:
    return base64.b64encode(content).decode()
