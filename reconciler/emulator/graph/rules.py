"""What a subscription may be: what was asked and the catalog in, nothing or Graph's refusal out.

In two parts, as Graph does it (facts 4.5): a request that is not valid is refused before any endpoint is asked; what
the workload refuses (``ExtensionError``, and equal twins) comes after.
"""

import base64
import binascii
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.core.catalog import LifecycleUrl, Rich
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.entra.permissions import permitted
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.graph.bodies import Creation
from reconciler.emulator.model import refusals
from reconciler.emulator.model.resources import Resource

SHORTEST = dt.timedelta(minutes=45)
LIFECYCLE_URL_OVER = dt.timedelta(hours=1)
BETWEEN = dt.timedelta(minutes=10)
"""From a renewal to a reauthorization, or back, at least (facts 3.1, 6)."""
LAG = dt.timedelta(seconds=1)
"""How far the workload's clock is behind. Who asks for exactly the maximum arrives a little later, which would be fine,
but was refused in the field for being 'over' by the service's clock (facts 1.3); so here everything from one second
below the maximum is too long."""


def check_request(asked: Creation, resource: Resource, *, behaviours: Behaviours, now: dt.datetime) -> None:
    """Before any endpoint is asked."""
    entry = resource.entry
    for change_type in sorted(asked.change_types - entry.change_types):
        raise refusals.invalid_attribute("changeType", change_type)
    needs_url = entry.lifecycle_url is LifecycleUrl.REQUIRED or (
        entry.lifecycle_url is LifecycleUrl.OPEN and behaviours["lifecycle-url-open"] == "required"
    )
    if needs_url and asked.lifecycle_url is None and asked.expires_at > now + LIFECYCLE_URL_OVER:
        raise refusals.lifecycle_url_required()
    check_rich(asked, resource)


def check_rich(asked: Creation, resource: Resource) -> None:
    entry = resource.entry
    if entry.rich is Rich.REQUIRED and not asked.rich:
        raise refusals.invalid("'includeResourceData' must be true for subscriptions on this resource.")
    if not asked.rich:
        return
    if entry.rich is Rich.NEVER:
        raise refusals.not_rich(entry)
    if entry.rich_needs_select and "$select=" not in resource.query:
        raise refusals.invalid("A $select clause is required when 'includeResourceData' is true on this resource.")
    if asked.certificate is None:
        raise refusals.invalid("'encryptionCertificate' is required when 'includeResourceData' is true.")
    if asked.certificate_id is None:
        raise refusals.invalid("'encryptionCertificateId' is required when 'includeResourceData' is true.")
    check_certificate(asked.certificate)


def check_certificate(text: str) -> None:
    """Base64 of DER, or of PEM as .NET reads both; RSA of 2048 to 4096 bits; it may have expired (facts 7.1)."""
    try:
        content = base64.b64decode(text, validate=True)
        pem = content.lstrip().startswith(b"-----")
        key = (x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate)(content).public_key()
    except (ValueError, binascii.Error) as error:
        raise refusals.not_a_certificate() from error
    if not isinstance(key, rsa.RSAPublicKey) or not 2048 <= key.key_size <= 4096:
        raise refusals.invalid("Certificate validation error: the key must be an RSA key of 2048 to 4096 bits.")


def check_workload(
    resource: Resource, caller: Caller, *, operation: str, expires_at: dt.datetime | None, rich: bool, now: dt.datetime
) -> None:
    """After the endpoints have answered."""
    if not permitted(resource.entry, caller):
        raise refusals.not_permitted(resource.entry, operation=operation, resource=resource.text)
    if expires_at is None:
        return
    remaining = expires_at - now + LAG
    limit = resource.entry.longest(rich=rich)
    if remaining >= limit:
        raise refusals.too_long(resource.entry, operation=operation, asked=expires_at, remaining=remaining, limit=limit)


def granted(asked: dt.datetime, *, now: dt.datetime, at_most: float | None) -> dt.datetime:
    """Less than 45 minutes is silently raised (facts 1.3)."""
    expires_at = max(asked, now + SHORTEST)
    return expires_at if at_most is None else min(expires_at, now + dt.timedelta(seconds=at_most))
