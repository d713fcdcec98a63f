"""The keys that an authority signs tokens with: fetched when one is needed, kept for longer than they are served.

They rotate daily (facts 7.3). An unknown key id may be a new key or a forger's invention, so each document is fetched
at most once in ``LIMIT``, however many tokens name one.
"""

import asyncio
import base64
import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.receiver.errors import ReceiverError

__all__ = ["DOCUMENTS", "FetchFailed", "KeysUnavailable", "SigningKey", "SigningKeys", "keys_in"]

DOCUMENTS = ("/common/discovery/v2.0/keys", "/common/discovery/keys")
"""The second for a key id that is not in the first: tokens of version 1 (facts 7.3)."""

DAILY = dt.timedelta(days=1)
KEPT = dt.timedelta(days=30)
"""After it was last served: what waits in the inbox must still be verifiable."""

LIMIT = dt.timedelta(minutes=1)
SMALLEST_KEY = 2048

Fetch = Callable[[str], Awaitable[bytes]]
"""From a document's path to its content. Raises FetchFailed."""

logger = logging.getLogger(__name__)


class FetchFailed(ReceiverError):
    """The authority did not give its keys."""


class KeysUnavailable(ReceiverError):
    """Nobody can tell now whether a key exists: ask again later."""


@dataclasses.dataclass(frozen=True, slots=True)
class SigningKey:
    public: rsa.RSAPublicKey = dataclasses.field(repr=False)
    issuer: str | None = None
    """Whom it signs for, where the document tells: a template for all tenants, or one tenant's issuer."""

    def speaks_for(self, tenant_id: str) -> bool:
        """The common documents hold keys of single tenants as well, that of personal accounts for one."""
        return self.issuer is None or "{tenantid}" in self.issuer or tenant_id in self.issuer.lower()


class SigningKeys:
    """Those of one authority, in the memory, for one event loop. ``now`` gives aware times in UTC."""

    def __init__(self, fetch: Fetch, *, now: Callable[[], dt.datetime]) -> None:
        self.fetch, self.now = fetch, now
        self.keys: dict[str, tuple[SigningKey, dt.datetime]] = {}
        """With the time each was last served."""

        self.tried: dict[str, dt.datetime] = {}
        self.read: dict[str, dt.datetime] = {}
        """When each document was last asked for, and when that last succeeded."""

        self.failures: dict[str, str] = {}
        self.turn = asyncio.Lock()
        self.refreshing: asyncio.Task[None] | None = None

    async def find(self, key_id: str, *, since: dt.datetime) -> SigningKey | None:
        """The key with that id; None if the authority, asked after ``since``, has none. Raises KeysUnavailable.

        A key that is known is given at once, also while the authority is away.
        """
        self.drop_old()
        if key_id not in self.keys:
            await self.refresh(key_id)
        elif self.is_stale and (self.refreshing is None or self.refreshing.done()):
            self.refreshing = asyncio.create_task(self.refresh())
        if key_id in self.keys:
            return self.keys[key_id][0]
        if all(path in self.read and self.read[path] >= since for path in DOCUMENTS):
            return None
        reason = next(iter(self.failures.values()), "they were asked for a moment ago, and are not asked for so often")
        raise KeysUnavailable(f"the authority's signing keys are not at hand: {reason}")

    def has(self, key_id: str) -> bool:
        """Whether ``find`` would give it without waiting."""
        self.drop_old()
        return key_id in self.keys

    @property
    def is_stale(self) -> bool:
        return any(self.now() - self.read[path] >= DAILY for path in DOCUMENTS if path in self.read)

    def drop_old(self) -> None:
        oldest = self.now() - KEPT
        for key_id in [key_id for key_id, (_, served) in self.keys.items() if served < oldest]:
            del self.keys[key_id]

    async def refresh(self, wanted: str | None = None) -> None:
        """Read the documents until ``wanted`` is found; one at a time, and who waited looks first."""
        async with self.turn:
            for path in DOCUMENTS:
                if wanted not in self.keys and self.may_fetch(path):
                    await self.read_document(path)

    def may_fetch(self, path: str) -> bool:
        """A clock that was set back does not keep us from it."""
        return path not in self.tried or not dt.timedelta() <= self.now() - self.tried[path] < LIMIT

    async def read_document(self, path: str) -> None:
        begun = self.tried[path] = self.now()
        try:
            found = keys_in(await self.fetch(path))
        except FetchFailed as error:
            self.failures[path] = str(error)
            logger.warning("The signing keys could not be fetched, those at hand stay in use: %s", error)
            return
        self.failures.pop(path, None)
        self.read[path] = begun
        self.keys.update((key_id, (key, begun)) for key_id, key in found.items())


def keys_in(document: bytes) -> Mapping[str, SigningKey]:
    """The usable keys of a JWK set by id. Raises FetchFailed where there is none."""
    try:
        entries = json.loads(document)["keys"]
        found = dict(usable(entries))
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise FetchFailed("the authority's answer is no set of keys") from error
    if not found:
        raise FetchFailed("the authority's answer has no RSA key of 2048 bits or more for signatures")
    return found


def usable(entries: list[Any]) -> Iterator[tuple[str, SigningKey]]:
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and (public := public_key(entry)):
            issuer = entry.get("issuer")
            yield entry["kid"], SigningKey(public, issuer if isinstance(issuer, str) else None)


def public_key(entry: Mapping[str, Any]) -> rsa.RSAPublicKey | None:
    """None for a key that is not for RS256: another kind, another use, or too small."""
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        public = rsa.RSAPublicNumbers(number(entry.get("e")), number(entry.get("n"))).public_key()
    except ValueError:
        return None  # one damaged key must not take the others along
    return public if public.key_size >= SMALLEST_KEY else None


def number(text: Any) -> int:
    if not isinstance(text, str):
        raise ValueError("the number is no text")  # noqa: TRY004  one kind of error for a damaged key
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
