"""The keys that sign tokens, as receivers and clients look for them: a ring that can be turned (facts 7.3)."""

import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.entra.encoding import base64url, number


class Keys:
    """The newest signs; all that are kept verify and are served."""

    def __init__(self, first: rsa.RSAPrivateKey) -> None:
        self._first = first
        self._ring: dict[str, rsa.RSAPrivateKey] = {}
        self.reset()

    def __iter__(self) -> Iterator[str]:
        """Key ids, the oldest first."""
        return iter(self._ring)

    @property
    def current(self) -> tuple[str, rsa.RSAPrivateKey]:
        identifier = next(reversed(self._ring))
        return identifier, self._ring[identifier]

    def find(self, identifier: str) -> rsa.RSAPublicKey | None:
        key = self._ring.get(identifier)
        return key.public_key() if key else None

    def rotate(self, *, keep: bool = True) -> str:
        """Sign with a new key from now on; without ``keep`` the old ones are gone, and all that they signed."""
        key = rsa_key()
        if not keep:
            self._ring.clear()
        self._ring[key_id(key.public_key())] = key
        return self.current[0]

    def reset(self) -> None:
        self._ring = {key_id(self._first.public_key()): self._first}

    def as_json(self) -> dict[str, object]:
        """JWKS, as the metadata's ``jwks_uri`` serves it."""
        return {"keys": [public(identifier, key.public_key()) for identifier, key in self._ring.items()]}


def public(identifier: str, key: rsa.RSAPublicKey) -> dict[str, object]:
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": identifier,
        "x5t": identifier,
        "n": number(numbers.n),
        "e": number(numbers.e),
    }


def key_id(key: rsa.RSAPublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64url(hashlib.sha256(der).digest()[:20])
