"""The 10,000 subscriptions that are there while anything is measured, of all kinds."""

import base64
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.support.cast import Cast
from bench.support.load import Ask

SUBSCRIPTIONS = 10_000
CROWD = 1000
"""So many follow one mailbox, the most that Graph allows (facts 2.1)."""
WEBINARS = 200


def population(cast: Cast) -> Iterator[Ask]:
    """All of their creations."""
    named = [*of_teams(cast), *of_webinars(cast), *crowds(cast)]
    yield from named
    for _ in range(SUBSCRIPTIONS - len(named)):
        yield cast.subscription(f"users/{uuid.uuid4()}/messages")


def of_teams(cast: Cast) -> Iterator[Ask]:
    for team in cast.followed:
        yield cast.subscription(f"teams/{team}/channels")
        for app in range(len(cast.tokens)):
            yield cast.subscription(f"teams/{team}", app=app)


def of_webinars(cast: Cast) -> Iterator[Ask]:
    for _ in range(WEBINARS):
        event = f"solutions/virtualEvents/webinars/{uuid.uuid4()}@{uuid.uuid4()}"
        yield cast.subscription(event)
        yield cast.subscription(f"{event}/sessions")


def crowds(cast: Cast) -> Iterator[Ask]:
    """Two mailboxes that many follow, one of them with resource data."""
    rich: dict[str, Any] = {
        "includeResourceData": True,
        "encryptionCertificate": certificate(),
        "encryptionCertificateId": "bench",
    }
    for _ in range(CROWD):
        yield cast.subscription(f"users/{cast.plain_mailbox}/messages")
        yield cast.subscription(f"users/{cast.rich_mailbox}/messages?$select=subject", **rich)


def certificate() -> str:
    """A self-signed one, as Graph takes it: base64 of its DER."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()
