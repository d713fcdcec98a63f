"""Access tokens: an application and its permissions in, a signed JWT out; and back, or the reason why not."""

import base64
import dataclasses
import datetime as dt
import hashlib
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LIFETIME = dt.timedelta(hours=1)
GRAPH = "https://graph.microsoft.com"
REMEMBERED = 1000
"""Checked signatures: one token comes with hundreds of requests."""


class InvalidToken(Exception):
    """A sentence for the answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``delegated`` if a user is behind it; then permissions are scopes (facts 9.3)."""

    tenant: str
    app: str
    principal: str
    permissions: frozenset[str]
    delegated: bool


class Tokens:
    def __init__(self, key: rsa.RSAPrivateKey, *, origin: str) -> None:
        self._key = key
        self._public = key.public_key()
        self._origin = origin
        self._checked: dict[str, dict[str, Any]] = {}
        self.key_id = key_id(self._public)

    def issue(
        self,
        *,
        tenant: str,
        app: str,
        now: dt.datetime,
        roles: tuple[str, ...] = (),
        scopes: tuple[str, ...] = (),
        audience: str = GRAPH,
        lifetime: dt.timedelta = LIFETIME,
    ) -> str:
        """With scopes it is a user's token, else the application's own."""
        # The principal's id is drawn from app and tenant: it has to be the same in each token (facts 1.1, creatorId).
        principal = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant}/{app}/{'user' if scopes else 'app'}"))
        claims: dict[str, object] = {
            "aud": audience,
            "iss": f"{self._origin}/{tenant}/v2.0",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "appid": app,
            "azp": app,
            "idtyp": "user" if scopes else "app",
            "oid": principal,
            "sub": principal,
            "tid": tenant,
            "uti": uuid.uuid4().hex,
            "ver": "2.0",
        }
        claims |= {"scp": " ".join(scopes)} if scopes else {"roles": list(roles)}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def check(self, authorization: str | None, *, now: dt.datetime) -> Caller:
        """The caller by the ``Authorization`` header; ``InvalidToken`` says what is wrong with it."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidToken("Access token is empty.")
        claims = self._claims(token.strip())
        if not claims["nbf"] <= now.timestamp() < claims["exp"]:
            raise InvalidToken("Access token has expired or is not yet valid.")  # facts 3.5
        if claims["aud"].rstrip("/") not in {GRAPH, self._origin}:
            raise InvalidToken("Access token validation failure. Invalid audience.")
        return Caller(
            tenant=claims["tid"],
            app=claims["appid"],
            principal=claims["oid"],
            permissions=frozenset(claims.get("roles") or claims.get("scp", "").split()),
            delegated="scp" in claims,
        )

    def _claims(self, token: str) -> dict[str, Any]:
        """Signature only; the time is the emulator's, not the machine's."""
        if token not in self._checked:
            try:
                claims = jwt.decode(
                    token,
                    self._public,
                    algorithms=["RS256"],
                    options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
                )
            except jwt.InvalidTokenError as error:
                raise InvalidToken("Access token validation failure. Invalid signature.") from error
            if len(self._checked) >= REMEMBERED:
                self._checked.clear()
            self._checked[token] = claims
        return self._checked[token]

    def key_set(self) -> dict[str, object]:
        """JWKS, as the metadata's ``jwks_uri`` serves it."""
        numbers = self._public.public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "x5t": self.key_id,
            "n": number(numbers.n),
            "e": number(numbers.e),
        }
        return {"keys": [key]}


def key_id(key: rsa.RSAPublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64url(hashlib.sha256(der).digest()[:20])


def number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
