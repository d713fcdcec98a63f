"""A tenant's credential in, access tokens out. msal keeps them and renews them in time.

msal blocks, so it runs on a thread, and what it said is good for a short while without another one.
"""

import asyncio
import dataclasses
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from reconciler.core.errors import Transient
from reconciler.graph.claims import roles_of
from reconciler.graph.credentials import (
    Access,
    CertificateCredential,
    Credential,
    ManagedIdentityCredential,
    SecretCredential,
)
from reconciler.graph.entra import Entra
from reconciler.graph.managed_identity import Machine
from reconciler.graph.transport import MachineHttp, TokenHttp

__all__ = [
    "Access",
    "CertificateCredential",
    "Credential",
    "Given",
    "SecretCredential",
    "Tokens",
    "lasting",
    "roles_of",
]

log = logging.getLogger(__name__)

SENDABLE = re.compile(r"[!-~]+")
"""What a header can bear; more than RFC 6750 allows a token to be."""

MARGIN = 300.0
"""Seconds before its end from which on a token is asked for anew each time, as msal does."""

UNASKED = 60.0
"""Seconds for which msal is not asked again: it may have a reason of its own to renew early, or see that the machine
slept, which a monotonic clock does not."""


class Way(Protocol):
    """Where a token comes from."""

    @property
    def host(self) -> str:
        """Who gives it, as messages name it."""

    def ask(self) -> Mapping[str, Any]:
        """``access_token`` and ``expires_in``, kept or new. Raises Denied, Throttled or Transient."""

    def forget(self) -> None:
        """Keep nothing of what was given."""


class Tokens:
    """One tenant's access tokens; however many ask at once, one request is made."""

    def __init__(self, access: Access, http: TokenHttp, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._way = way_of(access, http)
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._latest: str | None = None
        self._good_until = 0.0
        described = access.credential.described
        log.info("tenant %s is entered as application %s with %s", access.tenant_id, access.client_id, described)

    async def token(self) -> str:
        """A token that is good for now. Raises Denied, Throttled or Transient."""
        known = self.known()
        if known is not None:
            return known
        async with self._lock:
            return self.known() or await self.ask()

    def known(self) -> str | None:
        """The latest token, while nobody need be asked whether it is still good."""
        return self._latest if self._monotonic() < self._good_until else None

    async def ask(self) -> str:
        began = self._monotonic()
        given = await asyncio.to_thread(self.acquire)
        self._latest = given.token
        self._good_until = began + min(UNASKED, given.lasts - MARGIN)
        return given.token

    async def drop(self, token: str) -> None:
        """Graph does not take this token any more; of many that say so at once, one is heard."""
        async with self._lock:
            if token == self._latest:
                self._way.forget()
                self._latest = None

    async def roles(self) -> frozenset[str]:
        """The permissions that the token carries, by its own account: to explain with, not to decide on."""
        return roles_of(await self.token())

    def acquire(self) -> "Given":
        result = self._way.ask()
        token = result["access_token"]
        if not SENDABLE.fullmatch(token):
            self._way.forget()  # msal keeps what it was given, and would give it again for an hour
            raise Transient(
                f"{self._access.operation}: {self._way.host} gave one that no request can bear, it is not visible ASCII"
            )
        return Given(token, lasts=lasting(result))


def way_of(access: Access, http: TokenHttp) -> Way:
    credential = access.credential
    if isinstance(credential, ManagedIdentityCredential):
        return Machine(access, credential, MachineHttp(proxies=False))
    return Entra(access, credential, http)


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """What msal gave: a token and for how many seconds more it is good."""

    token: str = dataclasses.field(repr=False)
    lasts: float


def lasting(result: Mapping[str, Any]) -> float:
    """``expires_in``, which should be a number; none at all where it is not."""
    try:
        return float(int(result["expires_in"]))
    except (KeyError, OverflowError, TypeError, ValueError):
        return 0.0
