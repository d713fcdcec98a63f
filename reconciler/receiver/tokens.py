"""One validation token in, what it claims out, or why it is bad (facts 7.3). Nothing is fetched or remembered here.

Of the header only the key's id is used. What it says of other keys (``jku``, ``jwk``, ``x5c``, ``x5u``) is not looked
at, and of the algorithms there is one.
"""

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NoReturn

import jwt

from reconciler.receiver.issuers import Issuers
from reconciler.receiver.signing_keys import SigningKey

__all__ = ["LEEWAY", "PUBLISHER", "BadToken", "Claims", "Outline", "outline", "verified_claims"]

PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
"""The app "Microsoft Graph Change Tracking" (facts 7.1)."""

ALGORITHM = "RS256"
LEEWAY = dt.timedelta(minutes=5)
LONGEST = 16 * 1024
"""Characters. Entra's have less than 2,000."""

SIGNED = jwt.PyJWS(algorithms=[ALGORITHM])


class BadToken(Exception):
    """The token proves nothing; a sentence why, which repeats nothing of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """What has to be read before the signature can be checked. A stranger may have written it."""

    key_id: str
    tenant_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Claims:
    """What a token says whose signature, issuer and publisher are right; ids in lower case."""

    tenant_id: str
    audience: str
    begins: int
    """In seconds since 1970, as ``ends``."""

    ends: int

    def check_times(self, at: dt.datetime) -> None:
        """Raises BadToken unless the token was good at ``at``, give or take ``LEEWAY``."""
        if (at - LEEWAY).timestamp() >= self.ends:
            raise BadToken("a validation token had expired when it came")
        if (at + LEEWAY).timestamp() < self.begins:
            raise BadToken("a validation token was not valid yet when it came")


def outline(token: str) -> Outline:
    """Read what leads to the key. Raises BadToken for what is no JWT of the one kind that is accepted."""
    if len(token) > LONGEST or not token.isascii():
        raise BadToken(f"a validation token is longer than {LONGEST} characters, or has some that no token has")
    match token.split("."):
        case [head, body, _]:
            header, claims = json_part(head), json_part(body)
        case _:
            raise BadToken("a validation token is no JWT of three parts")
    if header.get("alg") != ALGORITHM:
        raise BadToken(f"a validation token is not signed with {ALGORITHM}")
    if "crit" in header:
        raise BadToken("a validation token has extensions that must be understood, and none are")
    return Outline(text_of(header, "kid"), text_of(claims, "tid").lower())


def verified_claims(token: str, key: SigningKey, issuers: Issuers) -> Claims:
    """What the token says, once the key has proved it to be of Graph and of its own tenant. Raises BadToken."""
    try:
        claims = json_object(SIGNED.decode(token, key.public, algorithms=[ALGORITHM]))
    except jwt.PyJWTError as error:
        raise BadToken("a validation token's signature is wrong") from error
    tenant = text_of(claims, "tid")
    check_sender(claims, tenant, issuers)
    if not key.speaks_for(tenant.lower()):
        raise BadToken("a validation token is signed with a key that is not for its tenant")
    begins = max(seconds_of(claims, "nbf"), seconds_of(claims, "iat"))
    return Claims(tenant.lower(), text_of(claims, "aud").lower(), begins, seconds_of(claims, "exp"))


def check_sender(claims: Mapping[str, Any], tenant: str, issuers: Issuers) -> None:
    """The publisher's claim has another name in each version; the other name's claim proves nothing (facts 7.3)."""
    match claims.get("ver"):
        case "1.0":
            issuer, publisher = issuers.v1, claims.get("appid")
        case "2.0":
            issuer, publisher = issuers.v2, claims.get("azp")
        case _:
            raise BadToken("a validation token is of a version that is not known")
    if claims.get("iss") != issuer.format(tenant=tenant):
        raise BadToken("a validation token is of another issuer than its tenant's")
    if publisher != PUBLISHER:
        raise BadToken("a validation token was not given to Graph's change tracking")


def json_part(text: str) -> Mapping[str, Any]:
    try:
        return json_object(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise BadToken("a validation token has a part that is not base64") from error


def json_object(content: bytes) -> Mapping[str, Any]:
    """Strictly: a name that stands twice could mean one thing here and another elsewhere."""
    try:
        found = json.loads(content, object_pairs_hook=distinct, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadToken("a validation token has a part that is not JSON, or has a name twice") from error
    if not isinstance(found, dict):
        raise BadToken("a validation token has a part that is no object")
    return found


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def refuse_constant(name: str) -> NoReturn:
    """Python alone reads NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")


def text_of(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise BadToken(f"a validation token has no {name}")
    return value


def seconds_of(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadToken(f"a validation token has no {name} in whole seconds")
    return value
