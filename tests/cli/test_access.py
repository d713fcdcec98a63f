"""The way into a tenant: credentials, clouds, and what of the environment must not get in between."""

import os
from pathlib import Path

import pytest

from tests.cli.support import endpoint, local_tenant, settings, subscription, tenant, write


@pytest.fixture
def with_credential(environment, receiver):
    def write_all(*credentials, **spec):
        urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}
        own = local_tenant(credential=list(credentials), **spec)
        return write(environment / "manifests" / "a.yaml", settings(), own, endpoint(**urls), subscription()).parent

    return write_all


@pytest.mark.parametrize("nonsense", ["/no/such/file.pem", "", "/dev/null"])
def test_the_environments_authorities_do_not_break_a_clouds_own(reconcile, emulator, local, monkeypatch, nonsense):
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, nonsense)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    local(subscription())
    assert reconcile("--dry-run").code == 0
    assert reconcile().code == 0
    assert len(emulator.subscriptions()) == 1


def test_a_wrong_client_secret_is_told_with_its_remedy(reconcile, emulator, with_credential, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-in-every-way")
    with_credential({"secret": {"env": "AZURE_CLIENT_SECRET"}})
    for command in (["--dry-run"], [], ["status"]):
        ran = reconcile(*command)
        assert ran.code == 1
        assert "AADSTS7000215" in ran.err
        assert "the client secret is wrong: give its value, not its id" in ran.err
        assert "wrong-in-every-way" not in ran.err + ran.out
    assert emulator.subscriptions() == []


@pytest.mark.parametrize("newline", [b"", b"\n", b"\r\n"])
def test_a_secret_from_a_file_loses_its_last_newline(reconcile, emulator, with_credential, newline):
    folder = with_credential({"secret": {"file": "secret"}})
    (folder / "secret").write_bytes(emulator.info["clientSecret"].encode() + newline)
    assert reconcile("--dry-run").code == 0
    (folder / "secret").write_bytes(emulator.info["clientSecret"].encode() + b"\n\n")
    assert reconcile("--dry-run").code == 1


def pem(folder: Path, info, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(Path(info[name]).read_bytes())


CERTIFICATE = {"certificate": {"certificate": {"file": "clientCertificate"}, "privateKey": {"file": "clientKey"}}}


def test_a_certificate_credential_works(reconcile, emulator, with_credential):
    folder = with_credential(CERTIFICATE)
    pem(folder, emulator.info, "clientCertificate", "clientKey")
    assert reconcile("--dry-run").code == 0
    assert reconcile().code == 0
    assert len(emulator.subscriptions()) == 1


def test_a_certificate_and_the_key_of_another(reconcile, emulator, with_credential):
    folder = with_credential(CERTIFICATE)
    pem(folder, emulator.info, "clientCertificate")
    (folder / "clientKey").write_bytes(Path(emulator.info["receiverKey"]).read_bytes())
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "the private key is not that of the certificate" in ran.err
    assert "PRIVATE KEY" not in ran.err


def test_a_certificate_that_is_none(reconcile, emulator, with_credential):
    folder = with_credential(CERTIFICATE)
    (folder / "clientCertificate").write_text("no certificate")
    (folder / "clientKey").write_text("key-material")
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "give both as PEM texts" in ran.err
    assert "key-material" not in ran.err


def test_the_first_credential_whose_inputs_are_there_is_taken(reconcile, emulator, with_credential, monkeypatch):
    with_credential({"secret": {"env": "NOT_SET"}}, CERTIFICATE, {"secret": {"env": "SET"}})
    monkeypatch.setenv("SET", emulator.info["clientSecret"])
    assert reconcile("--dry-run").code == 0
    monkeypatch.delenv("SET")
    ran = reconcile("--dry-run")
    assert ran.code == 1
    for said in (
        "no credential of Tenant 'contoso' is present: ",
        "the environment variable NOT_SET is not set; ",
        "the file clientCertificate cannot be read: No such file or directory; ",
        "the environment variable SET is not set",
    ):
        assert said in ran.err


def test_a_secret_that_is_no_text(reconcile, emulator, with_credential, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", os.fsdecode(b"\xff\xfe"))
    with_credential({"secret": {"env": "AZURE_CLIENT_SECRET"}})
    ran = reconcile("--dry-run")
    assert ran.code == 1
    assert "the environment variable AZURE_CLIENT_SECRET is not UTF-8 text" in ran.err


def test_a_client_state_key_may_be_any_bytes(reconcile, emulator, local, monkeypatch):
    local(subscription())
    monkeypatch.setenv("RECONCILER_CLIENT_STATE_KEY", os.fsdecode(b"\xff\xfe"))
    assert reconcile().code == 0
    assert len(emulator.subscriptions()) == 1


def test_a_ca_file_that_is_no_certificate(reconcile, environment, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "x")
    cloud = {"graph": "https://localhost:9", "authority": "https://localhost:9", "caFile": "ca.pem"}
    folder = write(
        environment / "manifests" / "a.yaml", settings(), tenant(cloud=cloud), endpoint(), subscription()
    ).parent
    for content in ("no certificate", ""):
        (folder / "ca.pem").write_text(content)
        ran = reconcile("--dry-run", "--allow-cloud", "localhost")
        assert ran.code == 1
        assert "this tenant could not be read, nothing is done there" in ran.err
        assert "ca.pem" in ran.err


ONE_APPLICATION = "lead to one application in one tenant, each would take the other's subscriptions for its own"


class TestOneApplicationTwice:
    """The second would delete what the first has made."""

    @pytest.fixture
    def hidden(self, environment, emulator, receiver):
        """The ids that one leaves out are those that the other has written."""
        ids = {"tenantId": emulator.info["tenantId"].upper(), "clientId": emulator.info["clientId"].upper()}
        urls = {"notificationUrl": receiver.url(), "lifecycleNotificationUrl": receiver.url("/lifecycle")}

        def write_all(**first):
            tenants = [local_tenant("contoso", **first), local_tenant("double", **ids)]
            wanted = [subscription("hr", 1, tenant="contoso"), subscription("it", 2, tenant="double")]
            write(environment / "manifests" / "a.yaml", settings(), *tenants, endpoint(**urls), *wanted)

        return write_all

    @pytest.mark.parametrize("command", [["--dry-run"], [], ["status"]], ids=["dry-run", "apply", "status"])
    def test_the_second_is_shut(self, reconcile, emulator, hidden, command):
        hidden()
        ran = reconcile(*command)
        assert ran.code == 1
        assert f"the Tenants 'contoso' and 'double' {ONE_APPLICATION}" in ran.err
        assert len(emulator.subscriptions()) == (0 if command else 1)

    def test_also_if_only_the_second_is_chosen(self, reconcile, emulator, hidden):
        hidden()
        assert reconcile("--tenant", "contoso").code == 0
        ran = reconcile("--tenant", "double")
        assert ran.code == 1
        assert ONE_APPLICATION in ran.err
        assert len(emulator.subscriptions()) == 1

    def test_also_if_there_is_no_way_into_the_first(self, reconcile, emulator, hidden):
        hidden()
        assert reconcile().code == 1
        hidden(credential={"secret": {"env": "NOT_SET"}})
        ran = reconcile()
        assert ran.code == 1
        assert ONE_APPLICATION in ran.err
        assert len(emulator.subscriptions()) == 1

    def test_behind_another_name_of_the_cloud(self, reconcile, environment, monkeypatch):
        monkeypatch.delenv("AZURE_CLIENT_SECRET", raising=False)
        cloud = {"graph": "https://Graph.microsoft.com:443/", "authority": "https://login.microsoftonline.com"}
        tenants = [tenant("contoso"), tenant("double", cloud=cloud)]
        wanted = [subscription("hr", 1, tenant="contoso"), subscription("it", 2, tenant="double")]
        write(environment / "manifests" / "a.yaml", settings(), *tenants, endpoint(), *wanted)
        ran = reconcile("--dry-run")
        assert ran.code == 1
        assert f"the Tenants 'contoso' and 'double' {ONE_APPLICATION}" in ran.err


@pytest.mark.usefixtures("emulator")
class TestStateFolder:
    """``Path.home()`` and ``expanduser()`` raise RuntimeError."""

    @pytest.mark.parametrize("options", [[], ["--state", "~/state"]], ids=["default", "given"])
    @pytest.mark.parametrize("command", [["--dry-run"], [], ["status"]], ids=["dry-run", "apply", "status"])
    def test_a_user_without_a_home(self, reconcile, local, monkeypatch, options, command):
        local(subscription())
        for name in ("HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(name)
        monkeypatch.setattr("os.getuid", lambda: 4_000_000_001)
        ran = reconcile(*command, *options)
        assert (ran.code, ran.out) == (64, "")
        assert "nobody knows the store's folder" in ran.err
        assert "with --state" in ran.err

    @pytest.mark.parametrize("how", ["--state", "RECONCILER_STATE", "XDG_STATE_HOME"])
    def test_the_home_of_nobody(self, reconcile, local, monkeypatch, how):
        local(subscription())
        options = ["--state", "~nouser/x"] if how == "--state" else []
        if not options:
            monkeypatch.setenv(how, "~nouser/x")
        ran = reconcile("--dry-run", *options)
        assert (ran.code, ran.out) == (64, "")
        assert "name one without ~ with --state" in ran.err

    def test_a_tilde(self, reconcile, local):
        local(subscription())
        assert reconcile("--state", "~/kept").code == 0
        assert (Path.home() / "kept" / "reconciler.db").is_file()
