"""Validation tokens: an app and its tenant in, a JWT that proves Graph as the sender out (facts 7.3)."""

import base64
import dataclasses
import datetime as dt
import secrets
import uuid

import jwt

from reconciler.emulator.clock import Clock
from reconciler.emulator.entra import issuers
from reconciler.emulator.entra.apps import TOKEN_VERSION, Apps
from reconciler.emulator.entra.encoding import base64url
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.model.subscriptions import Owner

PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
"""The app "Microsoft Graph Change Tracking", which receivers must insist on."""
LIFETIMES = {1: dt.timedelta(seconds=29_100), 2: dt.timedelta(seconds=86_700)}
"""By the version of the token, as in the examples."""
USED_FOR = 0.5
"""The part of its life in which a token is sent: signing takes a millisecond, and nobody may get one that lapses."""
REMEMBERED = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    token: str
    key_id: str
    version: int
    at: dt.datetime

    def is_good(self, *, key_id: str, version: int, now: dt.datetime) -> bool:
        """Not once the keys were turned or the app changed, nor when the clock was set back."""
        until = self.at + LIFETIMES[self.version] * USED_FOR
        return (self.key_id, self.version) == (key_id, version) and self.at <= now < until


class ValidationTokens:
    def __init__(self, *, apps: Apps, clock: Clock, keys: Keys) -> None:
        self._apps = apps
        self._clock = clock
        self._keys = keys
        self._signed: dict[Owner, Signed] = {}

    def token(self, owner: Owner) -> str | None:
        """None for an app that asks for an assignment which Graph does not have (facts 7.1)."""
        app = self._apps.find(*owner)
        if app is not None and app.assignment_required:
            return None
        version = app.token_version if app else TOKEN_VERSION
        now, (key_id, _) = self._clock.now(), self._keys.current
        known = self._signed.get(owner)
        if known is None or not known.is_good(key_id=key_id, version=version, now=now):
            known = self._sign(owner, version=version, now=now)
            self._remember(owner, known)
        return known.token

    def _sign(self, owner: Owner, *, version: int, now: dt.datetime) -> Signed:
        tenant, app = owner
        key_id, key = self._keys.current
        claims = times(now, LIFETIMES[version]) | (v1 if version == 1 else v2)(tenant, app)
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id, "x5t": key_id})
        return Signed(token, key_id, version, now)

    def _remember(self, owner: Owner, signed: Signed) -> None:
        if len(self._signed) >= REMEMBERED:
            self._signed.clear()
        self._signed[owner] = signed


def times(now: dt.datetime, lifetime: dt.timedelta) -> dict[str, object]:
    """Good by either clock: receivers look at the machine's, which may be behind."""
    issued = int(min(now, dt.datetime.now(dt.UTC)).timestamp())
    return {"iat": issued, "nbf": issued, "exp": int((now + lifetime).timestamp())}


def v1(tenant: str, app: str) -> dict[str, object]:
    issuer = issuers.V1.format(tenant=tenant)
    return {
        "aud": app,
        "iss": issuer,
        "aio": base64.b64encode(secrets.token_bytes(21)).decode(),
        "appid": PUBLISHER,
        "appidacr": "2",
        "idp": issuer,
        "tid": tenant,
        "uti": base64url(secrets.token_bytes(16)),
        "ver": "1.0",
    }


def v2(tenant: str, app: str) -> dict[str, object]:
    # The publisher's principal in the tenant: the same in each token, as Entra's are.
    principal = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant}/{PUBLISHER}"))
    return {
        "aud": app,
        "iss": issuers.V2.format(tenant=tenant),
        "aio": base64.b64encode(secrets.token_bytes(21)).decode(),
        "azp": PUBLISHER,
        "azpacr": "2",
        "oid": principal,
        "rh": f"0.{base64url(secrets.token_bytes(36))}.",
        "sub": principal,
        "tid": tenant,
        "uti": base64url(secrets.token_bytes(16)),
        "ver": "2.0",
    }
