"""The content of a NATS ``.creds`` file in, what a connection is opened with out.

nats-py asks for another library to sign with; all it takes is Ed25519, which ``cryptography`` has.
"""

import base64
import binascii
import dataclasses
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Credentials", "read_credentials"]

BLOCK = rb"-+BEGIN %s-+\s+(\S+)\s+-+END %s-+"
TOKEN = re.compile(BLOCK % (b"NATS USER JWT", b"NATS USER JWT"))
SEED = re.compile(BLOCK % (b"USER NKEY SEED", b"USER NKEY SEED"))
SEED_LENGTH = 36
"""Two bytes that say what it is a seed of, 32 of the key, two of a checksum."""


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    jwt: bytes = dataclasses.field(repr=False)
    key: Ed25519PrivateKey = dataclasses.field(repr=False)

    def token(self) -> bytes:
        return self.jwt

    def sign(self, nonce: str) -> bytes:
        return base64.b64encode(self.key.sign(nonce.encode()))


def read_credentials(content: bytes) -> Credentials:
    """Raises ValueError."""
    token, seed = TOKEN.search(content), SEED.search(content)
    if not token or not seed:
        raise ValueError("they are no .creds file, with a NATS USER JWT and a USER NKEY SEED")
    try:
        decoded = base64.b32decode(seed[1] + b"=" * (-len(seed[1]) % 8))
    except binascii.Error:
        decoded = b""
    if len(decoded) != SEED_LENGTH or decoded[-2:] != binascii.crc_hqx(decoded[:-2], 0).to_bytes(2, "little"):
        raise ValueError("their USER NKEY SEED is damaged")
    return Credentials(token[1], Ed25519PrivateKey.from_private_bytes(decoded[2:-2]))
