"""Which credential a run takes: the first of the list whose inputs are there, and what it says where none is."""

import base64
import logging
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.cli.support import endpoint, local_tenant, settings, subscription, write

GIVEN = ("ACTIONS_", "GITHUB_ACTIONS", "IDENTITY_", "IMDS_", "MSI_")
SECRET = {"secret": {"env": "AZURE_CLIENT_SECRET"}}
FILE = {"workloadIdentity": {"tokenFile": "token"}}
ENVIRONMENT: dict[str, Any] = {"workloadIdentity": {}}
MACHINE: dict[str, Any] = {"managedIdentity": {}}


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    """No runner, no machine of Azure: only what a test sets."""
    for name in [*os.environ]:
        if name.startswith(GIVEN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")


@pytest.fixture
def token(emulator):
    """Of an issuer that the emulator's application trusts: whoever has the key of its certificate."""
    info = emulator.info
    certificate = x509.load_pem_x509_certificate(Path(info["clientCertificate"]).read_bytes())
    claims = {"iss": info["clientId"], "sub": info["clientId"], "exp": int(time.time()) + 300}
    claims["aud"] = f"{info['authority']}/{info['tenantId']}/oauth2/v2.0/token"
    header = {"x5t#S256": base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")}
    return jwt.encode(claims, Path(info["clientKey"]).read_text(), algorithm="PS256", headers=header)


@pytest.fixture
def folder(environment, receiver, emulator):
    def write_all(*credentials):
        urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}
        documents = [settings(), local_tenant(credential=list(credentials)), endpoint(**urls), subscription()]
        return write(environment / "manifests" / "a.yaml", *documents).parent

    return write_all


@pytest.fixture
def chosen(reconcile, caplog):
    """What the log says is used, in a run of these arguments."""

    def run(*arguments):
        caplog.clear()
        with caplog.at_level(logging.INFO):
            ran = reconcile(*(arguments or ["--dry-run"]))
        said = [each.getMessage() for each in caplog.records if "is entered as application" in each.getMessage()]
        return ran, [each.partition(" with ")[2] for each in said]

    return run


@pytest.mark.parametrize("command", [["--dry-run"], []], ids=["dry-run", "apply"])
def test_a_token_file_in_the_folder(chosen, folder, emulator, token, command):
    (folder(FILE) / "token").write_text(token)
    ran, used = chosen(*command)
    assert (ran.code, used) == (0, ["the workload identity of file token"])
    assert token not in ran.out + ran.err


@pytest.mark.parametrize("command", [["--dry-run"], []], ids=["dry-run", "apply"])
def test_a_token_file_of_the_environment_may_lie_anywhere(chosen, folder, environment, token, monkeypatch, command):
    """Whoever wrote the manifests did not write the environment."""
    folder(ENVIRONMENT)
    place = environment / "projected"
    place.write_text(token)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(place))
    ran, used = chosen(*command)
    assert ran.code == 0
    assert used == [f"the workload identity of file {place}, which AZURE_FEDERATED_TOKEN_FILE names"]


def test_a_job_of_github(chosen, folder, emulator, monkeypatch):
    """Chosen, and asked: it is the emulator that answers in GitHub's place here, and does not know what it is asked."""
    folder(ENVIRONMENT, SECRET)
    monkeypatch.setenv("SSL_CERT_FILE", emulator.info["caFile"])
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{emulator.info['authority']}/github/token?v=2")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-token-of-the-job")
    ran, used = chosen()
    assert ran.code == 1
    assert used == ["the workload identity of this GitHub job, for the audience api://AzureADTokenExchange"]
    assert "GitHub's token of this job: GitHub answered 400: Resource not found" in ran.err
    assert "see to ACTIONS_ID_TOKEN_REQUEST_URL and to the audience" in ran.err
    assert "the-token-of-the-job" not in ran.out + ran.err
    asked = {line["path"] for line in emulator.requests() if "github" in line["path"]}
    assert asked == {"/github/token?v=2&audience=api%3A%2F%2FAzureADTokenExchange"}


