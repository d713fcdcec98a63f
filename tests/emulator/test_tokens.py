"""The token endpoint: msal's real client, and Entra's errors (facts 9.1)."""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from reconciler.emulator.certificates import rsa_key
from reconciler.emulator.entra.apps import ALL_ROLES
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.entra.tokens import GRAPH, InvalidToken, Tokens
from tests.emulator.conftest import Ask
from tests.support.emulator import RunningEmulator

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def session(emulator: RunningEmulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = emulator.info["caFile"]
        yield session


def pem(emulator: RunningEmulator, name: str) -> str:
    return Path(emulator.info[name]).read_text()


def thumbprint(emulator: RunningEmulator) -> str:
    certificate = x509.load_pem_x509_certificate(pem(emulator, "clientCertificate").encode())
    return certificate.fingerprint(hashes.SHA1()).hex()


CREDENTIALS: dict[str, Callable[[RunningEmulator], Any]] = {
    "secret": lambda emulator: emulator.info["clientSecret"],
    "certificate-sha256-ps256": lambda emulator: {
        "private_key": pem(emulator, "clientKey"),
        "public_certificate": pem(emulator, "clientCertificate"),
    },
    "certificate-sha1-rs256": lambda emulator: {
        "private_key": pem(emulator, "clientKey"),
        "thumbprint": thumbprint(emulator),
    },
}


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_msal_gets_a_token_that_graph_takes(
    emulator: RunningEmulator,
    session: requests.Session,
    connection: httpx.Client,
    credential: Callable[[RunningEmulator], Any],
) -> None:
    app = msal.ConfidentialClientApplication(
        emulator.info["clientId"],
        client_credential=credential(emulator),
        authority=emulator.authority,
        instance_discovery=False,
        http_client=session,
    )
    result = app.acquire_token_for_client([f"{emulator.graph}/.default"])
    assert "access_token" in result, result
    answer = connection.get("/v1.0/subscriptions", headers={"Authorization": f"Bearer {result['access_token']}"})
    assert answer.status_code == 200


def test_msal_reports_a_wrong_secret(emulator: RunningEmulator, session: requests.Session) -> None:
    app = msal.ConfidentialClientApplication(
        emulator.info["clientId"],
        client_credential="wrong",
        authority=emulator.authority,
        instance_discovery=False,
        http_client=session,
    )
    result = app.acquire_token_for_client([f"{emulator.graph}/.default"])
    assert result["error"] == "invalid_client"
    assert result["error_codes"] == [7000215]


@pytest.fixture
def form(emulator: RunningEmulator) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": emulator.info["clientId"],
        "client_secret": emulator.info["clientSecret"],
        "scope": f"{emulator.graph}/.default",
    }


def post(
    emulator: RunningEmulator, client: httpx.Client, form: dict[str, str], tenant: str | None = None
) -> httpx.Response:
    return client.post(f"/{tenant or emulator.info['tenantId']}/oauth2/v2.0/token", data=form)


@pytest.mark.parametrize("scope", ["https://graph.microsoft.com", None], ids=["graphs-own", "emulators"])
def test_claims(emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str], scope: str | None) -> None:
    answer = post(emulator, connection, form | ({"scope": f"{scope}/.default"} if scope else {})).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    metadata = connection.get(f"/{emulator.info['tenantId']}/v2.0/.well-known/openid-configuration").json()
    keys = {key["kid"]: jwt.PyJWK(key) for key in connection.get(metadata["jwks_uri"]).json()["keys"]}
    assert connection.get("/common/discovery/keys").json() == connection.get(metadata["jwks_uri"]).json()
    header = jwt.get_unverified_header(answer["access_token"])
    claims = jwt.decode(
        answer["access_token"],
        keys[header["kid"]].key,
        algorithms=["RS256"],
        audience=scope or emulator.graph,
        issuer=metadata["issuer"],
    )
    assert claims["appid"] == emulator.info["clientId"]
    assert claims["tid"] == emulator.info["tenantId"]
    assert claims["roles"] == list(ALL_ROLES)
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("changes", "tenant", "status", "error", "number"),
    [
        pytest.param({"client_secret": "x"}, None, 401, "invalid_client", 7000215, id="wrong-secret"),
        pytest.param({"client_secret": ""}, None, 401, "invalid_client", 7000218, id="no-secret"),
        pytest.param({"client_id": "x"}, None, 400, "unauthorized_client", 700016, id="unknown-app"),
        pytest.param({}, "contoso", 400, "invalid_tenant", 90002, id="unknown-tenant"),
        pytest.param({"scope": "User.Read"}, None, 400, "invalid_scope", 70011, id="scope"),
        pytest.param({"scope": "https://vault.azure.net/.default"}, None, 400, "invalid_scope", 70011, id="resource"),
        pytest.param({"grant_type": "password"}, None, 400, "unsupported_grant_type", 70003, id="grant"),
        pytest.param({"client_assertion": "x"}, None, 401, "invalid_client", 700027, id="no-jwt"),
        pytest.param({"client_assertion": "x" * 65536}, None, 413, "invalid_request", 90013, id="oversized"),
    ],
)
def test_entra_errors(
    emulator: RunningEmulator,
    connection: httpx.Client,
    form: dict[str, str],
    changes: dict[str, str],
    tenant: str | None,
    status: int,
    error: str,
    number: int,
) -> None:
    answer = post(emulator, connection, form | changes, tenant)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= body.keys()
    assert emulator.info["clientSecret"] not in answer.text


