"""What Graph sends, and what forgers would: deliveries and tokens of the emulator's making, changed as a test likes."""

import asyncio
import datetime as dt
import functools
import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.core.client_state import client_state
from reconciler.core.clouds import Cloud
from reconciler.core.mark import Mark
from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications import validation_tokens
from reconciler.receiver import (
    Audience,
    ClientStates,
    Delivery,
    Rejected,
    Ring,
    ValidationTokens,
    Verdict,
    Verified,
    Verifier,
)
from reconciler.receiver.parsing import parse_body
from reconciler.receiver.signing_keys import FetchFailed

TENANT = "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03"
FABRIKAM = "0f2e8f59-862a-483b-9ca8-82a10665e17d"
ELSEWHERE = "72f988bf-86f1-41af-91ab-2d7cd011db47"
"""A tenant that nobody here has declared; Entra signs for it all the same."""

CLIENT = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f"
FABRIKAMS_CLIENT = "6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55"
BIRTH = "0123456789"
MARK = Mark("contoso-prod", "all-teams", BIRTH, "k1", "abcdef0123")
NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
PATH = "/hook"
SECRET = b"a secret of 32 bytes, or of more"
GLOBAL = Cloud("global", "https://graph.microsoft.com", "https://login.microsoftonline.com", known=True)


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa_key()


@functools.cache
def forgers_key() -> rsa.RSAPrivateKey:
    return rsa_key()


def keys_of(ring: Keys) -> list[dict[str, Any]]:
    """As they are served."""
    served: Any = ring.jwks()["keys"]
    return list(served)


def claims(tenant: str = TENANT, client: str = CLIENT, *, version: int = 2, at: dt.datetime = NOW) -> dict[str, Any]:
    made = (validation_tokens.v1 if version == 1 else validation_tokens.v2)(tenant, client)
    return validation_tokens.times(at, validation_tokens.LIFETIMES[version]) | made


def token(
    changes: Mapping[str, Any] | None = None,
    *,
    key: Any = None,
    algorithm: str = "RS256",
    headers: Mapping[str, Any] | None = None,
    **made: Any,
) -> str:
    """A good one but for ``changes`` to its claims and ``headers``; None takes one out."""
    body = {name: value for name, value in (claims(**made) | dict(changes or {})).items() if value is not None}
    head = {"kid": Keys(signing_key()).current[0]} | dict(headers or {})
    return jwt.encode(body, key or signing_key(), algorithm=algorithm, headers=head)


def item(tenant: str | None = TENANT, *, rich: bool = False, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "subscriptionId": "s1",
        "changeType": "updated",
        "clientState": client_state(SECRET, key="k1", tenant_id=tenant or TENANT, birth=BIRTH),
        "tenantId": tenant,
        "encryptedContent": {"data": "hidden"} if rich else None,
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def delivery(*items: Any, tokens: Any = None, mark: Any = MARK, path: str = PATH, at: dt.datetime = NOW) -> Delivery:
    """As the receiver hands it on."""
    body = parse_body(json.dumps({"value": items, "validationTokens": tokens}).encode())
    return Delivery(
        path, lifecycle=False, mark=mark, items=body.items, received_at=at, validation_tokens=body.validation_tokens
    )


class Served:
    """Plays the authority: its documents, how often each was asked for, and whether it is away."""

    def __init__(self, *keys: Keys) -> None:
        self.documents = dict(
            zip(("/common/discovery/v2.0/keys", "/common/discovery/keys"), (keys * 2)[:2], strict=True)
        )
        self.asked: list[str] = []
        self.away = False

    async def fetch(self, path: str) -> bytes:
        self.asked.append(path)
        await asyncio.sleep(0)  # as every real one: others have their turn meanwhile
        if self.away:
            raise FetchFailed("login.example.com cannot be read")
        return json.dumps(self.documents[path].jwks()).encode()


AUDIENCES = (Audience(TENANT, CLIENT, GLOBAL), Audience(FABRIKAM, FABRIKAMS_CLIENT, GLOBAL))


def tokens_of(served: Served, *audiences: Audience, now: Any = lambda: NOW) -> ValidationTokens:
    made = ValidationTokens(audiences or AUDIENCES, now=now)
    for keys in made.authorities.values():
        keys.fetch = served.fetch
    return made


def verifier(served: Served | None = None, **more: Any) -> Verifier:
    """For two tenants at one endpoint."""
    rings = {PATH: [Ring({"k1": SECRET}, [TENANT, FABRIKAM])], "/single": [Ring({"k1": SECRET}, [FABRIKAM])]}
    return Verifier(ClientStates(rings, **more), tokens_of(served or Served(Keys(signing_key()))))


async def verify(verifier: Verifier, delivery: Delivery) -> tuple[Verdict, ...]:
    """Both steps for each item, as the receiver takes them."""
    return tuple([await verify_item(verifier, verifier.admit(item, delivery), delivery) for item in delivery.items])


async def verify_item(verifier: Verifier, verdict: Verdict, delivery: Delivery) -> Verdict:
    if not isinstance(verdict, Verified) or not verdict.notification.encrypted:
        return verdict
    doubt = await verifier.doubt(
        delivery.validation_tokens, tenant_id=verdict.tenant_id, path=delivery.path, at=delivery.received_at
    )
    return Rejected(verdict.notification, doubt.reason, doubt.message) if doubt else verdict


def said(verdicts: tuple[Verdict, ...]) -> list[str]:
    """``verified``, or the reason's code."""
    return ["verified" if isinstance(verdict, Verified) else verdict.reason.value for verdict in verdicts]