def test_an_audience_of_the_manifest(chosen, folder, monkeypatch):
    folder({"workloadIdentity": {"audience": "api://AzureADTokenExchangeFrance"}})
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:1/token")  # refused at once
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-token-of-the-job")
    (folder_log,) = chosen("status", "--tenant", "contoso")[1]
    assert folder_log.endswith("for the audience api://AzureADTokenExchangeFrance")


def test_a_machine_is_always_there(chosen, folder, monkeypatch, emulator):
    """So it comes last: what stands behind it is never reached."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.info["clientSecret"])
    folder(MACHINE, SECRET)
    ran, used = chosen()
    assert (ran.code, used) == (1, ["this machine's managed identity"])
    assert "nobody answers as the metadata service of Azure" in ran.err
    assert "or name a credential before it that is present here" in ran.err
    folder(SECRET, MACHINE)
    ran, used = chosen()
    assert (ran.code, used) == (0, ["the client secret of environment variable AZURE_CLIENT_SECRET"])


def test_a_machine_by_name(chosen, folder):
    folder({"managedIdentity": {"resourceId": "/subscriptions/1/x"}})
    assert chosen()[1] == ["this machine's managed identity with resourceId /subscriptions/1/x"]


ORDER = [FILE, ENVIRONMENT, {"secret": {"file": "secret"}}, SECRET]


@pytest.mark.parametrize(
    ("there", "used"),
    [
        pytest.param({"token", "projected", "secret", "variable"}, "the workload identity of file token", id="all"),
        pytest.param({"projected", "secret", "variable"}, "the workload identity of file {projected}", id="but-first"),
        pytest.param({"secret", "variable"}, "the client secret of file secret", id="two"),
        pytest.param({"variable"}, "the client secret of environment variable AZURE_CLIENT_SECRET", id="last"),
    ],
)
def test_the_first_that_is_there_is_used_and_logged(
    chosen, folder, environment, token, emulator, monkeypatch, there, used
):
    inside = folder(*ORDER)
    projected = environment / "projected"
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(projected))
    if "token" in there:
        (inside / "token").write_text(token)
    if "projected" in there:
        projected.write_text(token)
    if "secret" in there:
        (inside / "secret").write_text(emulator.info["clientSecret"])
    if "variable" in there:
        monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.info["clientSecret"])
    ran, (said,) = chosen()
    assert ran.code == 0
    assert said.startswith(used.format(projected=projected))
    assert emulator.info["clientSecret"] not in said


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "the environment variable AZURE_FEDERATED_TOKEN_FILE is not set; neither are ACTIONS_ID_TOKEN_REQUEST"),
        ({"GITHUB_ACTIONS": "true"}, "this job may not ask GitHub for a token, give it `permissions: {id-token: write"),
        ({"AZURE_FEDERATED_TOKEN_FILE": "/none"}, "the file /none, which AZURE_FEDERATED_TOKEN_FILE names, does not"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, "and ACTIONS_ID_TOKEN_REQUEST_TOKEN, as this is no job of Git"),
    ],
    ids=["nothing", "no-permission", "no-file", "half"],
)  # fmt: skip
def test_no_workload_identity(reconcile, folder, monkeypatch, environ, said):
    folder(ENVIRONMENT)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "no credential of Tenant 'contoso' is present: " in ran.err
    assert said in " ".join(ran.err.split())


def test_a_token_file_that_is_none_is_said_and_not_sent(reconcile, folder, emulator):
    (folder(FILE) / "token").write_text("hunter2")
    before = [line["path"] for line in emulator.requests()]
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "token holds no JWT, so nothing was sent" in ran.err
    assert "hunter2" not in ran.out + ran.err
    assert [line for line in emulator.requests()[len(before) :] if line["method"] == "POST"] == []


def test_a_run_prints_nothing_of_it(reconcile, folder, emulator, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", emulator.info["clientSecret"])
    folder(SECRET)
    assert "client secret" not in (ran := reconcile("--dry-run")).out + ran.err


def test_the_doctor_says_it(reconcile, folder, emulator, token):
    (folder(FILE) / "token").write_text(token)
    ran = reconcile("doctor", "--tenant", "contoso")
    assert "there is a way in, with the workload identity of file token" in " ".join(ran.out.split())
    assert token not in ran.out