def test_metadata_of_an_unknown_tenant_is_refused(connection: httpx.Client, emulator: RunningEmulator) -> None:
    answer = connection.get("/contoso/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def assertion(emulator: RunningEmulator, *, header: dict[str, str] | None = None, **changes: object) -> dict[str, str]:
    """A good assertion, changed as told."""
    now = int(dt.datetime.now(dt.UTC).timestamp())
    claims = {
        "aud": f"{emulator.authority}/oauth2/v2.0/token",
        "iss": emulator.info["clientId"],
        "sub": emulator.info["clientId"],
        "exp": now + 300,
        "jti": "1",
    } | changes
    certificate = x509.load_pem_x509_certificate(pem(emulator, "clientCertificate").encode())
    good = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()
    text = jwt.encode(
        claims, pem(emulator, "clientKey"), "PS256", headers={"x5t#S256": good} if header is None else header
    )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


def test_a_good_assertion_is_taken(emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str]) -> None:
    del form["client_secret"]
    assert post(emulator, connection, form | assertion(emulator)).status_code == 200


def test_an_assertion_is_taken_when_the_emulators_clock_was_moved(
    emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str]
) -> None:
    emulator.advance(86_400)
    assert post(emulator, connection, form | assertion(emulator)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token"}, id="audience"),
        pytest.param({"iss": "another"}, id="issuer"),
        pytest.param({"sub": "another"}, id="subject"),
        pytest.param({"exp": 1_000_000_000}, id="expired"),
        pytest.param({"header": {}}, id="no-thumbprint"),
        pytest.param({"header": {"x5t": base64.urlsafe_b64encode(bytes(20)).decode()}}, id="sha1-of-another"),
        pytest.param({"header": {"x5t#S256": hashlib.sha256(b"").hexdigest()}}, id="sha256-of-another"),
    ],
)
def test_bad_assertions(
    emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str], changes: dict[str, Any]
) -> None:
    answer = post(emulator, connection, form | assertion(emulator, **changes))
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [700027])


def test_an_assertion_signed_by_another_key_is_refused(
    emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str]
) -> None:
    good = assertion(emulator)
    head, _, signature = good["client_assertion"].rpartition(".")
    forged = good | {"client_assertion": f"{head}.{signature[:-8]}AAAAAAAA"}
    assert post(emulator, connection, form | forged).json()["error_codes"] == [700027]


@pytest.mark.facts("3.5")
@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        pytest.param(None, "Access token is empty.", id="missing"),
        pytest.param("Basic abc", "Access token is empty.", id="another-scheme"),
        pytest.param("Bearer", "Access token is empty.", id="empty"),
        pytest.param("Bearer abc", "Access token validation failure. Invalid signature.", id="garbage"),
    ],
)
def test_graph_asks_for_a_token(emulator: RunningEmulator, authorization: str | None, message: str) -> None:
    """Facts 3.5."""
    with emulator.client(headers={"Authorization": authorization} if authorization else {}) as client:
        answer = client.get("/v1.0/subscriptions")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert answer.json()["error"]["message"] == message
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.facts("3.5")
def test_a_token_expires_by_the_emulators_clock(emulator: RunningEmulator, client: httpx.Client) -> None:
    """Facts 3.5: the exact text."""
    assert client.get("/v1.0/subscriptions").status_code == 200
    emulator.advance(3601)
    answer = client.get("/v1.0/subscriptions")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Access token has expired or is not yet valid."


def test_another_app_in_another_tenant(
    emulator: RunningEmulator, connection: httpx.Client, form: dict[str, str]
) -> None:
    app = emulator.register(tenantId="fabrikam", roles=["User.Read.All"])
    form |= {"client_id": app["clientId"], "client_secret": app["clientSecret"]}
    assert post(emulator, connection, form).json()["error_codes"] == [700016]
    token = post(emulator, connection, form, "fabrikam").json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["tid"], claims["roles"]) == ("fabrikam", ["User.Read.All"])


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(Keys(rsa_key()), origin="https://localhost")


NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("audience", "later", "message"),
    [
        ("https://vault.azure.net", 1, "Invalid audience"),
        (GRAPH, -1, "has expired or is not yet valid"),
        (GRAPH, 3600, "has expired or is not yet valid"),
    ],
    ids=["for-somebody-else", "too-early", "too-late"],
)
def test_tokens_that_are_not_taken(tokens: Tokens, audience: str, later: int, message: str) -> None:
    token = tokens.issue(tenant="t", app="a", now=NOW, audience=audience)
    with pytest.raises(InvalidToken, match=message):
        tokens.check(f"Bearer {token}", now=NOW + dt.timedelta(seconds=later))


@pytest.mark.parametrize(("granted", "kind"), [({"scopes": ("Mail.Read",)}, "user"), ({"roles": ("r",)}, "app")])
def test_whose_token_it_is(tokens: Tokens, granted: dict[str, Any], kind: str) -> None:
    token = tokens.issue(tenant="t", app="a", now=NOW, **granted)
    assert jwt.decode(token, options={"verify_signature": False})["idtyp"] == kind
    assert tokens.check(f"Bearer {token}", now=NOW).delegated is (kind == "user")


@pytest.mark.facts("1.6")
@pytest.mark.parametrize(
    ("granted", "resource", "status"),
    [
        ("TeamSettings.Read.Group", "teams/0a1b2c3d-0000-4000-8000-00000000000a", 201),
        ("TeamSettings.Read.Group", "teams", 403),
    ],
    ids=["one-team", "all-teams"],
)
def test_what_an_owner_has_consented_to(
    emulator: RunningEmulator, client: httpx.Client, ask: Ask, granted: str, resource: str, status: int
) -> None:
    """Resource-specific consent is for one team."""
    bearer = {"Authorization": f"Bearer {emulator.token([granted])}"}
    assert client.post("/v1.0/subscriptions", json=ask(resource=resource), headers=bearer).status_code == status
