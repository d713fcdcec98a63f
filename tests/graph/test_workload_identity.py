"""Tokens of other issuers in a secret's place: from a file, and from GitHub (facts 9.1)."""

import base64
import dataclasses
import os
import time
import urllib.parse
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from reconciler.core.errors import CredentialRefused, Throttled, Transient
from reconciler.graph.authentication import Tokens
from reconciler.graph.credentials import GithubCredential, TokenFileCredential
from reconciler.graph.transport import TokenHttp
from tests.graph.support import answer
from tests.support.emulator import RunningEmulator

KEY = "a key that only the issuer has, of 32 bytes or more"
JOB = "the-token-of-the-job"
AUDIENCE = "api://AzureADTokenExchange"


def token_of(subject: str) -> str:
    return jwt.encode({"iss": "https://issuer.invalid", "sub": subject, "aud": AUDIENCE}, KEY)


def forms(scripted):
    """What was sent to the token endpoint."""
    asked = [each for each in scripted.asked if each.method == "POST"]
    return [dict(urllib.parse.parse_qsl(each.body.decode())) for each in asked]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Once is enough: tokens are given alike under each behaviour that Graph may have."""
    with RunningEmulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture
def signed(access, emulator):
    """A token that the emulator takes: its application trusts whoever has the key of its certificate."""
    certificate = x509.load_pem_x509_certificate(Path(emulator.info["clientCertificate"]).read_bytes())
    claims = {"iss": access.client_id, "sub": access.client_id, "exp": int(time.time()) + 300}
    claims["aud"] = f"{access.cloud.authority}/{access.tenant_id}/oauth2/v2.0/token"
    header = {"x5t#S256": base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")}
    return jwt.encode(claims, Path(emulator.info["clientKey"]).read_text(), algorithm="PS256", headers=header)


@pytest.fixture
def entered(access, scripted):
    """Tokens of the scripted endpoint for a credential."""
    opened = []

    def enter(credential, **changes):
        cloud = dataclasses.replace(access.cloud, authority=scripted.origin)
        opened.append(TokenHttp(cloud))
        return Tokens(dataclasses.replace(access, cloud=cloud, credential=credential, **changes), opened[-1])

    yield enter
    for http in opened:
        http.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "token"


@pytest.fixture
def github(scripted, monkeypatch, running):
    """This job's credential, whose URL leads to the scripted server."""
    monkeypatch.setenv("SSL_CERT_FILE", running.info["caFile"])

    def credential(url="{origin}/github/token?api-version=2.0", audience=AUDIENCE):
        return GithubCredential(url.format(origin=scripted.origin), JOB, audience)

    return credential


def saying(scripted, said):
    scripted.script = lambda asked: said if asked.path.startswith("/github") else scripted.usual(asked)


async def failure(tokens, kind):
    with pytest.raises(kind) as caught:
        await tokens.token()
    assert type(caught.value) is kind
    return str(caught.value)


