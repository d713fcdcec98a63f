"""Tokens from msal's real requests over TLS (facts 9.1)."""

import asyncio
import base64
import dataclasses
import json
import uuid
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.core.errors import CredentialRefused, Denied, Throttled, Transient
from reconciler.graph.authentication import (
    CertificateCredential,
    Given,
    SecretCredential,
    Tokens,
    lasting,
    roles_of,
)
from reconciler.graph.transport import Timeouts, TokenHttp
from tests.graph.support import answer


@pytest.fixture
def tokens():
    """Make one for an access; all are closed in the end."""
    opened = []

    def make(access):
        opened.append(TokenHttp(access.cloud))
        return Tokens(access, opened[-1])

    yield make
    for http in opened:
        http.close()


@pytest.fixture
def failure(tokens):
    async def fail(access, kind):
        with pytest.raises(kind) as caught:
            await tokens(access).token()
        assert type(caught.value) is kind
        return str(caught.value)

    return fail


def certificate(info, **changes):
    pem, key = (Path(info[name]).read_text() for name in ("clientCertificate", "clientKey"))
    return dataclasses.replace(CertificateCredential(pem, key), **changes)


def key_pem(key=None, passphrase=None):
    key = key or rsa.generate_private_key(65537, 2048)
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()


async def test_a_secret(access, tokens):
    found = tokens(access)
    assert "Team.ReadBasic.All" in await found.roles()


async def test_a_certificate(access, emulator, tokens):
    await tokens(dataclasses.replace(access, credential=certificate(emulator.info))).token()


async def test_a_certificate_whose_key_has_a_passphrase(access, emulator, tokens, failure):
    key = serialization.load_pem_private_key(certificate(emulator.info).private_key.encode(), None)
    credential = certificate(emulator.info, private_key=key_pem(key, b"open sesame"), passphrase="open sesame")
    await tokens(dataclasses.replace(access, credential=credential)).token()
    locked = dataclasses.replace(credential, passphrase="wrong")
    text = await failure(dataclasses.replace(access, credential=locked), CredentialRefused)
    assert "passphrase cannot be read" in text


async def test_a_certificate_is_named_by_sha_256(access, emulator, scripted, tokens):
    cloud = dataclasses.replace(access.cloud, graph=scripted.origin, authority=scripted.origin)
    await tokens(dataclasses.replace(access, cloud=cloud, credential=certificate(emulator.info))).token()
    form = scripted.asked[-1].body.decode()
    assertion = next(part for part in form.split("&") if part.startswith("client_assertion="))
    header = jwt.get_unverified_header(assertion.partition("=")[2])
    assert (header["alg"], "x5t#S256" in header, "x5t" in header) == ("PS256", True, False)


async def test_a_key_of_another_certificate(access, emulator, failure):
    credential = certificate(emulator.info, private_key=key_pem())
    assert "not that of the certificate" in await failure(
        dataclasses.replace(access, credential=credential), CredentialRefused
    )


async def test_a_certificate_that_is_none(access, emulator, failure):
    credential = certificate(emulator.info, certificate="hunter2")
    text = await failure(dataclasses.replace(access, credential=credential), CredentialRefused)
    assert "PEM" in text
    assert "hunter2" not in text


async def test_a_wrong_secret_is_named_with_its_remedy_and_not_shown(access, failure):
    wrong = dataclasses.replace(access, credential=SecretCredential("hunter2"))
    text = await failure(wrong, CredentialRefused)
    assert "AADSTS7000215" in text
    assert "give its value, not its id" in text
    assert access.client_id in text
    assert "hunter2" not in text
    assert "Trace ID" not in text


async def test_an_unknown_application(access, failure):
    text = await failure(dataclasses.replace(access, client_id=str(uuid.uuid4())), CredentialRefused)
    assert "AADSTS700016" in text


async def test_an_unknown_tenant(access, failure):
    """msal only says that it found no metadata; the endpoint's own words are kept."""
    text = await failure(dataclasses.replace(access, tenant_id=str(uuid.uuid4())), CredentialRefused)
    assert "AADSTS90002" in text
    assert "check tenantId and cloud" in text


async def test_another_authority_than_the_given_one_is_not_trusted(access, emulator, failure):
    """It does not heal by waiting, so a person must look: Denied."""
    cloud = dataclasses.replace(access.cloud, ca_file=emulator.info["clientCertificate"])
    text = await failure(dataclasses.replace(access, cloud=cloud), Denied)
    assert "127.0.0.1" in text or "localhost" in text
    assert "caFile" in text


