"""The identity of the machine, asked for as msal does at each platform's endpoint, on loopback (facts 9.1)."""

import asyncio
import base64
import dataclasses
import json
import time
import urllib.parse
from pathlib import Path

import msal.managed_identity
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from reconciler.core.clouds import Cloud
from reconciler.core.errors import CredentialRefused, Denied, Throttled, Transient
from reconciler.graph.authentication import Tokens
from reconciler.graph.credentials import Access, ManagedIdentityCredential
from reconciler.graph.transport import TokenHttp
from tests.graph.support import Scripted, answer

HEADER = "the-header-of-the-platform"
ID = "7d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55"
SYSTEM = ManagedIdentityCredential()


class Plain(Scripted):
    """Without TLS: so are the endpoints of machines."""

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self


@pytest.fixture
def access():
    """No token leads anywhere but to the machine's own endpoint here, so there is no cloud."""
    cloud = Cloud("custom", "https://graph.contoso.com", "https://127.0.0.1:1")
    return Access("0f2e8f59-862a-483b-9ca8-82a10665e17d", "6d7d5e06-1c1f-4f3e-9a53-6f2a2f6f4a55", cloud, SYSTEM)


@pytest.fixture
async def machine():
    async with Plain({}) as server:
        yield server


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No machine at all; and a proxy that answers nobody, for these endpoints are asked without one."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT",
                 "MSI_ENDPOINT", "MSI_SECRET"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


@pytest.fixture
def app_service(machine, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine.origin}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    return machine


@pytest.fixture
def arc(machine, monkeypatch, tmp_path):
    """Where the key files lie is fixed in msal; only that is another place here."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine.origin}/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", machine.origin)
    monkeypatch.setitem(msal.managed_identity._supported_arc_platforms_and_their_prefixes, "linux", str(tmp_path))
    return machine


@pytest.fixture
def entered(access):
    def enter(credential=SYSTEM):
        return Tokens(dataclasses.replace(access, credential=credential), TokenHttp(access.cloud))

    return enter


async def failure(tokens, kind):
    with pytest.raises(kind) as caught:
        await tokens.token()
    assert type(caught.value) is kind
    return str(caught.value)


def query(asked):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked.path).query))


def given(token="abc", **more):
    return answer(
        200, {"access_token": token, "expires_on": str(int(time.time()) + 3600), "expires_in": "3600", **more}
    )


def claiming(**claims):
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("credential", "more"),
    [
        pytest.param(SYSTEM, {}, id="system"),
        pytest.param(ManagedIdentityCredential(client_id=ID), {"client_id": ID}, id="client"),
        pytest.param(ManagedIdentityCredential(resource_id="/a/b"), {"mi_res_id": "/a/b"}, id="resource"),
        pytest.param(ManagedIdentityCredential(object_id=ID), {"object_id": ID}, id="object"),
    ],
)
async def test_app_service(entered, app_service, access, credential, more):
    app_service.script = lambda _: given()
    tokens = entered(credential)
    assert await tokens.token() == await tokens.token() == "abc"
    (asked,) = app_service.asked
    assert asked.path.startswith("/msi/token?")
    assert query(asked) == {"api-version": "2019-08-01", "resource": access.cloud.graph, **more}
    assert asked.headers["x-identity-header"] == HEADER


async def test_a_virtual_machine(entered, machine, access, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.origin)
    machine.script = lambda _: given()
    assert await entered().token() == "abc"
    (asked,) = machine.asked
    assert asked.path.startswith("/metadata/identity/oauth2/token?")
    assert query(asked) == {"api-version": "2018-02-01", "resource": access.cloud.graph}
    assert asked.headers["metadata"] == "true"


def challenged(key):
    """Azure Arc: whoever can read the key file may have a token."""

    def script(asked):
        if asked.headers.get("authorization") == "Basic the-key-in-the-file":
            return given()
        return answer(401, b"", WWW_Authenticate=f"Basic realm={key}")

    return script


async def test_azure_arc(entered, arc, tmp_path, access):
    (tmp_path / "1234.key").write_text("the-key-in-the-file")
    arc.script = challenged("/somewhere/1234.key")
    assert await entered().token() == "abc"
    first, second = arc.asked
    assert query(first) == query(second) == {"api-version": "2020-06-01", "resource": access.cloud.graph}
    assert "authorization" not in first.headers


@pytest.mark.parametrize(
    ("key", "words"),
    [
        pytest.param(None, "cannot be read (No such file or directory); on Azure Arc the user must be", id="none"),
        pytest.param("x" * 4097, "Local key file shall not be larger than 4KB", id="large"),
        pytest.param("another", "answered 401; on Azure Arc the user must be in the group himds", id="wrong"),
    ],
)  # fmt: skip
async def test_azure_arc_and_its_key_file(entered, arc, tmp_path, key, words):
    arc.script = challenged("1234.key")
    if key is not None:
        (tmp_path / "1234.key").write_text(key)
    text = await failure(entered(), CredentialRefused)
    assert words in text
    assert key is None or key not in text


@pytest.mark.parametrize("challenge", [{}, {"WWW_Authenticate": "Bearer"}, {"WWW_Authenticate": "Basic realm=a=b"}])
async def test_azure_arc_without_a_challenge(entered, arc, challenge):
    arc.script = lambda _: answer(401, b"", X_Secret="hunter2", **challenge)
    text = await failure(entered(), CredentialRefused)
    assert "the endpoint of IDENTITY_ENDPOINT answered 401; on Azure Arc the user must be in the group himds" in text
    assert "hunter2" not in text


async def test_azure_arc_leads_to_no_other_file(entered, arc, tmp_path):
    """Whatever path the challenge names, the file is one of the agent's folder."""
    (tmp_path / "passwd.key").write_text("the-key-in-the-file")
    arc.script = challenged("../../../../etc/passwd")
    assert await entered().token() == "abc"


