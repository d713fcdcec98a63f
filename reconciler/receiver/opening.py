"""The encrypted content of a verified notification in, its resource data out.

What is decrypted goes to the caller and nowhere else: into no log, no error and no ``repr``.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any

from reconciler.core.encrypted import Damaged, EncryptedContent, opened
from reconciler.core.errors import ReconcilerError
from reconciler.core.json_text import read_json
from reconciler.receiver.private_keys import PrivateKeys

__all__ = ["NotOpened", "Opener", "WhyNotOpened"]

SHOWN = 64
ELSEWHERE = "its Certificate has no privateKey, so it is passed on as it came, for others to open"


class WhyNotOpened(enum.Enum):
    """What kept resource data from being opened."""

    NO_KEY = "no-key"
    """The only one that passes: once the key is there."""

    DAMAGED = "damaged"
    NOT_JSON = "not-json"

    FAILED = "failed"
    """By a mistake of ours."""

    ELSEWHERE = "elsewhere"
    """By intention: its certificate is declared without a private key."""


class NotOpened(ReconcilerError):
    """The resource data stays closed; ``reason`` is a code, the message a sentence without anything of the data."""

    def __init__(self, reason: WhyNotOpened, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True)
class Opener:
    """``cryptography`` lets go of the interpreter lock during RSA: on several threads, several cores are used."""

    keys: PrivateKeys

    def open(self, encrypted_content: object) -> Mapping[str, Any]:
        """The resource as Graph encrypted it, from the ``encryptedContent`` of an item.

        Raises NotOpened. Whether Graph has sent it is not asked here: anybody can encrypt for a public certificate.
        """
        try:
            content = EncryptedContent.read(encrypted_content)
            key = self.keys.key_for(content)
            if key is None and self.keys.opens_elsewhere(content):
                raise NotOpened(WhyNotOpened.ELSEWHERE, ELSEWHERE)
            plaintext = opened(content, key) if key else None
        except Damaged as error:
            raise NotOpened(WhyNotOpened.DAMAGED, str(error)) from error
        if plaintext is None:
            raise no_key(content)
        return resource(plaintext)


def no_key(content: EncryptedContent) -> NotOpened:
    # Whoever sent it wrote these names: shown as ASCII, and not at any length.
    named = ascii((content.thumbprint or content.certificate_id or "")[:SHOWN])
    message = f"no Certificate with a privateKey has the thumbprint {named}: add the pair, under previous if it is old"
    return NotOpened(WhyNotOpened.NO_KEY, message)


def resource(plaintext: bytes) -> Mapping[str, Any]:
    found = parsed(plaintext)
    if found is None:
        raise NotOpened(WhyNotOpened.NOT_JSON, "what was encrypted is not a JSON object")
    return found


def parsed(plaintext: bytes) -> dict[str, Any] | None:
    """None where it is no JSON object. The parser's error holds the text that it was given, so it ends here."""
    try:
        found = read_json(plaintext)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
