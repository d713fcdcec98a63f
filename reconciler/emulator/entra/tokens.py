"""Access tokens: an application and its permissions in, a signed JWT out; and back, or the reason why not."""

import dataclasses
import datetime as dt
import uuid
from typing import Any

import jwt

from reconciler.emulator.entra.keys import Keys

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
    expires_at: dt.datetime
    """When the token lapses, and with it the leave to deliver what it asked for (facts 5.3)."""


class Tokens:
    def __init__(self, keys: Keys, *, origin: str) -> None:
        self._keys = keys
        self._origin = origin
        self._checked: dict[str, dict[str, Any]] = {}

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
        key_id, key = self._keys.current
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})

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
            expires_at=dt.datetime.fromtimestamp(claims["exp"], dt.UTC),
        )

    def forget(self) -> None:
        """After the keys were turned: what was signed with one that is gone is good no longer."""
        self._checked.clear()

    def _claims(self, token: str) -> dict[str, Any]:
        """Signature only; the time is the emulator's, not the machine's."""
        if token not in self._checked:
            try:
                key = self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
                if key is None:
                    raise InvalidToken("Access token validation failure. Invalid signature.")
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=["RS256"],
                    options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
                )
            except jwt.InvalidTokenError as error:
                raise InvalidToken("Access token validation failure. Invalid signature.") from error
            if len(self._checked) >= REMEMBERED:
                self._checked.clear()
            self._checked[token] = claims
        return self._checked[token]