class TestFile:
    async def test_is_shown_in_a_secrets_place(self, entered, scripted, file, access):
        file.write_text(token_of("one") + "\n")
        assert await entered(TokenFileCredential(str(file))).token() == "abc"
        (form,) = forms(scripted)
        assert form["client_assertion"] == token_of("one")
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert form["scope"] == f"{access.cloud.graph}/.default"
        assert "client_secret" not in form

    async def test_is_read_anew_for_each_token(self, entered, scripted, file):
        """Kubernetes writes another one into it each hour, by another symlink."""
        file.write_text(token_of("one"))
        tokens = entered(TokenFileCredential(str(file)))
        first = await tokens.token()
        newer = file.with_name("newer")
        newer.write_text(token_of("two"))
        newer.replace(file)
        assert await tokens.token() == first
        await tokens.drop(first)
        await tokens.token()
        assert [each["client_assertion"] for each in forms(scripted)] == [token_of("one"), token_of("two")]

    async def test_is_mended_without_a_restart(self, entered, file):
        tokens = entered(TokenFileCredential(str(file)))
        await failure(tokens, CredentialRefused)
        file.write_text(token_of("one"))
        assert await tokens.token() == "abc"

    async def test_the_emulator_takes_it(self, access, signed, file):
        file.write_text(signed)
        http = TokenHttp(access.cloud)
        credential = TokenFileCredential(str(file))
        assert "Team.ReadBasic.All" in await Tokens(dataclasses.replace(access, credential=credential), http).roles()
        http.close()

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            pytest.param(b"", "is empty", id="empty"),
            pytest.param(b" \n", "is empty", id="blank"),
            pytest.param(b"hunter2", "holds no JWT, so nothing was sent", id="a-secret"),
            pytest.param(b"hunter2.hunter2.hunter2", "holds no JWT, so nothing was sent", id="dotted"),
            pytest.param(b"e30.e30.x\nhunter2", "holds no JWT, so nothing was sent", id="one-and-more"),
            pytest.param(b"\xffe30.e30.x", "holds no JWT, so nothing was sent", id="no-text"),
            pytest.param(b"PATH=/bin\x00SECRET=hunter2", "holds no JWT, so nothing was sent", id="an-environment"),
            pytest.param(b"e30." + b"x" * 65_536, "cannot be read (it is over 64 KiB)", id="large"),
        ],
    )
    async def test_that_is_none_is_not_sent(self, entered, scripted, file, content, said):
        file.write_bytes(content)
        text = await failure(entered(TokenFileCredential(str(file))), CredentialRefused)
        assert f"the token file {file} {said}; see to what writes it" in text
        assert forms(scripted) == []
        assert "hunter2" not in text

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            pytest.param(lambda _: None, "No such file or directory", id="missing"),
            pytest.param(lambda file: file.mkdir(), "Is a directory", id="folder"),
            pytest.param(os.mkfifo, "it is no regular file", id="fifo"),
            pytest.param(lambda file: file.symlink_to("/dev/zero"), "it is no regular file", id="device"),
            pytest.param(lambda file: file.symlink_to(file), "Too many levels of symbolic links", id="circle"),
        ],
    )
    async def test_that_cannot_be_read(self, entered, scripted, file, make, said):
        make(file)
        text = await failure(entered(TokenFileCredential(str(file))), CredentialRefused)
        assert f"the token file {file} cannot be read ({said})" in text
        assert forms(scripted) == []