async def test_the_machines_own_trust_does_not_fit_either(access, monkeypatch, failure):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    text = await failure(dataclasses.replace(access, cloud=dataclasses.replace(access.cloud, ca_file=None)), Denied)
    assert "this machine's trusted authorities" in text


async def test_without_a_ca_file_the_environment_is_heard(access, emulator, monkeypatch, tokens):
    monkeypatch.setenv("SSL_CERT_FILE", emulator.info["caFile"])
    await tokens(dataclasses.replace(access, cloud=dataclasses.replace(access.cloud, ca_file=None))).token()


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"])
async def test_no_variable_overrides_the_ca_file(access, emulator, monkeypatch, name, tokens):
    monkeypatch.setenv(name, emulator.info["clientCertificate"])
    await tokens(access).token()


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
async def test_a_proxy_is_not_for_a_cloud_that_is_not_known(access, monkeypatch, name, tokens):
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    await tokens(access).token()


async def test_a_ca_file_that_is_missing(access, tmp_path, failure):
    cloud = dataclasses.replace(access.cloud, ca_file=str(tmp_path / "none.pem"))
    assert "check caFile" in await failure(dataclasses.replace(access, cloud=cloud), Denied)


async def test_nobody_answers(access, failure):
    cloud = dataclasses.replace(access.cloud, authority="https://127.0.0.1:1")
    assert "127.0.0.1 cannot be reached" in await failure(dataclasses.replace(access, cloud=cloud), Transient)


async def test_a_hundred_at_once_make_one_request(access, emulator, tokens):
    before = len(emulator.requests())
    found = tokens(access)
    assert len(set(await asyncio.gather(*(found.token() for _ in range(100))))) == 1
    paths = [line["path"].rpartition("/")[2] for line in emulator.requests()[before:]]
    assert paths == ["openid-configuration", "token"]


async def test_a_dropped_token_is_replaced_once(access, emulator, tokens):
    found = tokens(access)
    old = await found.token()
    await asyncio.gather(*(found.drop(old) for _ in range(10)))
    new = await found.token()
    await found.drop(old)
    assert old != new
    assert await found.token() == new


class Counted(Tokens):
    """By a clock that tests turn; ``asked`` is how often msal was."""

    def __init__(self, access, http):
        self.seconds, self.asked = 1000.0, 0
        super().__init__(access, http, monotonic=lambda: self.seconds)

    def acquire(self):
        self.asked += 1
        return super().acquire()


@pytest.fixture
def counted(access, scripted):
    """Tokens that last as many seconds as the scripted endpoint says; each is another one."""
    cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
    http = TokenHttp(cloud)

    def lasting(expires_in):
        def script(asked):
            if asked.method != "POST":
                return scripted.usual(asked)
            return answer(200, {"access_token": f"t{len(scripted.asked)}", "expires_in": expires_in})

        scripted.script = script
        return Counted(dataclasses.replace(access, cloud=cloud), http)

    yield lasting
    http.close()


async def test_msal_is_not_asked_for_each_request(counted):
    """But once a minute, and then a hundred at once ask it once."""
    found = counted(3600)
    known = await found.token()
    for seconds in (0, 1, 59.9):
        found.seconds = 1000 + seconds
        assert await found.token() == known
    assert found.asked == 1
    found.seconds = 1060
    assert set(await asyncio.gather(*(found.token() for _ in range(100)))) == {known}
    assert found.asked == 2


async def test_a_token_that_ends_soon_is_asked_for_each_time(counted):
    """330 seconds are 30 more than the five minutes before its end."""
    found = counted(330)
    await found.token()
    found.seconds = 1029.9
    await found.token()
    assert found.asked == 1
    found.seconds = 1030
    await found.token()
    assert found.asked == 2


@pytest.mark.parametrize("expires_in", [300, 200, 1, 0])
async def test_in_its_last_five_minutes_it_is_not_handed_out_unasked(counted, expires_in):
    found = counted(expires_in)
    for _ in range(3):
        await found.token()
    assert found.asked == 3


async def test_a_dropped_token_is_not_handed_out_though_it_would_last(counted):
    found = counted(3600)
    old = await found.token()
    await found.drop(old)
    new = await found.token()
    assert old != new
    await found.drop(old)
    assert await found.token() == new
    assert found.asked == 2