async def test_azure_arc_that_gives_another_identity(entered, arc, tmp_path):
    (tmp_path / "1.key").write_text("the-key-in-the-file")
    arc.script = challenged("1.key")
    text = await failure(entered(ManagedIdentityCredential(client_id=ID)), CredentialRefused)
    assert "Azure Arc did not confirm the requested user-assigned managed identity" in text


@pytest.fixture
def thumbprint(scripted):
    first = x509.load_pem_x509_certificates(Path(scripted.info["receiverCertificate"]).read_bytes())[0]
    return first.fingerprint(hashes.SHA1()).hex()


async def test_service_fabric(entered, scripted, monkeypatch, access, thumbprint):
    """Its endpoint is known by its certificate; before anybody else the header is not shown."""
    scripted.script = lambda _: given(token_type="Bearer")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{scripted.origin}/metadata/identity/oauth2/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", "0" * 40)
    with pytest.raises(Transient) as caught:
        await entered().token()
    assert "cannot be reached" in str(caught.value)
    assert scripted.asked == []
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", thumbprint)
    assert await entered().token() == "abc"
    (asked,) = scripted.asked
    assert (asked.headers["secret"], query(asked)["resource"]) == (HEADER, access.cloud.graph)


ANSWERS = [
    pytest.param(answer(400, {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found."}),
                 CredentialRefused, "answered 400: No User Assigned or Delegated Managed Identity found; assign",
                 id="400"),
    pytest.param(answer(400, {"error": "invalid_request", "error_description": "Identity not found"}),
                 CredentialRefused, "answered 400: Identity not found; assign the identity to this machine",
                 id="no-identity"),
    pytest.param(answer(400, {"error": {"code": "ManagedIdentityNotFound", "message": "none here"}}),
                 CredentialRefused, "answered 400: none here; assign", id="nested"),
    pytest.param(answer(400, b"<html>"), CredentialRefused, "answered 400; assign", id="400-html"),
    pytest.param(answer(403, {"message": "no"}), CredentialRefused, "answered 403: no; ", id="403"),
    pytest.param(answer(404, {"error": "not_found"}), Transient, "answered 404: not_found; if this goes on, run",
                 id="404"),
    pytest.param(answer(410, b""), Transient, "answered 410", id="410"),
    pytest.param(answer(429, {"error": "too_many"}, Retry_After="7"), Throttled, "answered 429: too_many", id="429"),
    pytest.param(answer(500, b""), Transient, "answered 500", id="500"),
    pytest.param(answer(302, b"", Location="https://x.invalid"), CredentialRefused, "answered 302", id="elsewhere"),
    pytest.param(answer(200, b"<html>"), Transient, "cannot be read", id="html"),
    pytest.param(answer(200, [1]), Transient, "cannot be read", id="list"),
    pytest.param(answer(200, {}), Transient, "cannot be read", id="empty"),
    pytest.param(answer(200, {"access_token": "a", "expires_on": "soon", "expires_in": "soon"}), Transient,
                 "cannot be read", id="soon"),
    pytest.param(answer(200, {"access_token": ["a"], "expires_on": "1", "expires_in": "1"}), Transient,
                 "cannot be read", id="no-text"),
    pytest.param(answer(200, b'{"a":' + b"[" * 100_000), Transient, "cannot be read", id="deep"),
    pytest.param(None, Transient, "the answer of 127.0.0.1 was lost", id="dropped"),
]  # fmt: skip


@pytest.fixture(params=["the endpoint of IDENTITY_ENDPOINT", "the metadata service"])
def platform(request, machine, monkeypatch):
    if request.param == "the metadata service":
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.origin)
    else:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine.origin}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    return request.param