class TestGithub:
    @pytest.mark.parametrize(
        ("url", "audience", "asked"),
        [
            pytest.param("{origin}/github/t?api-version=2.0", AUDIENCE,
                         "/github/t?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange", id="global"),
            pytest.param("{origin}/github/t", AUDIENCE,
                         "/github/t?audience=api%3A%2F%2FAzureADTokenExchange", id="without-a-query"),
            pytest.param("{origin}/github/t?a=b", "x&a=c#d e",
                         "/github/t?a=b&audience=x%26a%3Dc%23d%20e", id="an-audience-adds-no-parameter"),
        ],
    )  # fmt: skip
    async def test_is_asked_as_it_documents(self, entered, scripted, github, url, audience, asked):
        saying(scripted, answer(200, {"value": token_of("repo:contoso/manifests:ref:refs/heads/main")}))
        assert await entered(github(url, audience)).token() == "abc"
        (got,) = [each for each in scripted.asked if each.path.startswith("/github")]
        assert (got.method, got.path, got.headers["authorization"]) == ("GET", asked, f"bearer {JOB}")
        (form,) = forms(scripted)
        assert form["client_assertion"] == token_of("repo:contoso/manifests:ref:refs/heads/main")

    async def test_the_jobs_token_goes_nowhere_else(self, entered, scripted, github):
        saying(scripted, answer(200, {"value": token_of("repo")}))
        await entered(github()).token()
        others = [each for each in scripted.asked if not each.path.startswith("/github")]
        assert len(others) == 2
        assert [each for each in others if JOB in str(each)] == []

    @pytest.mark.parametrize("url", ["http://localhost:9/", "file:///etc/passwd", "localhost", "", "//localhost/"])
    async def test_the_jobs_token_goes_to_https_only(self, entered, scripted, github, url):
        text = await failure(entered(github(url)), CredentialRefused)
        assert "ACTIONS_ID_TOKEN_REQUEST_URL is no https:// URL, so the job's token was not sent there" in text
        assert forms(scripted) == []

    @pytest.mark.parametrize(
        ("said", "kind", "words"),
        [
            pytest.param(answer(401, b"no"), CredentialRefused,
                         "GitHub answered 401: no; give the job `permissions: {id-token: write}`", id="401"),
            pytest.param(answer(403, {"message": f"no, {JOB}"}), CredentialRefused,
                         "GitHub answered 403: no, [hidden]; give", id="403"),
            pytest.param(answer(404), CredentialRefused, "GitHub answered 404; see to ACTIONS_ID_TOKEN_", id="404"),
            pytest.param(answer(302, b"", Location="https://elsewhere.invalid"), CredentialRefused,
                         "GitHub answered 302", id="elsewhere"),
            pytest.param(answer(429, b"slowly", Retry_After="7"), Throttled, "GitHub answered 429: slowly", id="429"),
            pytest.param(answer(500, b"<html>"), Transient, "GitHub answered 500", id="500"),
            pytest.param(answer(503, b""), Transient, "GitHub answered 503", id="503"),
            pytest.param(answer(200, b"<html>"), Transient, "the answer of GitHub cannot be read", id="html"),
            pytest.param(answer(200, [1]), Transient, "the answer of GitHub cannot be read", id="list"),
            pytest.param(answer(200, {}), Transient, "the answer of GitHub cannot be read", id="no-value"),
            pytest.param(answer(200, {"value": "x"}), Transient, "the answer of GitHub cannot be read", id="no-jwt"),
            pytest.param(answer(200, b'{"value":' + b"[" * 100_000), Transient, "cannot be read", id="deep"),
            pytest.param(None, Transient, "the answer of localhost was lost", id="dropped"),
        ],
    )  # fmt: skip
    async def test_what_it_may_say(self, entered, scripted, github, said, kind, words):
        saying(scripted, said)
        text = await failure(entered(github()), kind)
        assert "GitHub's token of this job" in text
        assert words in text
        assert JOB not in text
        assert forms(scripted) == []

    async def test_nobody_answers(self, entered, github):
        assert "127.0.0.1 cannot be reached" in await failure(entered(github("https://127.0.0.1:1/")), Transient)

    async def test_somebody_else_answers(self, entered, github, scripted, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE")
        text = await failure(entered(github()), CredentialRefused)
        assert "the certificate of localhost does not fit this machine's trusted authorities" in text
        assert "in SSL_CERT_FILE" in text
        assert [each for each in scripted.asked if JOB in str(each)] == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        ("70021", "compare issuer, subject and audience"),
        ("700211", "has this issuer: register it"),
        ("700212", "has this audience: compare it"),
        ("700213", "has this subject: register it as the text spells it"),
        ("700024", "what renews the token file"),
    ],
)
async def test_entra_does_not_know_the_token(entered, scripted, file, number, remedy):
    file.write_text(token_of("stranger"))
    text = f"AADSTS{number}: No matching federated identity record found for presented assertion. Trace ID: 1"
    said = answer(401, {"error": "invalid_client", "error_description": text})
    scripted.script = lambda asked: said if asked.method == "POST" else scripted.usual(asked)
    found = await failure(entered(TokenFileCredential(str(file))), CredentialRefused)
    assert f"AADSTS{number}" in found
    assert remedy in found


def test_no_repr_and_no_description_shows_a_token():
    credential = GithubCredential("https://github.invalid", "hunter2", AUDIENCE)
    assert "hunter2" not in repr(credential) + credential.described
