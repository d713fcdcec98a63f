"""How an application proves who it is: a form in, an access token's permissions out, or Entra's error."""

import dataclasses
import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from reconciler.emulator.entra.apps import App, Apps
from reconciler.emulator.entra.encoding import base64url
from reconciler.emulator.entra.tokens import GRAPH

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEFAULT = "/.default"


class EntraError(Exception):
    """One of Entra's errors; ``number`` is that of its AADSTS code."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.number = number
        self.message = message


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """What assertions are checked against: one certificate for every app, and who they are meant for."""

    certificate: x509.Certificate
    audience: str


def unknown_tenant(tenant: str) -> EntraError:
    message = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    return EntraError(400, "invalid_tenant", 90002, message)


def authenticate(form: Mapping[str, str], *, tenant: str, apps: Apps, proof: Proof) -> App:
    """The app that the form proves to be; raises ``EntraError``."""
    if not apps.has_tenant(tenant):
        raise unknown_tenant(tenant)
    if form.get("grant_type") != "client_credentials":
        message = f"The app requested an unsupported grant type '{form.get('grant_type', '')}'."
        raise EntraError(400, "unsupported_grant_type", 70003, message)
    client = form.get("client_id", "")
    app = apps.find(tenant, client)
    if app is None:
        message = f"Application with identifier '{client}' was not found in the directory '{tenant}'."
        raise EntraError(400, "unauthorized_client", 700016, message)
    if "client_assertion" in form:
        check_assertion(form, app, proof)
    else:
        check_secret(form, app)
    return app


def check_secret(form: Mapping[str, str], app: App) -> None:
    secret = form.get("client_secret")
    if not secret:
        message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise EntraError(401, "invalid_client", 7000218, message)
    if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{app.client_id}'."
        )
        raise EntraError(401, "invalid_client", 7000215, message)


def check_assertion(form: Mapping[str, str], app: App, proof: Proof) -> None:
    """RFC 7523. Its time is the machine's: whoever signs it does not know that the emulator's was moved."""
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise bad_assertion("the client_assertion_type is not that of a JWT")
    try:
        check_thumbprint(jwt.get_unverified_header(form["client_assertion"]), proof.certificate)
        claims: dict[str, Any] = jwt.decode(
            form["client_assertion"],
            proof.certificate.public_key(),  # type: ignore[arg-type]  # an RSA key, as the home made it
            algorithms=["PS256", "RS256"],
            audience=proof.audience,
            issuer=app.client_id,
            options={"require": ["aud", "exp", "iss", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise bad_assertion(str(error)) from error
    if claims["sub"] != app.client_id:
        raise bad_assertion("the subject is not the application")


def check_thumbprint(header: Mapping[str, object], certificate: x509.Certificate) -> None:
    sent = {name: header[name] for name in ("x5t", "x5t#S256") if name in header}
    if not sent:
        raise bad_assertion("the header names no certificate (x5t or x5t#S256)")
    known = {
        "x5t": base64url(certificate.fingerprint(hashes.SHA1())),  # noqa: S303 (a name, as the standard has it)
        "x5t#S256": base64url(certificate.fingerprint(hashes.SHA256())),
    }
    for name, value in sent.items():
        if str(value).rstrip("=") != known[name]:
            raise bad_assertion(f"the key was not found, thumbprint of key used by client: '{value}'")


def bad_assertion(reason: str) -> EntraError:
    message = f"Client assertion contains an invalid signature. [Reason - {reason}]"
    return EntraError(401, "invalid_client", 700027, message)


def audience(form: Mapping[str, str], *, origin: str) -> str:
    """The resource that the scope asks for: this Graph, or the real one by name (facts 9.1)."""
    scope = form.get("scope", "")
    for root in (origin, GRAPH):
        if scope.strip() == root + DEFAULT:
            return root
    message = (
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid."
    )
    raise EntraError(400, "invalid_scope", 70011, message)
