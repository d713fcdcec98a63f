"""Encrypted resource data of one notification in, its plaintext out, or one error that tells nothing (facts 7.2)."""

import binascii
import dataclasses
import hmac
from collections.abc import Mapping
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from reconciler.core.errors import ReconcilerError

__all__ = ["Damaged", "EncryptedContent", "opened"]

KEY_BYTES = 32
VECTOR_BYTES = 16

# SHA-1 in both places is the specification, not a choice of ours (facts 7.2); no collision of it helps anybody here.
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303


class Damaged(ReconcilerError):
    """The content cannot be opened, and will not be by trying again."""


@dataclasses.dataclass(frozen=True, slots=True)
class EncryptedContent:
    """What ``encryptedContent`` of an item holds, base64 undone (facts 7.1, 7.2)."""

    data: bytes = dataclasses.field(repr=False)
    signature: bytes = dataclasses.field(repr=False)
    key: bytes = dataclasses.field(repr=False)
    """The symmetric key, encrypted with the certificate's public key."""

    certificate_id: str | None = None
    thumbprint: str | None = None
    """SHA-1 of the certificate's DER in hexadecimal digits of any case."""

    @classmethod
    def read(cls, value: object) -> Self:
        """From the JSON of an item, names in any letter case (facts 2.3). Raises Damaged, repeating nothing of it."""
        if not isinstance(value, Mapping):
            raise Damaged("encryptedContent is not an object")
        fields = folded(value)
        return cls(
            data=content_of(fields, "data"),
            # Examples for Teams leave it out, real deliveries have it (facts 7.1): without it nothing is opened.
            signature=content_of(fields, "dataSignature"),
            key=content_of(fields, "dataKey"),
            certificate_id=text_of(fields, "encryptionCertificateId"),
            thumbprint=text_of(fields, "encryptionCertificateThumbprint"),
        )


def folded(value: Mapping[Any, Any]) -> dict[str, Any]:
    fields = {str(name).lower(): each for name, each in value.items()}
    if len(fields) < len(value):
        raise Damaged("encryptedContent has a property twice, in different letter case")
    return fields


def text_of(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name.lower())
    if value is not None and not isinstance(value, str):
        raise Damaged(f"{name} of encryptedContent is not a text")
    return value or None


def content_of(fields: Mapping[str, Any], name: str) -> bytes:
    text = text_of(fields, name)
    if text is None:
        raise Damaged(f"encryptedContent has no {name}")
    content = unspelled(text)
    if content is None:
        raise Damaged(f"{name} of encryptedContent is not base64")
    return content


def unspelled(text: str) -> bytes | None:
    """Base64 undone; None for any spelling of those bytes but the usual one: no character can be changed unnoticed.

    Strict decoding leaves one freedom, in the bits that the last character has too many.
    """
    try:
        content = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    last = content[len(content) // 3 * 3 :]
    return content if not last or binascii.b2a_base64(last, newline=False) == text[-4:].encode() else None


def opened(content: EncryptedContent, key: rsa.RSAPrivateKey) -> bytes:
    """Decrypt; the plaintext is the UTF-8 JSON of the resource.

    Raises Damaged, with one message whatever it was: from which step refused it, who sends altered copies could learn
    the plaintext.
    """
    plaintext = attempt(content, key)
    if plaintext is None:
        raise Damaged("the encrypted content is damaged, or was encrypted for another certificate")
    return plaintext


def attempt(content: EncryptedContent, key: rsa.RSAPrivateKey) -> bytes | None:
    """Unlock, authenticate, and only then decrypt."""
    symmetric = unlocked(content.key, key)
    if symmetric is None or len(symmetric) != KEY_BYTES:
        return None
    if not hmac.compare_digest(hmac.digest(symmetric, content.data, "sha256"), content.signature):
        return None
    return deciphered(content.data, symmetric)


def unlocked(encrypted: bytes, key: rsa.RSAPrivateKey) -> bytes | None:
    try:
        return key.decrypt(encrypted, OAEP)
    except ValueError:
        return None


def deciphered(data: bytes, symmetric: bytes) -> bytes | None:
    """AES-CBC with PKCS7; the key's first 16 bytes are the vector (facts 7.2)."""
    decryptor = Cipher(algorithms.AES256(symmetric), modes.CBC(symmetric[:VECTOR_BYTES])).decryptor()
    unpadder = PKCS7(algorithms.AES.block_size).unpadder()
    try:
        padded = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None