@pytest.mark.parametrize(("said", "kind", "words"), ANSWERS)
async def test_what_the_endpoint_may_say(platform, machine, entered, said, kind, words):
    machine.script = lambda _: said
    text = await failure(entered(), kind)
    assert platform in text
    assert words in text


async def test_somebody_elses_metadata_service(entered, machine, monkeypatch):
    """Other clouds have one at the same address, and some networks somebody who forbids it."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.origin)
    machine.script = lambda _: answer(403, b"")
    text = await failure(entered(), CredentialRefused)
    assert "the metadata service answered 403; run it on a machine of Azure with an identity, or name" in text


async def test_the_platforms_header_is_not_repeated(entered, app_service):
    app_service.script = lambda _: answer(403, {"message": f"not {HEADER}"})
    assert "answered 403: not [hidden]; on Azure Arc" in await failure(entered(), CredentialRefused)


async def test_nobody_is_there(entered):
    text = await failure(entered(), CredentialRefused)
    assert "nobody answers as the metadata service of Azure (127.0.0.1 cannot be reached: " in text
    assert "so this machine has no managed identity; run it on a machine of Azure with an identity, or name" in text


async def test_the_platforms_endpoint_is_away(entered, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    text = await failure(entered(), Transient)
    assert "the endpoint of IDENTITY_ENDPOINT of this machine's managed identity: 127.0.0.1 cannot be reached" in text


@pytest.mark.parametrize("url", ["http://[::1", "http://\x7f"])
async def test_the_platforms_endpoint_is_nonsense(entered, monkeypatch, url):
    monkeypatch.setenv("IDENTITY_ENDPOINT", url)
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    assert "names an address that is no URL" in await failure(entered(), Denied)


class TestWhoseTokenItIs:
    """A machine with one user-assigned identity gives that for its own, and another's subscriptions would be seen."""

    @pytest.mark.parametrize("claim", ["appid", "azp"])
    async def test_of_another_application(self, entered, app_service, claim):
        app_service.script = lambda _: given(claiming(**{claim: ID}))
        tokens = entered()
        for _ in range(2):
            text = await failure(tokens, CredentialRefused)
            assert f"the endpoint of IDENTITY_ENDPOINT gave one of clientId {ID}; let clientId of the Tenant be" in text
        assert len(app_service.asked) == 2

    async def test_of_another_tenant(self, entered, app_service, access):
        app_service.script = lambda _: given(claiming(appid=access.client_id, tid=ID))
        assert f"gave one of tenantId {ID}" in await failure(entered(), CredentialRefused)

    async def test_of_the_right_one(self, entered, app_service, access):
        token = claiming(appid=access.client_id.upper(), tid=access.tenant_id, roles=["A"])
        app_service.script = lambda _: given(token)
        assert await entered().roles() == {"A"}

    @pytest.mark.parametrize("token", ["opaque", claiming(), claiming(appid=None), "a.b.c"])
    async def test_that_does_not_say(self, entered, app_service, token):
        app_service.script = lambda _: given(token)
        assert await entered().token() == token
