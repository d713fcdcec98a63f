"""A verified notification in, its resource data out, decrypted on threads.

What is decrypted goes to the caller and nowhere else: into no log, no error and no ``repr``.
"""

import asyncio
import enum
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, NoReturn, Self

from reconciler.core.encrypted import Damaged, EncryptedContent, opened
from reconciler.core.errors import ReconcilerError
from reconciler.receiver.delivery import Notification
from reconciler.receiver.private_keys import PrivateKeys

__all__ = ["NotOpened", "Opener", "WhyNotOpened"]

IN_HAND = 4
"""Items that each thread may have in hand and waiting; more of them wait in their own coroutines."""

SHOWN = 64


class WhyNotOpened(enum.Enum):
    """What kept resource data from being opened."""

    NO_KEY = "no-key"
    """The only one that passes: once the key is there."""

    DAMAGED = "damaged"
    NOT_JSON = "not-json"


class NotOpened(ReconcilerError):
    """The resource data stays closed; ``reason`` is a code, the message a sentence without anything of the data."""

    def __init__(self, reason: WhyNotOpened, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Opener:
    """Opens on as many threads as there are cores: ``cryptography`` lets go of the interpreter lock during RSA.

    For one event loop.

    with Opener(keys) as opener:
        data = await opener.open(notification)
    """

    def __init__(self, keys: PrivateKeys, *, threads: int | None = None) -> None:
        count = threads or len(os.sched_getaffinity(0))
        self._keys = keys
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="opening")
        self._places = asyncio.Semaphore(count * IN_HAND)

    async def open(self, notification: Notification) -> Mapping[str, Any] | None:
        """The resource as Graph encrypted it; None where the notification holds nothing encrypted.

        Raises NotOpened. Whether Graph has sent it is not asked here: anybody can encrypt for a public certificate.
        """
        if not notification.encrypted:
            return None
        async with self._places:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._open, notification)

    def _open(self, notification: Notification) -> Mapping[str, Any]:
        try:
            content = EncryptedContent.read(notification.get("encryptedContent"))
            key = self._keys.key_for(content)
            plaintext = opened(content, key) if key else None
        except Damaged as error:
            raise NotOpened(WhyNotOpened.DAMAGED, str(error)) from error
        if plaintext is None:
            raise no_key(content)
        return resource(plaintext)

    def close(self) -> None:
        """Wait for what is being opened; what has not begun is cancelled."""
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
        found = json.loads(plaintext.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refuse_constant(name: str) -> NoReturn:
    """Python alone reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")