async def test_a_dropped_token_does_not_come_back_where_there_is_no_other(counted, scripted):
    found = counted(3600)
    await found.drop(await found.token())
    scripted.script = lambda asked: answer(503, BUSY) if asked.method == "POST" else scripted.usual(asked)
    for _ in range(2):
        with pytest.raises(Transient):
            await found.token()
    assert found.asked == 3


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        ({"expires_in": 3599}, 3599),
        ({"expires_in": "3599"}, 3599),
        ({}, 0),
        ({"expires_in": None}, 0),
        ({"expires_in": "soon"}, 0),
        ({"expires_in": float("inf")}, 0),
        ({"expires_in": float("nan")}, 0),
        ({"expires_in": [1]}, 0),
    ],
)
def test_how_long_a_token_lasts(result, seconds):
    assert lasting(result) == seconds


def test_no_repr_shows_a_token():
    assert "hunter" not in repr(Given("hunter2", 3600))


DEEP = b'{"error":' + b"[" * 100_000
BUSY = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer(503, BUSY), Transient),
        (answer(500, b"<html>"), Transient),
        (answer(429, {"error": "too_many"}, Retry_After="7"), Throttled),
        (answer(200, b"<html>"), Transient),
        (answer(200, {"hello": "world"}), Transient),
        (answer(200, [1]), Transient),
        (answer(200, DEEP), Transient),
        (answer(401, DEEP), Denied),
        (answer(503, DEEP), Transient),
        (answer(302, b"", Location="https://elsewhere.invalid/"), Transient),
        (
            answer(401, {"error": "invalid_client", "error_description": "AADSTS7000222: The keys are expired"}),
            CredentialRefused,
        ),
        (None, Transient),
    ],
)
async def test_what_the_token_endpoint_may_say(access, scripted, said, kind, tokens):
    scripted.script = lambda asked: said if asked.method == "POST" else scripted.usual(asked)
    cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
    with pytest.raises(kind) as caught:
        await tokens(dataclasses.replace(access, cloud=cloud)).token()
    assert type(caught.value) is kind
    assert "localhost" in str(caught.value)
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("token", ["tökén", "abc\r\nx: y", "abc ", "", "abc\udcff"])
async def test_a_token_that_no_header_can_bear(access, scripted, tokens, token):
    """Also not kept by msal: the next try asks anew."""
    given = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
    scripted.script = lambda asked: answer(200, given) if asked.method == "POST" else scripted.usual(asked)
    cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
    found = tokens(dataclasses.replace(access, cloud=cloud))
    with pytest.raises(Transient, match="localhost gave one that no request can bear, it is not visible ASCII"):
        await found.token()
    scripted.script = scripted.usual
    assert await found.token() == "abc"


async def test_a_token_endpoint_that_hangs_is_not_waited_for_as_long_as_graph(access, scripted):
    """The thread that waits cannot be interrupted, so Ctrl-C would wait with it."""
    hangs = b"HTTP/1.1 200 Said\r\nContent-Length: 9\r\n\r\n{"
    scripted.script = lambda asked: hangs if asked.method == "POST" else scripted.usual(asked)
    cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
    http = TokenHttp(cloud, timeouts=Timeouts(read=60, token_read=0.3))
    try:
        with pytest.raises(Transient):
            await asyncio.wait_for(Tokens(dataclasses.replace(access, cloud=cloud), http).token(), 10)
    finally:
        http.close()


@pytest.mark.parametrize(("timeouts", "read"), [(None, 20), (Timeouts(read=5), 5)])
def test_the_read_timeout_of_tokens(access, timeouts, read):
    http = TokenHttp(access.cloud, timeouts=timeouts)
    assert http.client().timeout.read == read
    http.close()


async def test_the_credential_does_not_follow_the_metadata_elsewhere(access, scripted, tokens):
    elsewhere = {
        "token_endpoint": "https://elsewhere.invalid/t/token",
        "authorization_endpoint": "https://x.invalid/t/a",
    }
    scripted.script = lambda _: answer(200, elsewhere)
    cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
    with pytest.raises(Exception, match="another origin") as caught:
        await tokens(dataclasses.replace(access, cloud=cloud)).token()
    assert "elsewhere.invalid" in str(caught.value)


def test_no_repr_shows_a_secret(access):
    pair = CertificateCredential("pem", "hunter2", "hunter3")
    assert "hunter" not in repr(pair)
    assert "hunter" not in repr(dataclasses.replace(access, credential=SecretCredential("hunter2")))


def unsigned(claims):
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"


@pytest.mark.parametrize(
    ("token", "roles"),
    [
        (unsigned({"roles": ["A", "B"]}), {"A", "B"}),
        (unsigned({}), set()),
        (unsigned([1]), set()),
        ("opaque", set()),
        ("a.b.c", set()),
        (f"e30.{base64.urlsafe_b64encode(b'[' * 99_999).decode()}.x", set()),
    ],
)
def test_roles_by_the_tokens_own_account(token, roles):
    assert roles_of(token) == roles
