"""Keys and an event in, the headers that Standard Webhooks 1.0 asks for out (https://www.standardwebhooks.com)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Sequence

__all__ = ["read_key", "signed"]

PREFIX = b"whsec_"


def read_key(written: bytes) -> bytes:
    """``whsec_`` and base64 as other tools make them, or any other bytes as they are. Raises ValueError."""
    if not written.startswith(PREFIX):
        key = written
    else:
        text = written.removeprefix(PREFIX)
        try:
            key = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
        except binascii.Error:
            # Without its cause, whose text may tell of the key.
            raise ValueError("what follows whsec_ is no base64") from None
    if not key:
        raise ValueError("it is empty")
    return key


def signed(keys: Sequence[bytes], *, identifier: str, content: bytes, now: dt.datetime) -> dict[str, str]:
    """The headers of one attempt: another one has its own time."""
    seconds = str(int(now.timestamp()))
    headers = {"webhook-id": identifier, "webhook-timestamp": seconds}
    if keys:
        message = b".".join((identifier.encode(), seconds.encode(), content))
        headers["webhook-signature"] = " ".join(signatures(keys, message))
    return headers


def signatures(keys: Iterable[bytes], message: bytes) -> Iterable[str]:
    for key in keys:
        yield f"v1,{base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()}"
