"""A tenant's credential in, access tokens out. The only module here that imports msal.

msal keeps the tokens and renews them in time; it blocks, so it runs on a thread, and what it said is good for a short
while without another one. Secrets come in as values, and no ``repr`` shows them.
"""

import asyncio
import base64
import contextlib
import dataclasses
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.core.clouds import Cloud
from reconciler.core.errors import CredentialRefused, GraphError, Transient
from reconciler.core.refusals import Refusal, redacted, sort_refusal
from reconciler.graph.answers import json_of, retry_after
from reconciler.graph.transport import TokenAnswer, TokenHttp

__all__ = ["Access", "CertificateCredential", "Credential", "SecretCredential", "Tokens"]

SENDABLE = re.compile(r"[!-~]+")
"""What a header can bear; more than RFC 6750 allows a token to be."""

MARGIN = 300.0
"""Seconds before its end from which on a token is asked for anew each time, as msal does."""

UNASKED = 60.0
"""Seconds for which msal is not asked again: it may have a reason of its own to renew early, or see that the machine
slept, which a monotonic clock does not."""


@dataclasses.dataclass(frozen=True, slots=True)
class SecretCredential:
    """A client secret's value."""

    secret: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateCredential:
    """A certificate that the application is registered with, and its private key, both as PEM texts."""

    certificate: str = dataclasses.field(repr=False)
    private_key: str = dataclasses.field(repr=False)
    passphrase: str | None = dataclasses.field(default=None, repr=False)


Credential = SecretCredential | CertificateCredential


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """As whom, where and with what one tenant is entered."""

    tenant_id: str
    client_id: str
    cloud: Cloud
    credential: Credential


class Tokens:
    """One tenant's access tokens; however many ask at once, one request is made."""

    def __init__(self, access: Access, http: TokenHttp, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._http = http
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._application: Any = None
        self._latest: str | None = None
        self._good_until = 0.0

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
                self._application = self._latest = None

    async def roles(self) -> frozenset[str]:
        """The permissions that the token carries, by its own account: to explain with, not to decide on."""
        return roles_of(await self.token())

    def acquire(self) -> "Given":
        # msal is slow to import, and a run that opens no socket needs none of it.
        import msal

        problems = (msal.exceptions.MsalError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
        try:
            if self._application is None:
                self._application = self.open_application(msal)
            result = self._application.acquire_token_for_client(scopes=[self._access.cloud.scope])
        except problems as error:
            # msal raises what comes to hand when the endpoint answers oddly; the answer itself says more.
            raise self.refused({}) from error
        token = result.get("access_token")
        if not isinstance(token, str):
            raise self.refused(result)
        if not SENDABLE.fullmatch(token):
            self._application = None  # msal keeps what it was given, and would give it again for an hour
            raise Transient(f"{self.operation}: {self.host} gave one that no request can bear, it is not visible ASCII")
        return Given(token, lasts=lasting(result))

    def open_application(self, msal: Any) -> Any:
        access = self._access
        return msal.ConfidentialClientApplication(
            access.client_id,
            client_credential=client_credential(access.credential, self.operation),
            authority=f"{access.cloud.authority}/{access.tenant_id}",
            # For hosts that it does not know msal would ask the global cloud about them (facts 9.1).
            instance_discovery=None if access.cloud.known else False,
            http_client=self._http,
        )

    @property
    def operation(self) -> str:
        return f"the token for application {self._access.client_id} in tenant {self._access.tenant_id}"

    @property
    def host(self) -> str:
        return urlsplit(self._access.cloud.authority).hostname or self._access.cloud.authority

    def refused(self, result: Mapping[str, Any]) -> GraphError:
        """Sort what msal returned, or else the answer that it stumbled over."""
        last = self._http.last
        said = result if "error" in result else error_in(last)
        if not said and (last is None or last.status_code < 400):
            return Transient(f"{self.operation}: the answer of {self.host} cannot be read")
        text = str(said.get("error_description") or "").partition("Trace ID:")[0]
        credential = self._access.credential
        secrets = [credential.secret] if isinstance(credential, SecretCredential) else []
        return sort_refusal(
            Refusal(
                operation=self.operation,
                status=last.status_code if last else None,
                code=str(said.get("error") or ""),
                text=redacted(text, secrets),
                request_id=said.get("trace_id"),
                retry_after=retry_after(last.headers) if last else None,
                answered_by=self.host,
            )
        )


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


def error_in(answer: TokenAnswer | None) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        said = json_of(answer.text) if answer else None
        return said if isinstance(said, dict) and "error" in said else {}
    return {}


def client_credential(credential: Credential, operation: str) -> str | dict[str, str]:
    """Spell it msal's way. Given the certificate and no thumbprint, msal signs with PS256 and names it by SHA-256."""
    match credential:
        case SecretCredential(secret):
            return secret
        case CertificateCredential(certificate, _, _):
            return {"private_key": usable_key(credential, operation), "public_certificate": certificate}


def usable_key(credential: CertificateCredential, operation: str) -> str:
    """The private key without its passphrase, after a look whether it is the certificate's."""
    # Slow to import, and a client secret needs none of it.
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    passphrase = credential.passphrase.encode() if credential.passphrase else None
    try:
        certificate = x509.load_pem_x509_certificate(credential.certificate.encode())
        key = serialization.load_pem_private_key(credential.private_key.encode(), passphrase)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        # Not "from error": the library's texts can quote what they were given.
        raise CredentialRefused(
            f"{operation}: the certificate, its private key or the passphrase cannot be read; give both as PEM texts"
        ) from None
    if key.public_key() != certificate.public_key():
        raise CredentialRefused(
            f"{operation}: the private key is not that of the certificate; give the two that belong together"
        )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def roles_of(token: str) -> frozenset[str]:
    """Read the claim without verifying: an access token is Graph's to verify, and opaque if Graph so likes."""
    try:
        _, payload, _ = token.split(".")
        claims = json_of(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(map(str, claims.get("roles", ())))
    except (AttributeError, TypeError, ValueError):
        return frozenset()
